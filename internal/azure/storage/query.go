package storage

import (
	"strings"
)

// Query is the query of a request, parsed as the service does: names without case,
// in their order, separated by & alone, nothing refused but a bad escape.
type Query struct{ params []param }

type param struct {
	name  string // decoded, lower case
	value string // decoded, + is a space
	raw   string // of the value, as it came
	odd   bool   // has no =, or more than one: the JavaScript SDK does not sign it
}

// maxParams bounds the parameters of a request; no operation has twenty beside those
// of a SAS.
const maxParams = 128

func parseQuery(text string) (Query, error) {
	var q Query
	for text != "" {
		var field string
		field, text, _ = strings.Cut(text, "&")
		if field == "" {
			continue
		}
		if len(q.params) == maxParams {
			return q, Fail("InvalidUri")
		}
		rawName, raw, _ := strings.Cut(field, "=")
		name, ok := unescape(rawName, true)
		value, fine := unescape(raw, true)
		if !ok || !fine {
			return q, Fail("InvalidUri")
		}
		q.params = append(q.params, param{strings.ToLower(name), value, raw, strings.Count(field, "=") != 1})
	}
	return q, nil
}

// Lookup returns the first value of a parameter, by its name in lower case.
func (q Query) Lookup(name string) (string, bool) {
	for i := range q.params {
		if q.params[i].name == name {
			return q.params[i].value, true
		}
	}
	return "", false
}

// Get is Lookup for whom absent and empty are the same.
func (q Query) Get(name string) string {
	v, _ := q.Lookup(name)
	return v
}

// Has reports whether a parameter is there.
func (q Query) Has(name string) bool {
	_, ok := q.Lookup(name)
	return ok
}

// Base64 is Get for values that are base64 (signatures, pop receipts, block ids): a
// + that was not escaped is one.
func (q Query) Base64(name string) string { return strings.ReplaceAll(q.Get(name), " ", "+") }

// unescape decodes percent escapes, and in queries + to a space.
func unescape(s string, plus bool) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && (!plus || strings.IndexByte(s, '+') < 0) {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+' && plus:
			c = ' '
		case c == '%':
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo)
			i += 2
		}
		b = append(b, c)
	}
	return string(b), true
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
