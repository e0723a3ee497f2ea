package functions

import (
	"encoding/json"
	"fmt"
	"strings"
)

// splitArray cuts a JSON array into the texts of its elements, in one pass and
// without decoding them: a batch holds many documents of which a handler may
// look into few. Only the structure is checked, strings and brackets; whoever
// decodes an element checks its inside. The elements share one buffer and must
// not be appended to. An empty text has no elements.
func splitArray(array string) ([]json.RawMessage, error) {
	text := []byte(strings.Trim(array, jsonSpace))
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	if text[0] != '[' {
		return nil, fmt.Errorf("the host sent a JSON value that begins with %q where an array is expected", text[0])
	}
	out := []json.RawMessage{}
	depth, start := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '[', '{':
			depth++
		case ',':
			if depth == 1 {
				out = append(out, element(text[start:i:i]))
				start = i + 1
			}
		case ']', '}':
			if depth--; depth > 0 {
				continue
			}
			if last := element(text[start:i:i]); len(last) > 0 || len(out) > 0 {
				out = append(out, last)
			}
			return out, complete(text, i, out)
		}
	}
	return nil, errArray(len(text), "it ends early")
}

const jsonSpace = " \t\r\n"

// stringEnd returns the index of the quote that ends the string begun at i, or
// the text's length.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// closed reports whether text is one JSON object or array as far as strings and
// brackets go.
func closed(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth <= 0 {
				return depth == 0 && i == len(text)-1
			}
		default:
			if depth == 0 {
				return false
			}
		}
	}
	return false
}

func element(text []byte) json.RawMessage {
	for len(text) > 0 && strings.IndexByte(jsonSpace, text[0]) >= 0 {
		text = text[1:]
	}
	for len(text) > 0 && strings.IndexByte(jsonSpace, text[len(text)-1]) >= 0 {
		text = text[:len(text)-1]
	}
	return json.RawMessage(text)
}

// complete refuses text after the array, and elements of nothing.
func complete(text []byte, end int, elements []json.RawMessage) error {
	if text[end] != ']' || end != len(text)-1 {
		return errArray(end, "the brackets do not match")
	}
	for _, e := range elements {
		if len(e) == 0 {
			return errArray(end, "an element is missing")
		}
	}
	return nil
}

func errArray(at int, problem string) error {
	return fmt.Errorf("a JSON array from the host: byte %d: %s", at, problem)
}
