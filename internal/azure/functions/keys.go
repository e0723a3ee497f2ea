package functions

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sort"
	"strings"
	"sync"
)

// Keys are the access keys of an app, in memory. A nil *Keys guards nothing.
//
// The master key opens everything; a host key opens every function and a
// function key its own. Anonymous functions need none.
type Keys struct {
	mu     sync.Mutex
	master string                       // guarded by mu
	scopes map[string]map[string]string // guarded by mu; scope -> name -> value
}

// Scopes of keys; a function's scope is "function:" and its lower-case name.
const (
	hostScope   = "functionkeys"
	systemScope = "systemkeys"
)

func functionScope(name string) string { return "function:" + strings.ToLower(name) }

// NewKeys returns keys with the master key given, or a random one for "".
func NewKeys(master string) *Keys {
	if master == "" {
		master = newKey()
	}
	return &Keys{master: master, scopes: map[string]map[string]string{hostScope: {"default": newKey()}}}
}

// Master returns the master key.
func (k *Keys) Master() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.master
}

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
	if same(given, k.master) {
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

// set stores a key; an empty value makes a random one. created reports that
// the name is new.
func (k *Keys) set(scope, name, value string) (v key, created bool) {
	if value == "" {
		value = newKey()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if scope == hostScope && name == "_master" {
		k.master = value
		return key{name, value}, false
	}
	if k.scopes[scope] == nil {
		k.scopes[scope] = map[string]string{}
	}
	_, exists := k.scopes[scope][name]
	k.scopes[scope][name] = value
	return key{name, value}, !exists
}

func (k *Keys) delete(scope, name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.scopes[scope][name]
	delete(k.scopes[scope], name)
	return ok
}
