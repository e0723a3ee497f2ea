package cosmossql

import "bytes"

// The scanner walks JSON text without making anything of it. It trusts that the
// text is well formed in order to be quick, but never runs past its end: on
// broken text a search finds nothing.

// skipSpace returns the first position at or after i that holds no white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the position behind the string whose opening quote is at
// i, or -1.
func skipString(b []byte, i int) int {
	for i++; i < len(b); {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		end := i + n
		if n == 0 || b[end-1] != '\\' {
			return end + 1
		}
		slashes := 0
		for end-1-slashes >= i && b[end-1-slashes] == '\\' {
			slashes++
		}
		i = end + 1
		if slashes%2 == 0 {
			return i
		}
	}
	return -1
}

// skipValue returns the position behind the value that begins at i, or -1. It
// does not recurse.
func skipValue(b []byte, i int) int {
	if i < 0 || i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				if i = skipString(b, i); i < 0 {
					return -1
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return -1
	case ',', ':', '}', ']':
		return -1
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r', ':', '"', '{', '[':
			return i
		}
		i++
	}
	return i
}

// member returns the text of the member key of the object obj, or nil. If the
// key occurs twice, the first counts.
func member(obj []byte, key string) []byte {
	if len(obj) == 0 || obj[0] != '{' {
		return nil
	}
	i := skipSpace(obj, 1)
	for i < len(obj) && obj[i] == '"' {
		found := false
		end := i + 1 + len(key)
		if end < len(obj) && obj[end] == '"' && string(obj[i+1:end]) == key && obj[end-1] != '\\' {
			found = true
			end++
		} else {
			if end = skipString(obj, i); end < 0 {
				return nil
			}
			if name := obj[i+1 : end-1]; bytes.IndexByte(name, '\\') >= 0 {
				found = string(unquote(name)) == key
			}
		}
		i = skipSpace(obj, end)
		if i >= len(obj) || obj[i] != ':' {
			return nil
		}
		i = skipSpace(obj, i+1)
		end = skipValue(obj, i)
		if end < 0 {
			return nil
		}
		if found {
			return obj[i:end]
		}
		i = skipSpace(obj, end)
		if i >= len(obj) || obj[i] != ',' {
			return nil
		}
		i = skipSpace(obj, i+1)
	}
	return nil
}

// elements iterates over an array.
type elements struct {
	b []byte
	i int
}

// elementsOf starts before the first element of the array raw.
func elementsOf(raw []byte) elements { return elements{raw, 1} }

// next returns the next element's text, or nil at the end.
func (e *elements) next() []byte {
	i := skipSpace(e.b, e.i)
	if i < len(e.b) && e.b[i] == ',' {
		i = skipSpace(e.b, i+1)
	}
	end := skipValue(e.b, i)
	if end <= i {
		e.i = len(e.b)
		return nil
	}
	e.i = end
	return e.b[i:end]
}

// nextValue returns the next element.
func (e *elements) nextValue() (value, bool) {
	raw := e.next()
	if raw == nil {
		return undefined, false
	}
	return loadValue(raw)
}

// arrayLen counts the elements of the array raw.
func arrayLen(raw []byte) (n int) {
	for e := elementsOf(raw); e.next() != nil; n++ {
	}
	return n
}

// members iterates over an object.
type members struct {
	b []byte
	i int
}

// membersOf starts before the first member of the object raw.
func membersOf(raw []byte) members { return members{raw, 1} }

// next returns the next member's key, decoded, and its value's text.
func (m *members) next() (key, raw []byte, ok bool) {
	i := skipSpace(m.b, m.i)
	if i < len(m.b) && m.b[i] == ',' {
		i = skipSpace(m.b, i+1)
	}
	if i >= len(m.b) || m.b[i] != '"' {
		return nil, nil, false
	}
	end := skipString(m.b, i)
	if end < 0 {
		return nil, nil, false
	}
	key = m.b[i+1 : end-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		key = unquote(key)
	}
	i = skipSpace(m.b, end)
	if i >= len(m.b) || m.b[i] != ':' {
		return nil, nil, false
	}
	i = skipSpace(m.b, i+1)
	end = skipValue(m.b, i)
	if end < 0 {
		return nil, nil, false
	}
	m.i = end
	return key, m.b[i:end], true
}
