package functions

import (
	"context"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Keys as people manage them in the portal: by their place, which is "host",
// "system" or a function's name behind "function:". The master key is the
// host's, under the name _master.

// MasterKey is the name of the key that opens everything.
const MasterKey = "_master"

func placeScope(place string) (string, error) {
	switch {
	case place == "host":
		return hostScope, nil
	case place == "system":
		return systemScope, nil
	case strings.HasPrefix(place, functionPrefix):
		return strings.ToLower(place), nil
	}
	return "", fault.New(fault.NotFound, "keys of "+place, "there are keys of host, system and function:NAME")
}

// Names lists the keys of a place, the master key first.
func (k *Keys) Names(place string) ([]string, error) {
	scope, err := placeScope(place)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, have := range k.list(scope) {
		names = append(names, have.Name)
	}
	if scope == hostScope {
		names = slices.Insert(names, 0, MasterKey)
	}
	return names, nil
}

// Reveal returns a key's value.
func (k *Keys) Reveal(place, name string) (string, error) {
	scope, err := placeScope(place)
	if err != nil {
		return "", err
	}
	if scope == hostScope && isMaster(name) {
		return k.Master(), nil
	}
	if have, ok := k.find(scope, name); ok {
		return have.Value, nil
	}
	return "", fault.New(fault.NotFound, "key "+name, "no such key")
}

// Renew makes a key's value anew, or makes the key. The old value opens nothing
// any more.
func (k *Keys) Renew(ctx context.Context, place, name string) error {
	scope, err := placeScope(place)
	if err != nil {
		return err
	}
	if err := checkKey(name, ""); err != nil {
		return err
	}
	_, _, err = k.set(ctx, scope, name, "")
	return err
}

// Set gives a key of a place a value, or makes the key.
func (k *Keys) Set(ctx context.Context, place, name, value string) error {
	scope, err := placeScope(place)
	if err != nil {
		return err
	}
	if err := checkKey(name, value); err != nil {
		return err
	}
	_, _, err = k.set(ctx, scope, name, value)
	return err
}

// Limits of what a key may be: names stand in addresses, values in headers.
const (
	maxKeyName  = 128
	maxKeyValue = 1024
)

// checkKey refuses a name or a value that no client could use; an empty value stands
// for one that is made.
func checkKey(name, value string) error {
	plain := func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
	}
	switch {
	case name == "" || len(name) > maxKeyName:
		return fault.New(fault.Invalid, "name", "a key needs a name of at most %d characters", maxKeyName)
	case strings.HasPrefix(name, "_") && !isMaster(name):
		return fault.New(fault.Invalid, "key "+name, "names that begin with _ are the host's own")
	case len(value) > maxKeyValue || !plain(value):
		return fault.New(fault.Invalid, "key "+name, "its value goes into a header: at most %d printable characters of ASCII, without spaces", maxKeyValue)
	}
	return nil
}

// Remove deletes a key. The master key cannot go.
func (k *Keys) Remove(ctx context.Context, place, name string) error {
	scope, err := placeScope(place)
	if err != nil {
		return err
	}
	if scope == hostScope && isMaster(name) {
		return fault.New(fault.Invalid, "key "+name, "the master key cannot be deleted; make it anew")
	}
	found, err := k.delete(ctx, scope, name)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "key "+name, "no such key")
	}
	return err
}
