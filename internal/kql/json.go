package kql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonDepth bounds how deep arrays and objects may be nested.
const jsonDepth = 200

// parseDynamic reads JSON; text that is none is a string.
func parseDynamic(text string) any {
	if text == "" {
		return nil
	}
	v, ok := parseJSON(text)
	if !ok {
		return text
	}
	return v
}

// parseJSON reads one JSON value. Numbers without fraction and exponent are
// int64 if they fit, else float64.
func parseJSON(text string) (any, bool) {
	p := jsonReader{text: text}
	p.blanks()
	v, ok := p.value(0)
	if !ok {
		return nil, false
	}
	p.blanks()
	return v, p.pos == len(text)
}

type jsonReader struct {
	text string
	pos  int
}

func (p *jsonReader) blanks() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\n' || p.text[p.pos] == '\r' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

func (p *jsonReader) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *jsonReader) value(depth int) (any, bool) {
	if depth > jsonDepth {
		return nil, false
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, w := range [...]struct {
		word string
		v    any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if strings.HasPrefix(p.text[p.pos:], w.word) {
			p.pos += len(w.word)
			return w.v, true
		}
	}
	return nil, false
}

func (p *jsonReader) object(depth int) (any, bool) {
	p.pos++
	bag := &Bag{}
	p.blanks()
	if p.peek() == '}' {
		p.pos++
		return bag, true
	}
	for {
		p.blanks()
		if p.peek() != '"' {
			return nil, false
		}
		name, ok := p.string()
		if !ok {
			return nil, false
		}
		p.blanks()
		if p.peek() != ':' {
			return nil, false
		}
		p.pos++
		p.blanks()
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		if len(bag.Names) < 32 {
			bag.Set(name.(string), v)
		} else {
			bag.Names, bag.Values = append(bag.Names, name.(string)), append(bag.Values, v)
		}
		p.blanks()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return bag, true
		default:
			return nil, false
		}
	}
}

func (p *jsonReader) array(depth int) (any, bool) {
	p.pos++
	list := []any{}
	p.blanks()
	if p.peek() == ']' {
		p.pos++
		return list, true
	}
	for {
		p.blanks()
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		list = append(list, v)
		p.blanks()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return list, true
		default:
			return nil, false
		}
	}
}

func (p *jsonReader) string() (any, bool) {
	p.pos++
	start := p.pos
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			s := p.text[start:p.pos]
			p.pos++
			return s, true
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return nil, false
		}
		p.pos++
	}
	return nil, false
}

// escaped reads the rest of a string that has an escape.
func (p *jsonReader) escaped(start int) (any, bool) {
	out := []byte(p.text[start:p.pos])
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		if c == '"' {
			return string(out), true
		}
		if c < ' ' {
			return nil, false
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		e := p.peek()
		p.pos++
		switch e {
		case '"', '\\', '/':
			out = append(out, e)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := p.hex()
			if !ok {
				return nil, false
			}
			if utf16.IsSurrogate(r) && strings.HasPrefix(p.text[p.pos:], `\u`) {
				p.pos += 2
				low, ok := p.hex()
				if !ok {
					return nil, false
				}
				r = utf16.DecodeRune(r, low)
			}
			out = utf8.AppendRune(out, r)
		default:
			return nil, false
		}
	}
	return nil, false
}

func (p *jsonReader) hex() (rune, bool) {
	if p.pos+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos:p.pos+4], 16, 32)
	p.pos += 4
	return rune(n), err == nil
}

func (p *jsonReader) number() (any, bool) {
	start := p.pos
	whole := true
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		if c == '.' || c == 'e' || c == 'E' {
			whole = false
		} else if (c < '0' || c > '9') && c != '-' && c != '+' {
			break
		}
		p.pos++
	}
	text := p.text[start:p.pos]
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, false
	}
	return f, true
}

// appendJSON writes a dynamic value as JSON without blanks.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendReal(dst, v)
	case string:
		return appendQuoted(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case *Bag:
		dst = append(dst, '{')
		for i, e := range v.Values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, v.Names[i]), ':')
			dst = appendJSON(dst, e)
		}
		return append(dst, '}')
	case Value:
		return v.AppendJSON(dst)
	}
	return append(dst, "null"...)
}

// appendReal writes a real as JSON: with a fraction, so that it stays a real.
func appendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	start := len(dst)
	if a := math.Abs(f); a != 0 && (a < 1e-5 || a >= 1e15) {
		dst = strconv.AppendFloat(dst, f, 'E', -1, 64)
	} else {
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	for _, c := range dst[start:] {
		if c == '.' || c == 'E' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

const hexDigits = "0123456789abcdef"

// appendQuoted writes a text as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
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
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// dynamicSize is about what a dynamic value holds in memory.
func dynamicSize(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(32 + len(v))
	case []any:
		n := int64(40)
		for _, e := range v {
			n += dynamicSize(e)
		}
		return n
	case *Bag:
		n := int64(64)
		for i, e := range v.Values {
			n += int64(16+len(v.Names[i])) + dynamicSize(e)
		}
		return n
	case Value:
		return 80
	}
	return 24
}
