package items

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/portal"
)

// members calls yield for each member of a JSON object: its name as it stands in
// the text, quotes included, and its value. It returns false when the text is no
// object. The text must be valid JSON, as what the store holds is.
func members(object []byte, yield func(name, value []byte) bool) bool {
	b := bytes.TrimLeft(object, blanks)
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	for b = skipBlanks(b[1:]); len(b) > 0 && b[0] == '"'; b = skipBlanks(b) {
		n := valueEnd(b)
		name := b[:n]
		b = skipBlanks(b[n:])
		b = skipBlanks(b[1:]) // the colon
		n = valueEnd(b)
		if !yield(name, b[:n]) {
			return true
		}
		if b = skipBlanks(b[n:]); len(b) > 0 && b[0] == ',' {
			b = b[1:]
		}
	}
	return true
}

// elements calls yield for each element of a JSON array.
func elements(array []byte, yield func(value []byte) bool) {
	b := skipBlanks(array)
	if len(b) == 0 || b[0] != '[' {
		return
	}
	for b = skipBlanks(b[1:]); len(b) > 0 && b[0] != ']'; b = skipBlanks(b) {
		n := valueEnd(b)
		if !yield(b[:n]) {
			return
		}
		if b = skipBlanks(b[n:]); len(b) > 0 && b[0] == ',' {
			b = b[1:]
		}
	}
}

const blanks = " \t\r\n"

func skipBlanks(b []byte) []byte { return bytes.TrimLeft(b, blanks) }

// valueEnd is the length of the value that valid JSON begins with.
func valueEnd(b []byte) int {
	depth, text := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case depth > 0:
			continue
		case c == ',' || c == ':' || bytes.IndexByte([]byte(blanks), c) >= 0:
			return i
		default:
			continue // a number or a word
		}
		if depth < 0 {
			return i
		}
		if depth == 0 && !text && (c == '"' || c == '}' || c == ']') {
			return i + 1
		}
	}
	return len(b)
}

// unquoted is a JSON string's text; "" for anything else.
func unquoted(raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// checkJSON returns where text is no JSON value, as a *portal.SyntaxError.
func checkJSON(text []byte) error {
	var v json.RawMessage
	err := json.Unmarshal(text, &v)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return &portal.SyntaxError{Message: "this is not JSON: " + syntax.Error(), Place: placeOf(text, wrongByte(text, syntax))}
	}
	return &portal.SyntaxError{Message: "this is not JSON: " + err.Error(), Place: placeOf(text, len(text))}
}

// wrongByte is the offset of what is wrong: of the end, where the text ends too
// soon.
func wrongByte(text []byte, e *json.SyntaxError) int {
	if strings.HasPrefix(e.Error(), "unexpected end") {
		return len(text)
	}
	return int(e.Offset) - 1
}

// placeOf is the place of a byte of text.
func placeOf(text []byte, at int) portal.Place { return spanOf(text, at, at+1) }

// spanOf is the place of some bytes of text.
func spanOf(text []byte, at, end int) portal.Place {
	at = min(max(at, 0), len(text))
	line := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]
	return portal.Place{Line: bytes.Count(text[:at], []byte("\n")) + 1, Col: utf8.RuneCount(line) + 1, Start: at, End: min(max(end, at), len(text))}
}
