package streamsql

import (
	"math"
	"strconv"
	"strings"
)

// The scanners take JSON text and an index and return the index behind what they
// read, or bad. They accept exactly the grammar of RFC 8259.
const bad = -1

// maxJSONDepth bounds the nesting of events.
const maxJSONDepth = 256

// skipSpace returns the index of the next byte that is no white space, which
// may be len(s).
func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// scanString reads the rest of a string whose opening quote is at i-1 and
// returns the index of the closing quote.
func scanString(s string, i int) (end int, escaped bool) {
	for i < len(s) {
		switch c := s[i]; {
		case c == '"':
			return i, escaped
		case c == '\\':
			escaped = true
			n := escapeLength(s[i:])
			if n == 0 {
				return bad, false
			}
			i += n
		case c < 0x20:
			return bad, false
		default:
			i++
		}
	}
	return bad, false
}

// escapeLength returns the length of the escape that s begins with, or 0.
func escapeLength(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) < 6 {
			return 0
		}
		if _, ok := hex4(s[2:6]); ok {
			return 6
		}
	}
	return 0
}

func hex4(s string) (r rune, ok bool) {
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// scanNumber reads a number: a bigint if it has neither fraction nor exponent.
// A value that fits neither type is bad.
func scanNumber(s string, i int) (v Value, end int) {
	start, neg := i, false
	if i < len(s) && s[i] == '-' {
		neg = true
		i++
	}
	first := i
	var mant uint64
	for i < len(s) && isDigit(s[i]) {
		mant = mant*10 + uint64(s[i]-'0')
		i++
	}
	digits := i - first
	if digits == 0 || digits > 1 && s[first] == '0' {
		return Value{}, bad
	}
	if i == len(s) || s[i] != '.' && s[i]|0x20 != 'e' {
		return finishInt(s[start:i], mant, digits, neg, i)
	}
	exp := 0
	if s[i] == '.' {
		i++
		dot := i
		for i < len(s) && isDigit(s[i]) {
			mant = mant*10 + uint64(s[i]-'0')
			i++
		}
		exp = dot - i
		digits += i - dot
		if exp == 0 {
			return Value{}, bad
		}
	}
	plain := true
	if i < len(s) && s[i]|0x20 == 'e' {
		plain = false
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i == from {
			return Value{}, bad
		}
	}
	if plain && digits <= 18 && mant < 1<<53 && -exp < len(powersOfTen) {
		f := float64(mant) / powersOfTen[-exp] // both exact, so the quotient is the nearest float
		if neg {
			f = -f
		}
		return FloatValue(f), i
	}
	f, err := strconv.ParseFloat(s[start:i], 64)
	if err != nil {
		return Value{}, bad
	}
	return FloatValue(f), i
}

func finishInt(text string, mant uint64, digits int, neg bool, end int) (Value, int) {
	if digits > 18 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Value{}, bad
		}
		return BigIntValue(n), end
	}
	if neg {
		return BigIntValue(-int64(mant)), end
	}
	return BigIntValue(int64(mant)), end
}

// skipNumber passes a number without its value.
func skipNumber(s string, i int) int {
	if i < len(s) && s[i] == '-' {
		i++
	}
	first := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == first || i-first > 1 && s[first] == '0' {
		return bad
	}
	if i < len(s) && s[i] == '.' {
		i++
		for first = i; i < len(s) && isDigit(s[i]); {
			i++
		}
		if i == first {
			return bad
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		for first = i; i < len(s) && isDigit(s[i]); {
			i++
		}
		if i == first {
			return bad
		}
	}
	return i
}

// skipValue passes any value that begins at i.
func skipValue(s string, i, depth int) int {
	if i >= len(s) || depth > maxJSONDepth {
		return bad
	}
	switch s[i] {
	case '"':
		end, _ := scanString(s, i+1)
		if end == bad {
			return bad
		}
		return end + 1
	case '{':
		return skipMembers(s, i+1, depth+1, '}')
	case '[':
		return skipMembers(s, i+1, depth+1, ']')
	case 't':
		return skipWord(s, i, "true")
	case 'f':
		return skipWord(s, i, "false")
	case 'n':
		return skipWord(s, i, "null")
	}
	return skipNumber(s, i)
}

func skipWord(s string, i int, word string) int {
	if strings.HasPrefix(s[i:], word) {
		return i + len(word)
	}
	return bad
}

// skipMembers passes the rest of an object or array behind its opening bracket.
func skipMembers(s string, i, depth int, closing byte) int {
	i = skipSpace(s, i)
	if i < len(s) && s[i] == closing {
		return i + 1
	}
	for {
		if closing == '}' {
			if i = skipKey(s, i); i == bad {
				return bad
			}
		}
		if i = skipValue(s, i, depth); i == bad {
			return bad
		}
		i = skipSpace(s, i)
		if i >= len(s) {
			return bad
		}
		if s[i] == closing {
			return i + 1
		}
		if s[i] != ',' {
			return bad
		}
		i = skipSpace(s, i+1)
	}
}

// skipKey passes a property name and its colon, up to the value.
func skipKey(s string, i int) int {
	if i >= len(s) || s[i] != '"' {
		return bad
	}
	end, _ := scanString(s, i+1)
	if end == bad {
		return bad
	}
	i = skipSpace(s, end+1)
	if i >= len(s) || s[i] != ':' {
		return bad
	}
	return skipSpace(s, i+1)
}

// parseNumber reads a number as people write it in strings: blanks around it
// and a plus sign are fine.
func parseNumber(s string) (Value, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	if v, end := scanNumber(s, 0); end == len(s) {
		return v, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(s, "xX_") {
		return Value{}, false
	}
	return FloatValue(f), true
}
