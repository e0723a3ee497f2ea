package hubs

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// path leads into a JSON body: names of properties and, in arrays, numbers.
type path []segment

type segment struct {
	name   []byte
	quoted []byte // as it stands in nearly every text
	index  int    // -1 when the name is no number
}

func newPath(names []string) path {
	p := make(path, len(names))
	for i, name := range names {
		p[i] = segment{name: []byte(name), quoted: []byte(`"` + name + `"`), index: -1}
		if n, err := strconv.Atoi(name); err == nil && n >= 0 {
			p[i].index = n
		}
	}
	return p
}

// in returns the JSON text of the value at the path, nil when there is none. It
// reads no further than it must and allocates nothing, so that what follows the
// value may be no JSON. Of two properties of one name it takes the first.
func (p path) in(body []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	if p[0].index < 0 && !bytes.Contains(body, p[0].quoted) && bytes.IndexByte(body, '\\') < 0 {
		return nil // the usual miss, at the speed of a search
	}
	s := scanner{body}
	for i := range p {
		s.space()
		switch s.first() {
		case '{':
			if !s.property(&p[i]) {
				return nil
			}
		case '[':
			if !s.element(p[i].index) {
				return nil
			}
		default:
			return nil
		}
	}
	s.space()
	rest := s.b
	if !s.skip() {
		return nil
	}
	return rest[:len(rest)-len(s.b)]
}

// scanner takes values off the front of b.
type scanner struct{ b []byte }

func (s *scanner) first() byte {
	if len(s.b) == 0 {
		return 0
	}
	return s.b[0]
}

func (s *scanner) space() {
	for len(s.b) > 0 {
		switch s.b[0] {
		case ' ', '\t', '\r', '\n':
			s.b = s.b[1:]
		default:
			return
		}
	}
}

// take moves over a character, with space around it.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.first() != c {
		return false
	}
	s.b = s.b[1:]
	s.space()
	return true
}

// property moves into an object, to the value of a property.
func (s *scanner) property(want *segment) bool {
	for open := byte('{'); s.take(open); open = ',' {
		rest := s.b
		if s.first() != '"' || !s.skipText() {
			return false
		}
		name := rest[:len(rest)-len(s.b)]
		if !s.take(':') {
			return false
		}
		if bytes.Equal(name, want.quoted) || bytes.IndexByte(name, '\\') >= 0 && string(unquote(name)) == string(want.name) {
			return true
		}
		if !s.skip() {
			return false
		}
	}
	return false
}

// element moves into an array, to an element.
func (s *scanner) element(index int) bool {
	if index < 0 {
		return false
	}
	for open := byte('['); s.take(open); open = ',' {
		if s.first() == ']' {
			return false
		}
		if index == 0 {
			return true
		}
		index--
		if !s.skip() {
			return false
		}
	}
	return false
}

// skip moves over a value.
func (s *scanner) skip() bool {
	switch s.first() {
	case '"':
		return s.skipText()
	case '{', '[':
		return s.skipNested()
	}
	i := 0
	for i < len(s.b) && s.b[i] != ',' && s.b[i] != '}' && s.b[i] != ']' && s.b[i] > ' ' {
		i++
	}
	s.b = s.b[i:]
	return i > 0
}

func (s *scanner) skipText() bool {
	b := s.b[1:]
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			return false
		}
		escapes := 0
		for escapes < i && b[i-1-escapes] == '\\' {
			escapes++
		}
		b = b[i+1:]
		if escapes%2 == 0 {
			s.b = b
			return true
		}
	}
}

func (s *scanner) skipNested() bool {
	depth, b := 0, s.b
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			s.b = b[i:]
			if !s.skipText() {
				return false
			}
			b, i = s.b, -1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.b = b[i+1:]
				return true
			}
		}
	}
	return false
}

// unquote is the text of a JSON string; only one with escapes is decoded.
func unquote(quoted []byte) []byte {
	if len(quoted) < 2 || quoted[0] != '"' {
		return nil
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return nil
	}
	return []byte(text)
}

// pow10 are the powers of ten that a float holds exactly.
var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// number reads a JSON number. Up to fifteen digits take the short way, which is
// exact: both the digits and the power of ten are floats without a rest.
func number(b []byte) (float64, bool) {
	digits, fraction, mantissa := 0, 0, int64(0)
	rest := b
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	}
	dot := false
	for _, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			digits++
			mantissa = mantissa*10 + int64(c-'0')
			if dot {
				fraction++
			}
		case c == '.' && !dot:
			dot = true
		default:
			digits = len(pow10) // an exponent, or no number
		}
		if digits > 15 {
			f, err := strconv.ParseFloat(string(b), 64)
			return f, err == nil
		}
	}
	f := float64(mantissa) / pow10[fraction]
	if len(rest) < len(b) {
		f = -f
	}
	return f, digits > 0
}
