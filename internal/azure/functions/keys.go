package functions

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sort"
	"strings"
	"sync"
)

// Keys are the access keys of an app. A nil *Keys guards nothing.
//
// The master key opens everything; a host key opens every function and a
// function key its own. Anonymous functions need none.
type Keys struct {
	store *keyStore // nil: in memory alone
	own   string    // see Own

	mu     sync.Mutex
	master string                       // guarded by mu
	scopes map[string]map[string]string // guarded by mu; scope -> name -> value
}

// Scopes of keys; a function's scope is "function:" and its lower-case name.
const (
	hostScope   = "functionkeys"
	systemScope = "systemkeys"
)

const functionPrefix = "function:"

func functionScope(name string) string { return functionPrefix + strings.ToLower(name) }

// NewKeys returns keys with the master key given, or a random one for "".
func NewKeys(master string) *Keys {
	if master == "" {
		master = newKey()
	}
	return &Keys{own: newKey(), master: master, scopes: map[string]map[string]string{hostScope: {defaultKey: newKey()}}}
}

// save stores what a scope is part of. The caller holds mu.
func (k *Keys) save(ctx context.Context, scope string) error {
	if k.store == nil {
		return nil
	}
	return k.store.save(ctx, k, scope)
}

// Host returns a key that opens every function of level "function": the one
// named default, or another when that is gone, or "".
func (k *Keys) Host() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := k.scopes[hostScope]
	if v, ok := keys[defaultKey]; ok {
		return v
	}
	for _, v := range keys {
		return v
	}
	return ""
}

// Master returns the master key.
func (k *Keys) Master() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.master
}

// Own is what opens everything to this program's own commands, whatever becomes of
// the master key. It is made for the life of the process and kept nowhere.
func (k *Keys) Own() string { return k.own }

// newKey makes 32 random bytes, written as URLs can hold them.
func newKey() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.URLEncoding.EncodeToString(b[:])
}

// presented returns the key of a request: the header goes before the query.
func presented(r *http.Request) string {
	if k := r.Header.Get("X-Functions-Key"); k != "" {
		return k
	}
	return r.URL.Query().Get("code")
}

// allow reports whether the request may use a function of that level.
func (k *Keys) allow(level, function string, r *http.Request) bool {
	if k == nil || level == "anonymous" {
		return true
	}
	given := presented(r)
	if given == "" {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if same(given, k.master) || same(given, k.own) {
		return true
	}
	switch level {
	case "function", "":
		return k.has(functionScope(function), given) || k.has(hostScope, given)
	case "system":
		return k.has(systemScope, given)
	}
	return false // admin
}

// has reports whether a scope has the value. The caller holds mu.
func (k *Keys) has(scope, value string) bool {
	found := false
	for _, v := range k.scopes[scope] {
		found = same(value, v) || found
	}
	return found
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// key is one key as the admin API shows it.
type key struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (k *Keys) list(scope string) []key {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := []key{}
	for name, value := range k.scopes[scope] {
		out = append(out, key{name, value})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// defaultKey is the name of the key that each function and the host begin with.
const defaultKey = "default"

// ensure gives a function its first key, when it was never asked for one: as on
// Azure, a function has a key named default once somebody wants to see its keys.
func (k *Keys) ensure(ctx context.Context, scope string) error {
	k.mu.Lock()
	_, known := k.scopes[scope]
	k.mu.Unlock()
	if known || !strings.HasPrefix(scope, functionPrefix) {
		return nil
	}
	_, _, err := k.set(ctx, scope, defaultKey, "")
	return err
}

// find returns a key. Names are equal whatever their case.
func (k *Keys) find(scope, name string) (key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name = k.named(scope, name)
	v, ok := k.scopes[scope][name]
	return key{name, v}, ok
}

// named is the name as the scope has it, or as given. The caller holds mu.
func (k *Keys) named(scope, name string) string {
	for have := range k.scopes[scope] {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	return name
}

func isMaster(name string) bool { return strings.EqualFold(name, MasterKey) }

// set stores a key; an empty value makes a random one. created reports that
// the name is new. After an error the old keys are in force.
func (k *Keys) set(ctx context.Context, scope, name, value string) (v key, created bool, err error) {
	if value == "" {
		value = newKey()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	v = key{k.named(scope, name), value}
	if !strings.HasPrefix(scope, functionPrefix) && isMaster(name) {
		v.Name = MasterKey
		was := k.master
		k.master = value
		if err = k.save(ctx, scope); err != nil {
			k.master = was
		}
		return v, false, err
	}
	_, known := k.scopes[scope]
	was, exists := k.scopes[scope][v.Name]
	k.put(scope, v.Name, value)
	if err = k.save(ctx, scope); err != nil {
		k.restore(scope, v.Name, was, exists)
		if !known {
			delete(k.scopes, scope)
		}
	}
	return v, !exists, err
}

func (k *Keys) delete(ctx context.Context, scope, name string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name = k.named(scope, name)
	was, ok := k.scopes[scope][name]
	if !ok {
		return false, nil
	}
	delete(k.scopes[scope], name)
	err := k.save(ctx, scope)
	if err != nil {
		k.put(scope, name, was)
	}
	return true, err
}

// put changes a key in memory. The caller holds mu.
func (k *Keys) put(scope, name, value string) {
	if k.scopes[scope] == nil {
		k.scopes[scope] = map[string]string{}
	}
	k.scopes[scope][name] = value
}

// restore undoes put. The caller holds mu.
func (k *Keys) restore(scope, name, was string, existed bool) {
	if existed {
		k.put(scope, name, was)
		return
	}
	delete(k.scopes[scope], name)
}
