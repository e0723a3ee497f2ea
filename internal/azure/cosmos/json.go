package cosmos

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// The document paths read JSON as windows on the text: a batch is cut into its
// operations and a patch splices bytes, so number text and key order survive
// and nothing is decoded that is only passed on.

// maxJSONDepth is how deep a document may nest (Azure: 128).
const maxJSONDepth = 128

var errJSON = errors.New("not valid JSON")

// skipSpace returns the index of the first byte at or after i that is no white
// space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the end of the JSON value that starts at i, which must not
// be white space. It checks the value's grammar.
func skipValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) || depth > maxJSONDepth {
		return 0, errJSON
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{':
		return eachMember(b, i, depth, nil)
	case c == '[':
		return eachElement(b, i, depth, nil)
	case c == '-' || '0' <= c && c <= '9':
		return skipNumber(b, i)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if end := i + len(word); end <= len(b) && string(b[i:end]) == word {
			return end, nil
		}
	}
	return 0, errJSON
}

// skipString returns the end of the string whose opening quote is at i.
func skipString(b []byte, i int) (int, error) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return 0, errJSON
		case c == '\\':
			i++
			if i >= len(b) {
				return 0, errJSON
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					i++
					if i >= len(b) || !isHex(b[i]) {
						return 0, errJSON
					}
				}
			default:
				return 0, errJSON
			}
		}
	}
	return 0, errJSON
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// skipNumber returns the end of the number at i.
func skipNumber(b []byte, i int) (int, error) {
	digits := func() bool {
		start := i
		for i < len(b) && '0' <= b[i] && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return 0, errJSON
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return 0, errJSON
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return 0, errJSON
		}
	}
	return i, nil
}

// member is one property of an object, as offsets in the text.
type member struct {
	keyStart, keyEnd int // the name with its quotes
	valStart, valEnd int
}

// eachMember walks the object that opens at i, calls visit for each member and
// returns the object's end. visit may be nil.
func eachMember(b []byte, i, depth int, visit func(member) error) (int, error) {
	if i >= len(b) || b[i] != '{' || depth > maxJSONDepth {
		return 0, errJSON
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return 0, errJSON
		}
		m := member{keyStart: i}
		var err error
		if m.keyEnd, err = skipString(b, i); err != nil {
			return 0, err
		}
		i = skipSpace(b, m.keyEnd)
		if i >= len(b) || b[i] != ':' {
			return 0, errJSON
		}
		m.valStart = skipSpace(b, i+1)
		if m.valEnd, err = skipValue(b, m.valStart, depth+1); err != nil {
			return 0, err
		}
		if visit != nil {
			if err := visit(m); err != nil {
				return 0, err
			}
		}
		i = skipSpace(b, m.valEnd)
		if i >= len(b) {
			return 0, errJSON
		}
		switch b[i] {
		case '}':
			return i + 1, nil
		case ',':
			i = skipSpace(b, i+1)
		default:
			return 0, errJSON
		}
	}
}

// eachElement walks the array that opens at i, calls visit with the offsets of
// each element and returns the array's end. visit may be nil.
func eachElement(b []byte, i, depth int, visit func(start, end int) error) (int, error) {
	if i >= len(b) || b[i] != '[' || depth > maxJSONDepth {
		return 0, errJSON
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := skipValue(b, i, depth+1)
		if err != nil {
			return 0, err
		}
		if visit != nil {
			if err := visit(i, end); err != nil {
				return 0, err
			}
		}
		i = skipSpace(b, end)
		if i >= len(b) {
			return 0, errJSON
		}
		switch b[i] {
		case ']':
			return i + 1, nil
		case ',':
			i = skipSpace(b, i+1)
		default:
			return 0, errJSON
		}
	}
}

// readObject checks that b is one object and visits its members.
func readObject(b []byte, visit func(name string, value []byte) error) error {
	i := skipSpace(b, 0)
	end, err := eachMember(b, i, 0, func(m member) error {
		name, err := unquote(b[m.keyStart:m.keyEnd])
		if err != nil {
			return err
		}
		return visit(name, b[m.valStart:m.valEnd])
	})
	if err == nil && skipSpace(b, end) != len(b) {
		err = errJSON
	}
	return err
}

// readArray checks that b is one array and visits its elements.
func readArray(b []byte, visit func(value []byte) error) error {
	end, err := eachElement(b, skipSpace(b, 0), 0, func(start, end int) error {
		return visit(b[start:end])
	})
	if err == nil && skipSpace(b, end) != len(b) {
		err = errJSON
	}
	return err
}

// unquote decodes a JSON string with its quotes.
func unquote(raw []byte) (string, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", errJSON
	}
	inner := raw[1 : len(raw)-1]
	plain := true
	for _, c := range inner {
		if c == '\\' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return string(inner), nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", errJSON
	}
	return s, nil
}

// appendQuoted appends s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}
