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
	if scope == hostScope && name == MasterKey {
		return k.Master(), nil
	}
	for _, have := range k.list(scope) {
		if have.Name == name {
			return have.Value, nil
		}
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
	if name == "" || len(name) > 128 {
		return fault.New(fault.Invalid, "name", "a key needs a name of at most 128 characters")
	}
	_, _, err = k.set(ctx, scope, name, "")
	return err
}

// Remove deletes a key. The master key cannot go.
func (k *Keys) Remove(ctx context.Context, place, name string) error {
	scope, err := placeScope(place)
	if err != nil {
		return err
	}
	if scope == hostScope && name == MasterKey {
		return fault.New(fault.Invalid, "key "+name, "the master key cannot be deleted; make it anew")
	}
	found, err := k.delete(ctx, scope, name)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "key "+name, "no such key")
	}
	return err
}
