// Package filter is the language of the portal's filter bars: what a person types
// to find events, log lines or items, as terms that a page tests its rows with.
//
//	filter = { term }                          all terms must hold
//	term   = [ "-" ] ( text | field op value { "," value } )
//	field  = segment { "." segment }           body.tempC, prop."my name"
//	op     = ":" | "=" | "!=" | ">" | ">=" | "<" | "<="
//	text, value, segment = word | '"' quoted '"', in which \" and \\ stand for themselves
//
// Spaces may stand around every operator but ":", which its value follows at
// once. Several values mean any of them. What a field holds and which there are
// is the page's to say: an unknown one is an Error at its Start and End.
package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Op is how a term compares.
type Op uint8

// The operators. Has of a text is "contains", without case; of a number it is
// equality; its value * is "is there at all".
const (
	Text    Op = iota // a term without a field
	Has               // :
	Equal             // =
	Unequal           // !=
	Greater           // >
	AtLeast           // >=
	Less              // <
	AtMost            // <=
)

// Term is one condition. Start and End are its place in the text, in bytes.
type Term struct {
	Not    bool
	Path   []string // the field's segments, without quotes; nil for Text
	Op     Op
	Values []string // at least one
	Quoted bool     // the first value was in quotes

	Start, End           int
	ValueStart, ValueEnd int // of its values
}

// Field is the term's field as it is written without quotes.
func (t Term) Field() string { return strings.Join(t.Path, ".") }

// Wrong is an error at the term's field, or at its values.
func (t Term) Wrong(format string, args ...any) *Error {
	return &Error{fmt.Sprintf(format, args...), t.Start, t.End}
}

// WrongValue is an error at the term's values.
func (t Term) WrongValue(format string, args ...any) *Error {
	return &Error{fmt.Sprintf(format, args...), t.ValueStart, t.ValueEnd}
}

// Error says what is wrong with a filter, and where: byte offsets in its text.
type Error struct {
	Message    string
	Start, End int
}

func (e *Error) Error() string { return e.Message }

// limits of a filter: it comes from a browser's address.
const (
	maxText  = 4096
	maxTerms = 32
)

// Parse reads a filter. "" is one without terms, which everything passes. An
// error is an *Error.
func Parse(text string) ([]Term, error) {
	if len(text) > maxText {
		return nil, &Error{fmt.Sprintf("a filter is at most %d bytes", maxText), maxText, len(text)}
	}
	p := parser{text: text}
	var terms []Term
	for p.space(); p.at < len(text); p.space() {
		if len(terms) == maxTerms {
			return nil, &Error{fmt.Sprintf("a filter has at most %d terms", maxTerms), p.at, len(text)}
		}
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	return terms, nil
}

// parser reads the text from at on.
type parser struct {
	text string
	at   int
}

func (p *parser) space() {
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !unicode.IsSpace(r) {
			return
		}
		p.at += n
	}
}

func (p *parser) term() (t Term, err error) {
	t.Start = p.at
	if p.text[p.at] == '-' && p.at+1 < len(p.text) && p.text[p.at+1] != ' ' {
		t.Not = true
		p.at++
	}
	t.ValueStart = p.at
	first := p.at
	if t.Path, t.Quoted, err = p.field(); err != nil {
		return t, err
	}
	t.ValueEnd = p.at
	if t.Op = p.operator(); t.Op == Text {
		t.Values, t.Path, t.End = []string{strings.Join(t.Path, ".")}, nil, p.at
		if !t.Quoted {
			t.Values[0] = p.text[first:p.at] // dots as they were
		}
		return t, nil
	}
	if len(t.Path) == 1 && t.Path[0] == "" {
		return t, &Error{"a field's name comes before " + p.text[t.ValueEnd:p.at], t.Start, p.at}
	}
	if t.Op != Has {
		p.space()
	}
	return t, p.values(&t)
}

// values reads what the operator compares with.
func (p *parser) values(t *Term) error {
	t.ValueStart, t.Quoted = p.at, p.at < len(p.text) && p.text[p.at] == '"'
	for {
		v, err := p.value()
		if err != nil {
			return err
		}
		t.Values = append(t.Values, v)
		if p.at == len(p.text) || p.text[p.at] != ',' {
			break
		}
		p.at++
	}
	t.End, t.ValueEnd = p.at, p.at
	if len(t.Values) > 1 && t.Op > Unequal {
		return t.WrongValue("%s compares with one value", p.text[t.Start:t.ValueStart])
	}
	return nil
}

func (p *parser) value() (string, error) {
	start := p.at
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted()
	}
	for p.at < len(p.text) && p.text[p.at] != ',' {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if unicode.IsSpace(r) {
			break
		}
		p.at += n
	}
	if p.at == start {
		return "", &Error{"a value is missing here", max(0, start-1), max(start, min(start+1, len(p.text)))}
	}
	return p.text[start:p.at], nil
}

// field reads a field's name, or a text. A text that begins with a quote ends
// with it.
func (p *parser) field() (path []string, quoted bool, err error) {
	quoted = p.text[p.at] == '"'
	for {
		var segment string
		if p.at < len(p.text) && p.text[p.at] == '"' {
			if segment, err = p.quoted(); err != nil {
				return nil, quoted, err
			}
		} else {
			start := p.at
			for p.at < len(p.text) && !p.ends() {
				_, n := utf8.DecodeRuneInString(p.text[p.at:])
				p.at += n
			}
			segment = p.text[start:p.at]
		}
		path = append(path, segment)
		if p.at == len(p.text) || p.text[p.at] != '.' {
			return path, quoted, nil
		}
		p.at++
	}
}

// ends reports whether a field's segment ends here.
func (p *parser) ends() bool {
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return unicode.IsSpace(r) || strings.ContainsRune(`.:=<>"`, r) || strings.HasPrefix(p.text[p.at:], "!=")
}

func (p *parser) quoted() (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == '"' || p.text[p.at+1] == '\\'):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", &Error{"the quote is not closed", start, len(p.text)}
}

// operators, the longer before those that begin them.
var operators = [...]struct {
	text string
	op   Op
}{{":", Has}, {"!=", Unequal}, {">=", AtLeast}, {"<=", AtMost}, {"=", Equal}, {">", Greater}, {"<", Less}}

// operator takes an operator, Text when there is none.
func (p *parser) operator() Op {
	begin := p.at
	p.space()
	for _, o := range operators {
		if strings.HasPrefix(p.text[p.at:], o.text) && (o.op != Has || p.at == begin) {
			p.at += len(o.text)
			return o.op
		}
	}
	p.at = begin
	return Text
}
