package jsonc

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": "//no"} // yes`: `{"a": "//no"}       `,
		"{/* x\ny */\"a\":1}":  "{    \n    \"a\":1}",
		"\xef\xbb\xbf{}":       "   {}",
		`{"a": "\"/*"}`:        `{"a": "\"/*"}`,
		"/* open":              "       ",
		`"open`:                `"open`,
		`/`:                    `/`,
	} {
		if got := string(Clean([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPositions(t *testing.T) {
	var v struct{ A int }
	for text, want := range map[string]string{
		"{\n  \"a\": nul}":      "f:2:11:",
		"{// c\n \"a\": \"x\"}": "f:2:",
		"{":                     "f:1:2:",
	} {
		err := Unmarshal("f", []byte(text), &v)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
