package hostjson

import "time"

// Section is an object of host.json, read by the kind of trigger that it
// belongs to. A missing one is empty: every value is its default. It goes bad
// at the first value that is wrong; see Err.
type Section struct {
	r    *reader
	at   string // path in the file, with a dot behind
	keys map[string]any
}

// Extension returns extensions.NAME, compared without case.
func (c *Config) Extension(name string) *Section {
	r := &reader{file: c.file}
	return &Section{r, "extensions." + name + ".", r.object(c.extensions, "extensions."+name)}
}

// Section returns an object inside. It shares the error.
func (s *Section) Section(key string) *Section {
	return &Section{s.r, s.at + key + ".", s.r.object(s.keys, s.at+key)}
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
