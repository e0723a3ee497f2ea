package functions

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Keys are the access keys of an app, kept in a file. A nil *Keys guards
// nothing.
//
// The master key opens everything; a host key opens every function and a
// function key its own. Anonymous functions need none.
type Keys struct {
	path string // "": in memory alone

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

// book is the file of the keys, which is its user's alone.
type book struct {
	Master string                       `json:"master"`
	Scopes map[string]map[string]string `json:"scopes"`
}

// OpenKeys reads the keys in a file, or makes them and writes it.
func OpenKeys(path string) (*Keys, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		k := NewKeys("")
		k.path = path
		k.mu.Lock()
		defer k.mu.Unlock()
		return k, k.save()
	}
	if err != nil {
		return nil, fmt.Errorf("access keys: %w", err)
	}
	var b book
	if err := json.Unmarshal(text, &b); err != nil || b.Master == "" {
		return nil, fmt.Errorf("access keys: %s is damaged; delete it to have new keys made", path)
	}
	if b.Scopes == nil {
		b.Scopes = map[string]map[string]string{}
	}
	return &Keys{path: path, master: b.Master, scopes: b.Scopes}, nil
}

// save writes the file, whole or not at all. The caller holds mu.
func (k *Keys) save() error {
	if k.path == "" {
		return nil
	}
	text, err := json.MarshalIndent(book{k.master, k.scopes}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return fmt.Errorf("access keys: %w", err)
	}
	fresh := k.path + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("access keys: %w", err)
	}
	return os.Rename(fresh, k.path)
}

// Host returns a key that opens every function of level "function": the one
// named default, or another when that is gone, or "".
func (k *Keys) Host() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := k.scopes[hostScope]
	if v, ok := keys["default"]; ok {
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
// the name is new. After an error the old keys are in force.
func (k *Keys) set(scope, name, value string) (v key, created bool, err error) {
	if value == "" {
		value = newKey()
	}
	v = key{name, value}
	k.mu.Lock()
	defer k.mu.Unlock()
	if scope == hostScope && name == "_master" {
		was := k.master
		k.master = value
		if err = k.save(); err != nil {
			k.master = was
		}
		return v, false, err
	}
	was, exists := k.scopes[scope][name]
	k.put(scope, name, value)
	if err = k.save(); err != nil {
		k.restore(scope, name, was, exists)
	}
	return v, !exists, err
}

func (k *Keys) delete(scope, name string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	was, ok := k.scopes[scope][name]
	if !ok {
		return false, nil
	}
	delete(k.scopes[scope], name)
	err := k.save()
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
