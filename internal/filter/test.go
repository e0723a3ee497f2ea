package filter

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Test is a term made ready to be held against values, millions of times: none
// of its methods allocates. All of them say whether the term holds, its Not
// already considered.
type Test struct {
	op     Op
	not    bool
	exists bool // field:*
	values []operand
}

// operand is one value of a term.
type operand struct {
	text   string
	bytes  []byte
	lower  string // in lower case, for contains
	cased  bool   // upper and lower case differ
	number float64
	isNum  bool
}

// Test makes the term ready.
func (t Term) Test() Test {
	out := Test{op: t.Op, not: t.Not}
	if t.Op == Unequal {
		out.op, out.not = Equal, !t.Not
	}
	for i, v := range t.Values {
		quoted := i == 0 && t.Quoted
		if v == "*" && t.Op == Has && !quoted {
			out.exists = true
			continue
		}
		o := operand{text: v, bytes: []byte(v), lower: strings.ToLower(v)}
		o.cased = o.lower != strings.ToUpper(v)
		if n, err := strconv.ParseFloat(v, 64); err == nil && !quoted && n-n == 0 { // neither infinite nor NaN
			o.number, o.isNum = n, true
		}
		out.values = append(out.values, o)
	}
	return out
}

// Missing is the answer where there is no value.
func (t *Test) Missing() bool { return t.not }

// Number holds the term against a number.
func (t *Test) Number(f float64) bool { return (t.exists || t.anyNumber(f)) != t.not }

// Text holds the term against a text in UTF-8.
func (t *Test) Text(s []byte) bool { return (t.exists || t.anyText(s)) != t.not }

// Word holds the term against one of few words, as true, null or a level's name:
// those are equal, without case, or not.
func (t *Test) Word(s string) bool {
	found := t.exists
	for i := range t.values {
		found = found || strings.EqualFold(t.values[i].text, s)
	}
	return found != t.not
}

func (t *Test) anyNumber(f float64) bool {
	for i := range t.values {
		o := &t.values[i]
		if o.isNum && compares(t.op, order(f, o.number)) {
			return true
		}
	}
	return false
}

func order(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// orderText compares without making a string of s.
func orderText(s []byte, text string) int {
	switch {
	case string(s) < text:
		return -1
	case string(s) > text:
		return 1
	}
	return 0
}

func compares(op Op, order int) bool {
	switch op {
	case Greater:
		return order > 0
	case AtLeast:
		return order >= 0
	case Less:
		return order < 0
	case AtMost:
		return order <= 0
	}
	return order == 0
}

func (t *Test) anyText(s []byte) bool {
	for i := range t.values {
		o := &t.values[i]
		switch t.op {
		case Text, Has:
			if o.in(s) {
				return true
			}
		case Equal:
			if string(s) == o.text {
				return true
			}
		default: // texts and numbers are not compared with each other
			if !o.isNum && compares(t.op, orderText(s, o.text)) {
				return true
			}
		}
	}
	return false
}

// In reports whether the text contains one of the term's values, without case
// and without its Not: a cheap look before a dear one.
func (t *Test) In(s []byte) bool {
	for i := range t.values {
		if t.values[i].in(s) {
			return true
		}
	}
	return false
}

func (o *operand) in(s []byte) bool {
	if !o.cased {
		return bytes.Contains(s, o.bytes)
	}
	return ContainsFold(s, o.lower)
}

// ContainsFold reports whether s contains a text that is in lower case already,
// whatever the case of s is. Two characters are one if their lower cases are; an
// ASCII text is looked for among ASCII characters only.
func ContainsFold(s []byte, lower string) bool {
	if len(lower) == 0 {
		return true
	}
	c := lower[0]
	if c >= utf8.RuneSelf {
		return containsRunes(s, lower)
	}
	upper := c
	if 'a' <= c && c <= 'z' {
		upper -= 'a' - 'A'
	}
	small, large := next(s, 0, c), next(s, 0, upper)
	for {
		at := min(small, large)
		if at == len(s) {
			return false
		}
		if hasPrefixFold(s[at:], lower) {
			return true
		}
		if small == at {
			small = next(s, at+1, c)
		}
		if large == at {
			large = next(s, at+1, upper)
		}
	}
}

// next finds a byte from a place on, or the end.
func next(s []byte, from int, c byte) int {
	if i := bytes.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return len(s)
}

// hasPrefixFold compares rune by rune.
func hasPrefixFold(s []byte, lower string) bool {
	for i := 0; i < len(lower); {
		if len(s) == 0 {
			return false
		}
		if c := lower[i]; c < utf8.RuneSelf && s[0] < utf8.RuneSelf {
			b := s[0]
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			if b != c {
				return false
			}
			s, i = s[1:], i+1
			continue
		}
		want, n := utf8.DecodeRuneInString(lower[i:])
		got, m := utf8.DecodeRune(s)
		if unicode.ToLower(got) != want || got == utf8.RuneError && m == 1 && string(s[:1]) != lower[i:i+n] {
			return false
		}
		s, i = s[m:], i+n
	}
	return true
}

func containsRunes(s []byte, lower string) bool {
	for len(s) > 0 {
		if hasPrefixFold(s, lower) {
			return true
		}
		_, n := utf8.DecodeRune(s)
		s = s[n:]
	}
	return false
}
