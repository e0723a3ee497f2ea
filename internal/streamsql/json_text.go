package streamsql

import (
	"strings"
	"unicode/utf8"
)

// unescape appends the text of a JSON string's inside to dst. A surrogate that
// has no partner becomes U+FFFD.
func unescape(dst []byte, s string) []byte {
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 || n+1 >= len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:n]...)
		c := s[n+1]
		s = s[n:]
		size := 2
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			if len(s) < 6 {
				return append(dst, s...)
			}
			r, _ := hex4(s[2:6])
			size = 6
			if r >= 0xD800 && r < 0xDC00 && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
				if lo, ok := hex4(s[8:12]); ok && lo >= 0xDC00 && lo < 0xE000 {
					r = (r-0xD800)<<10 + (lo - 0xDC00) + 0x10000
					size = 12
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
		s = s[size:]
	}
}

// unescaped returns the text of a JSON string's inside; without escapes it is
// the inside itself.
func unescaped(s string, escaped bool, mem *Scratch) string {
	if !escaped {
		return s
	}
	return mem.keep(unescape(mem.buffer(len(s)), s))
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string with quotes.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendCompact appends JSON text on one line. Line breaks occur only between
// tokens, so that dropping them keeps the value.
func appendCompact(dst []byte, s string) []byte {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return append(dst, s...)
	}
	for i := range len(s) {
		if s[i] != '\n' && s[i] != '\r' {
			dst = append(dst, s[i])
		}
	}
	return dst
}

// valueOf makes a Value of JSON text that is known to be well formed. An integer
// that does not fit a bigint becomes a float.
func valueOf(s string, mem *Scratch) Value {
	if s == "" {
		return NullValue
	}
	switch s[0] {
	case '"':
		end, escaped := scanString(s, 1)
		if end == bad {
			return NullValue
		}
		return StringValue(unescaped(s[1:end], escaped, mem))
	case '{':
		return RecordValue(s)
	case '[':
		return ArrayValue(s)
	case 't':
		return BitValue(true)
	case 'f':
		return BitValue(false)
	case 'n':
		return NullValue
	}
	v, end := scanNumber(s, 0)
	if end == bad {
		v, _ = parseNumber(s + ".0")
	}
	return v
}

// members calls visit with the key (without quotes, as written; "" in an array)
// and the text of each member of an object or array.
func members(s string, visit func(key string, escaped bool, value string) bool) {
	if len(s) < 2 {
		return
	}
	object := s[0] == '{'
	i := skipSpace(s, 1)
	for i < len(s)-1 {
		key, escaped := "", false
		if object {
			if s[i] != '"' {
				return
			}
			end, esc := scanString(s, i+1)
			if end == bad {
				return
			}
			key, escaped = s[i+1:end], esc
			if i = skipKey(s, i); i == bad {
				return
			}
		}
		end := skipValue(s, i, 0)
		if end == bad || !visit(key, escaped, s[i:end]) {
			return
		}
		i = skipSpace(s, end)
		if i >= len(s) || s[i] != ',' {
			return
		}
		i = skipSpace(s, i+1)
	}
}

// recordProperty returns the first property of a record that has the name,
// without case; NULL if there is none.
func recordProperty(json, name string, mem *Scratch) Value {
	var v Value
	members(json, func(key string, escaped bool, value string) bool {
		if !sameKey(key, escaped, name) {
			return true
		}
		v = valueOf(value, mem)
		return false
	})
	return v
}

// sameKey compares a key as written with a name, without case.
func sameKey(key string, escaped bool, name string) bool {
	if escaped {
		key = string(unescape(nil, key))
	}
	return key == name || strings.EqualFold(key, name)
}

// EachElement calls visit with the elements of an Array, from index 0, until it
// returns false. Text of the elements lives in the array's own text or in mem.
func EachElement(v Value, mem *Scratch, visit func(index int, element Value) bool) {
	if v.kind != Array {
		return
	}
	i := -1
	members(v.str, func(_ string, _ bool, value string) bool {
		i++
		return visit(i, valueOf(value, mem))
	})
}

// EachProperty calls visit with the properties of a Record, in their order, until
// it returns false.
func EachProperty(v Value, mem *Scratch, visit func(name string, value Value) bool) {
	if v.kind != Record {
		return
	}
	members(v.str, func(key string, escaped bool, value string) bool {
		return visit(unescaped(key, escaped, mem), valueOf(value, mem))
	})
}
