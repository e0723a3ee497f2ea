package cosmossql

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// formatDateTime writes t by a format of DATETIMEFORMAT; false if the format
// is malformed.
//
// The page shows yyyy MM dd HH mm ss fff FFF, a backslash before a character
// that stands for itself, and that what means nothing is copied; its list of
// specifiers is not published. They are .NET's custom formats, so the rest
// follows these, in the invariant culture: y M d H h m s t z and K, f and F up
// to seven, quotes around literal text. F writes no closing zeros, and unlike
// in .NET a point before it stays, as the published example shows. The era, g,
// is left out: a format with it is undefined.
func formatDateTime(t time.Time, format []byte) ([]byte, bool) {
	var out []byte
	for i := 0; i < len(format); {
		c := format[i]
		switch c {
		case '\\':
			_, n := utf8.DecodeRune(format[i+1:])
			if n == 0 {
				return nil, false
			}
			out = append(out, format[i+1:i+1+n]...)
			i += 1 + n
			continue
		case '\'', '"':
			end := i + 1
			for end < len(format) && format[end] != c {
				end++
			}
			if end == len(format) {
				return nil, false
			}
			out = append(out, format[i+1:end]...)
			i = end + 1
			continue
		}
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		var ok bool
		if out, ok = appendDatePart(out, t, c, n, format[i:i+n]); !ok {
			return nil, false
		}
		i += n
	}
	return out, true
}

// appendDatePart writes what n times the letter c stand for: a part of t, or
// themselves.
func appendDatePart(out []byte, t time.Time, c byte, n int, run []byte) ([]byte, bool) {
	switch c {
	case 'y':
		if n <= 2 {
			return appendPadded(out, t.Year()%100, n), true
		}
		return appendPadded(out, t.Year(), n), true
	case 'M':
		return appendNamed(out, int(t.Month()), n, t.Month().String()), true
	case 'd':
		return appendNamed(out, t.Day(), n, t.Weekday().String()), true
	case 'H':
		return appendPadded(out, t.Hour(), min(n, 2)), true
	case 'h':
		return appendPadded(out, (t.Hour()+11)%12+1, min(n, 2)), true
	case 'm':
		return appendPadded(out, t.Minute(), min(n, 2)), true
	case 's':
		return appendPadded(out, t.Second(), min(n, 2)), true
	case 'f', 'F':
		return appendFraction(out, t, n, c == 'F'), n <= 7
	case 't':
		return append(out, t.Format("PM")[:min(n, 2)]...), true
	case 'z':
		return append(out, [...]string{"+0", "+00", "+00:00"}[min(n, 3)-1]...), true
	case 'K':
		return append(out, 'Z'), n == 1
	case 'g':
		return out, false
	}
	return append(out, run...), true
}

// appendPadded writes a number of at least n digits.
func appendPadded(out []byte, v, n int) []byte {
	digits := strconv.Itoa(v)
	for range n - len(digits) {
		out = append(out, '0')
	}
	return append(out, digits...)
}

// appendNamed writes a number, or from three letters on a name: its first three
// letters or all of it.
func appendNamed(out []byte, v, n int, name string) []byte {
	switch {
	case n <= 2:
		return appendPadded(out, v, n)
	case n == 3:
		return append(out, name[:3]...)
	}
	return append(out, name...)
}

// appendFraction writes the first n decimals of the second, with trim without
// the zeros at their end.
func appendFraction(out []byte, t time.Time, n int, trim bool) []byte {
	start := len(out)
	out = appendPadded(out, t.Nanosecond()/100, 7)
	out = out[:start+min(n, 7)]
	for trim && len(out) > start && out[len(out)-1] == '0' {
		out = out[:len(out)-1]
	}
	return out
}
