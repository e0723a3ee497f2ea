// Package terminal is the one way to a person's terminal, and its one rule:
// what comes from elsewhere (events, ids, log lines, answers of servers) is
// shown and never obeyed.
//
// A text from elsewhere goes through Clean, which makes it one harmless line. A
// Writer stands before the terminal itself as a second guard: it lets through
// text, line ends, tabs and colours, and nothing else that a terminal acts on.
// A Handler cleans log records before they are laid out as lines.
package terminal

import (
	"strings"
	"unicode/utf8"
)

// Clean returns s as one line that drives no terminal: control characters (C0,
// DEL, C1), line and paragraph separators, bidirectional controls and bytes
// that are not UTF-8 stand as \n, \x1b, \u202e and the like. Tabs stay. A text
// without any of them is returned as it is.
func Clean(s string) string {
	for i, r := range s {
		if acts(r) || r == utf8.RuneError {
			return cleanFrom(s, i)
		}
	}
	return s
}

// Lines is Clean for a text of several lines, such as an error with the place in
// a file: line ends stay, and colours do not, because they are not ours.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return strings.Join(lines, "\n")
}

func cleanFrom(s string, begin int) string {
	var out strings.Builder
	out.Grow(len(s) + 16)
	out.WriteString(s[:begin])
	for rest := s[begin:]; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			out.Write(appendByte(nil, rest[0]))
		case acts(r):
			out.Write(appendEscape(nil, r))
		default:
			out.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return out.String()
}

// acts reports whether a terminal, or the order in which it shows text, obeys
// the character.
func acts(r rune) bool {
	switch {
	case r < ' ':
		return r != '\t'
	case r < 0x7f:
		return false
	case r <= 0x9f: // DEL and C1
		return true
	}
	return r == 0x061c || r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

const hexDigits = "0123456789abcdef"

// appendEscape appends the character as Go writes it in a string.
func appendEscape(dst []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r < 0x80:
		return appendByte(dst, byte(r))
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

func appendByte(dst []byte, b byte) []byte {
	return append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
}
