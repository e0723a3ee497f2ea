// Package settings holds a function app's application settings: the values of
// local.settings.json under the real environment, looked up by name as Azure
// does, and the connections that are described by them.
//
// Names are compared without regard to case, and ":" and "__" mean the same,
// because one is how a hierarchy is written in files and the other how it is
// written in environment variables. The package reads no service: what a
// connection leads to is decided by whoever opens it.
package settings

import (
	"sort"
	"strings"
)

// Settings is an immutable set of named values.
type Settings struct {
	byKey map[string]setting
	app   string
	names []string // of the layers; see Named
}

type setting struct {
	name, value string
	layer       int
}

// New merges layers of values; a later layer wins over an earlier one.
func New(layers ...map[string]string) *Settings {
	s := &Settings{byKey: map[string]setting{}}
	for at, layer := range layers {
		names := make([]string, 0, len(layer))
		for name := range layer {
			names = append(names, name)
		}
		sort.Strings(names) // two spellings of one name in a layer: a stable winner
		for _, name := range names {
			s.byKey[key(name)] = setting{name, layer[name], at}
		}
	}
	return s
}

// Of says whose settings these are: connections carry the function app's name.
func (s *Settings) Of(app string) *Settings { return &Settings{s.byKey, app, s.names} }

// Named says where the layers come from, in their order, for messages: "local.settings.json".
func (s *Settings) Named(layers ...string) *Settings { return &Settings{s.byKey, s.app, layers} }

// from is where a setting comes from, or "".
func (s *Settings) from(name string) string {
	v, ok := s.byKey[key(name)]
	if !ok || v.layer >= len(s.names) {
		return ""
	}
	return s.names[v.layer]
}

// Environ turns a process environment ("NAME=value") into a layer.
func Environ(env []string) map[string]string {
	layer := make(map[string]string, len(env))
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && name != "" {
			layer[name] = value
		}
	}
	return layer
}

// key is the form in which names are equal.
func key(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "__", ":"))
}

// Lookup returns the value of a setting.
func (s *Settings) Lookup(name string) (string, bool) {
	v, ok := s.byKey[key(name)]
	return v.value, ok
}

// Get returns the value of a setting, or "" when it is not set.
func (s *Settings) Get(name string) string {
	v, _ := s.Lookup(name)
	return v
}

// Plain is Lookup for a setting whose value is used here: one that means a secret of
// a Key Vault is refused by name.
func (s *Settings) Plain(name string) (value string, found bool, err error) {
	v, found := s.byKey[key(name)]
	if err := VaultReference(v.name, v.value); err != nil {
		return "", false, err
	}
	return v.value, found, nil
}

// Section returns the settings below a name, keyed by the rest of their path
// with ":" between the steps, as written otherwise: Section("a") of a__b__C=1
// is {"b:C": "1"}.
func (s *Settings) Section(name string) map[string]string {
	prefix := key(name) + ":"
	out := map[string]string{}
	for k, v := range s.byKey {
		if strings.HasPrefix(k, prefix) {
			path := strings.ReplaceAll(v.name, "__", ":")
			out[path[len(prefix):]] = v.value
		}
	}
	return out
}

// Environ returns all settings as a process environment, sorted, each under
// the name it was given.
func (s *Settings) Environ() []string {
	env := make([]string, 0, len(s.byKey))
	for _, v := range s.byKey {
		env = append(env, v.name+"="+v.value)
	}
	sort.Strings(env)
	return env
}

// Disabled reports whether a setting turns the function off:
// AzureWebJobs.<function>.Disabled, with dots or underscores between the
// steps, is "true" or "1".
func (s *Settings) Disabled(function string) bool {
	for _, name := range []string{
		"AzureWebJobs." + function + ".Disabled",
		"AzureWebJobs_" + function + "_Disabled",
		"AzureWebJobs:" + function + ":Disabled",
	} {
		v := strings.TrimSpace(s.Get(name))
		if strings.EqualFold(v, "true") || v == "1" {
			return true
		}
	}
	return false
}
