package terminal

import (
	"strconv"
	"strings"
)

// WithFields is a line of a log with those of its fields, pairs of a key and a value,
// that its text does not tell already: loggers of Go write them after the message, as
// key=value, with quotes where there are blanks and a group's name before a point.
func WithFields(text string, fields [][]string) string {
	said := text
	for _, f := range fields {
		if !tells(said, f[0]) {
			text += " " + strings.Join(f, "=")
		}
	}
	return text
}

// tells reports whether a word of a text begins with the key and a value of it.
func tells(text, key string) bool {
	for _, begin := range []string{key + "=", key + ".", strconv.Quote(key) + "="} {
		if strings.HasPrefix(text, begin) || strings.Contains(text, " "+begin) {
			return true
		}
	}
	return false
}
