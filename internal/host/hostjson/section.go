package hostjson

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Section is an object of host.json, read by the kind of trigger that it
// belongs to. A missing one is empty: every value is its default. It goes bad
// at the first value that is wrong; see Err.
type Section struct {
	r    *reader
	at   string // path in the file, with a dot behind
	keys map[string]any
}

// Own is the section of what Azure's hosts do not know.
const Own = "lazuli"

// Section returns a section at the top of the file, compared without case.
func (c *Config) Section(name string) *Section {
	r := &reader{file: c.file}
	return &Section{r, name + ".", r.object(c.root, name)}
}

// Extension returns extensions.NAME, compared without case.
func (c *Config) Extension(name string) *Section {
	r := &reader{file: c.file}
	return &Section{r, "extensions." + name + ".", r.object(c.extensions, "extensions."+name)}
}

// Function returns lazuli.functions.NAME, what this host does for a function beyond
// what Azure's can. The name is compared without case.
func (c *Config) Function(name string) *Section {
	return c.Section(Own).Section("functions").Section(name)
}

// FunctionNames are the names under lazuli.functions, as they are written.
func (c *Config) FunctionNames() []string {
	return c.Section(Own).Section("functions").Keys()
}

// ParseSection reads a section that is told elsewhere than in host.json; file and at
// are where, for messages.
func ParseSection(file, at string, text []byte) (*Section, error) {
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, fault.Wrap(fault.Invalid, file, err, "%s must be a JSON object", at)
	}
	return &Section{&reader{file: file}, at + ".", keys}, nil
}

// Section returns an object inside. It shares the error.
func (s *Section) Section(key string) *Section {
	return &Section{s.r, s.at + key + ".", s.r.object(s.keys, s.at+key)}
}

// Only says that there are no keys but these: for sections of ours, of which every
// other key is a mistake.
func (s *Section) Only(known ...string) {
	for _, k := range s.Keys() {
		if !slices.ContainsFunc(known, func(n string) bool { return strings.EqualFold(n, k) }) {
			s.Fail(k, "there is no such key; there are %s", strings.Join(known, ", "))
		}
	}
}

// Keys are the names that the section has, in order.
func (s *Section) Keys() []string { return sortedKeys(s.keys) }

// Has reports whether a key is there and not null.
func (s *Section) Has(key string) bool {
	_, ok := find(s.keys, s.at+key)
	return ok
}

// Boolean returns true or false.
func (s *Section) Boolean(key string, fallback bool) bool {
	return s.r.boolean(s.keys, s.at+key, fallback)
}

// Text returns a text.
func (s *Section) Text(key, fallback string) string { return s.r.text(s.keys, s.at+key, fallback) }

// Fraction returns a number above 0 and up to 1.
func (s *Section) Fraction(key string, fallback float64) float64 {
	return s.r.fraction(s.keys, s.at+key, fallback)
}

// Integer returns a whole number between low and high.
func (s *Section) Integer(key string, fallback, low, high int) int {
	return s.r.integer(s.keys, s.at+key, fallback, low, high)
}

// Duration returns a time span; see ParseDuration.
func (s *Section) Duration(key string, fallback time.Duration) time.Duration {
	return s.r.duration(s.keys, s.at+key, fallback)
}

// Choice returns one of the allowed texts, in their spelling.
func (s *Section) Choice(key, fallback string, allowed ...string) string {
	return s.r.choice(s.keys, s.at+key, fallback, allowed...)
}

// Instant returns a moment in UTC, which must be there.
func (s *Section) Instant(key string) time.Time { return s.r.instant(s.keys, s.at+key) }

// Fail says that a value is wrong in a way that only its reader knows.
func (s *Section) Fail(key, format string, args ...any) { s.r.fail(s.at+key, format, args...) }

// Err returns the first thing that was wrong, with its path.
func (s *Section) Err() error { return s.r.err }
