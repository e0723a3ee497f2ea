package docstore

import (
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may nest (the service's limit).
const maxDepth = 128

// member is one property of an object: where its name (without quotes) and its
// value are in the text.
type member struct {
	nameStart, nameEnd   int32
	valueStart, valueEnd int32
}

func (m member) name(doc []byte) []byte  { return doc[m.nameStart:m.nameEnd] }
func (m member) value(doc []byte) []byte { return doc[m.valueStart:m.valueEnd] }

// syntaxError is text that is not JSON, or nests too deep.
type syntaxError struct {
	offset int
	msg    string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.msg, e.offset) }

// scanObject checks that doc is one JSON object in valid UTF-8 and appends its
// top-level members to dst, in order.
func scanObject(doc []byte, dst []member) ([]member, error) {
	if !utf8.Valid(doc) {
		return dst, &syntaxError{firstInvalid(doc), "invalid UTF-8"}
	}
	p := parser{doc: doc}
	i := p.space(0)
	if i >= len(doc) || doc[i] != '{' {
		return dst, &syntaxError{i, "expected an object"}
	}
	p.members = dst
	i = p.object(i, 1, true)
	if p.err == nil {
		if i = p.space(i); i != len(doc) {
			p.fail(i, "text after the object")
		}
	}
	if p.err != nil {
		return dst, p.err
	}
	return p.members, nil
}

func firstInvalid(doc []byte) int {
	for i := 0; i < len(doc); {
		r, n := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(doc)
}

// parser is a checking walk over JSON text. Its methods take and return byte
// offsets; after the first error every method returns at once with the offset
// past the end.
type parser struct {
	doc     []byte
	members []member
	err     error
}

func (p *parser) fail(i int, msg string) int {
	if p.err == nil {
		p.err = &syntaxError{i, msg}
	}
	return len(p.doc)
}

func (p *parser) space(i int) int {
	for i < len(p.doc) && isSpace(p.doc[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// object walks the object that opens at i; at the top it records the members.
func (p *parser) object(i, depth int, top bool) int {
	if depth > maxDepth {
		return p.fail(i, "nested too deep")
	}
	i = p.space(i + 1)
	if i < len(p.doc) && p.doc[i] == '}' {
		return i + 1
	}
	for p.err == nil {
		if i >= len(p.doc) || p.doc[i] != '"' {
			return p.fail(i, "expected a property name")
		}
		nameStart := i + 1
		i = p.str(i)
		nameEnd := i - 1
		if i = p.space(i); i >= len(p.doc) || p.doc[i] != ':' {
			return p.fail(i, "expected a colon")
		}
		i = p.space(i + 1)
		valueStart := i
		i = p.value(i, depth)
		if top && p.err == nil {
			p.members = append(p.members, member{int32(nameStart), int32(nameEnd), int32(valueStart), int32(i)})
		}
		i = p.space(i)
		if i < len(p.doc) && p.doc[i] == ',' {
			i = p.space(i + 1)
			continue
		}
		if i < len(p.doc) && p.doc[i] == '}' {
			return i + 1
		}
		return p.fail(i, "expected a comma or a closing brace")
	}
	return len(p.doc)
}

func (p *parser) array(i, depth int) int {
	if depth > maxDepth {
		return p.fail(i, "nested too deep")
	}
	i = p.space(i + 1)
	if i < len(p.doc) && p.doc[i] == ']' {
		return i + 1
	}
	for p.err == nil {
		i = p.space(p.value(i, depth))
		if i < len(p.doc) && p.doc[i] == ',' {
			i = p.space(i + 1)
			continue
		}
		if i < len(p.doc) && p.doc[i] == ']' {
			return i + 1
		}
		return p.fail(i, "expected a comma or a closing bracket")
	}
	return len(p.doc)
}

func (p *parser) value(i, depth int) int {
	if i >= len(p.doc) {
		return p.fail(i, "expected a value")
	}
	switch c := p.doc[i]; {
	case c == '"':
		return p.str(i)
	case c == '{':
		return p.object(i, depth+1, false)
	case c == '[':
		return p.array(i, depth+1)
	case c == '-' || isDigit(c):
		return p.number(i)
	case c == 't':
		return p.word(i, "true")
	case c == 'f':
		return p.word(i, "false")
	case c == 'n':
		return p.word(i, "null")
	}
	return p.fail(i, "expected a value")
}

func (p *parser) word(i int, w string) int {
	if len(p.doc)-i < len(w) || string(p.doc[i:i+len(w)]) != w {
		return p.fail(i, "expected a value")
	}
	return i + len(w)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number walks -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?, which must be
// within the range of a double: JSON numbers of the service are doubles, and
// clients read anything beyond as Infinity.
func (p *parser) number(i int) int {
	start, exponent := i, false
	if p.doc[i] == '-' {
		i++
	}
	if i < len(p.doc) && p.doc[i] == '0' {
		i++
	} else if i = p.digits(i); p.err != nil {
		return i
	}
	if i < len(p.doc) && p.doc[i] == '.' {
		i = p.digits(i + 1)
	}
	if i < len(p.doc) && (p.doc[i] == 'e' || p.doc[i] == 'E') {
		exponent = true
		i++
		if i < len(p.doc) && (p.doc[i] == '+' || p.doc[i] == '-') {
			i++
		}
		i = p.digits(i)
	}
	if p.err == nil && (exponent || i-start > maxPlainNumber) && math.IsInf(number(p.doc[start:i]), 0) {
		return p.fail(start, "a number that no double holds")
	}
	return i
}

// maxPlainNumber is how long a number without exponent may be to be certainly in
// the range of a double.
const maxPlainNumber = 300

func (p *parser) digits(i int) int {
	start := i
	for i < len(p.doc) && isDigit(p.doc[i]) {
		i++
	}
	if i == start {
		return p.fail(i, "expected a digit")
	}
	return i
}

// str walks the string whose opening quote is at i.
func (p *parser) str(i int) int {
	doc := p.doc
	for i++; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return p.fail(i, "control character in a string")
		case c == '\\':
			if i = p.escape(i + 1); p.err != nil {
				return i
			}
		}
	}
	return p.fail(i, "string without end")
}

// escape checks the escape whose letter is at i and returns the offset of its
// last byte.
func (p *parser) escape(i int) int {
	if i >= len(p.doc) {
		return p.fail(i, "string without end")
	}
	switch p.doc[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		if len(p.doc)-i < 5 {
			return p.fail(i, "string without end")
		}
		for _, c := range p.doc[i+1 : i+5] {
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return p.fail(i, "expected four hexadecimal digits")
			}
		}
		return i + 4
	}
	return p.fail(i, "unknown escape")
}

// skip returns the offset behind the value at i. The text must be valid.
func skip(doc []byte, i int) int {
	switch doc[i] {
	case '"':
		return skipString(doc, i)
	case '{', '[':
		depth := 0
		for ; ; i++ {
			switch doc[i] {
			case '"':
				i = skipString(doc, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(doc) && doc[i] != ',' && doc[i] != '}' && doc[i] != ']' && !isSpace(doc[i]) {
		i++
	}
	return i
}

func skipString(doc []byte, i int) int {
	for i++; doc[i] != '"'; i++ {
		if doc[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// find returns the raw value at the path in valid JSON, or nil when a property
// on the way is absent.
func find(doc []byte, path []string) []byte {
	for _, name := range path {
		if doc = property(doc, name); doc == nil {
			return nil
		}
	}
	return doc
}

// property returns the raw value of a property of a valid JSON value, or nil.
func property(doc []byte, name string) []byte {
	i := skipSpace(doc, 0)
	if i >= len(doc) || doc[i] != '{' {
		return nil
	}
	for i = skipSpace(doc, i+1); doc[i] == '"'; i = skipSpace(doc, i+1) {
		end := skipString(doc, i)
		match := sameName(doc[i+1:end-1], name)
		i = skipSpace(doc, skipSpace(doc, end)+1) // over the colon
		end = skip(doc, i)
		if match {
			return doc[i:end]
		}
		if i = skipSpace(doc, end); doc[i] != ',' {
			return nil
		}
	}
	return nil
}

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && isSpace(doc[i]) {
		i++
	}
	return i
}

// sameName compares a property name as it is in the text with a plain one.
func sameName(raw []byte, name string) bool {
	if string(raw) == name {
		return true
	}
	for _, c := range raw {
		if c == '\\' {
			return unescape(raw) == name
		}
	}
	return false
}

// unescape returns the text of a string's inside that has escapes. Half a
// surrogate pair becomes U+FFFD.
func unescape(inside []byte) string {
	quoted := make([]byte, 0, len(inside)+2)
	quoted = append(append(append(quoted, '"'), inside...), '"')
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		panic("docstore: unescape of a string that is not valid: " + err.Error())
	}
	return s
}
