// Package jsonc prepares the JSON that people write by hand for encoding/json:
// it blanks comments and a byte order mark, and finds the line and column of
// an error.
//
// Azure's own readers accept both kinds of comment in host.json and
// local.settings.json, so projects have them. Blanked bytes become spaces,
// which keeps every offset, and so every error position, as it was.
package jsonc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Clean returns a copy of data with comments and a leading byte order mark
// replaced by spaces. Line breaks inside comments stay.
func Clean(data []byte) []byte {
	out := bytes.Clone(data)
	if bytes.HasPrefix(out, []byte("\xef\xbb\xbf")) {
		copy(out, "   ")
	}
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '"':
			i = stringEnd(out, i)
		case out[i] == '/' && i+1 < len(out) && out[i+1] == '/':
			i = blankLine(out, i)
		case out[i] == '/' && i+1 < len(out) && out[i+1] == '*':
			i = blankBlock(out, i)
		}
	}
	return out
}

// stringEnd returns the index of the quote that closes the string opened at i,
// or the last index when nothing closes it.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(b) - 1
}

func blankLine(b []byte, i int) int {
	for ; i < len(b) && b[i] != '\n'; i++ {
		b[i] = ' '
	}
	return i
}

func blankBlock(b []byte, i int) int {
	end := bytes.Index(b[i+2:], []byte("*/"))
	stop := len(b)
	if end >= 0 {
		stop = i + 2 + end + 2
	}
	for ; i < stop; i++ {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	return stop - 1
}

// Unmarshal cleans data and decodes it into v. A syntax or type error names
// file, line and column.
func Unmarshal(file string, data []byte, v any) error {
	clean := Clean(data)
	err := json.Unmarshal(clean, v)
	if err == nil {
		return nil
	}
	var (
		syntax *json.SyntaxError
		typ    *json.UnmarshalTypeError
		at     = int64(len(clean))
	)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset - 1 // it counts the offending byte as read
		if strings.HasPrefix(syntax.Error(), "unexpected end") {
			at = int64(len(clean))
		}
	case errors.As(err, &typ):
		at = typ.Offset
	}
	line, col := Position(clean, int(at))
	return fmt.Errorf("%s:%d:%d: %w", file, line, col, err)
}

// Position returns the line and the column, both from 1, of the byte at
// offset.
func Position(data []byte, offset int) (line, col int) {
	offset = min(max(offset, 0), len(data))
	before := data[:offset]
	line = 1 + bytes.Count(before, []byte("\n"))
	col = offset - bytes.LastIndexByte(before, '\n')
	return line, max(col, 1)
}
