package docstore

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"
)

// Kind is the type of a JSON value, in the sort order of Cosmos DB.
type Kind uint8

// The kinds, smallest first. Undefined is a property that is absent.
const (
	Undefined Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

// Value is a scalar of a document, or the fact that there is an array or an
// object. Values of different kinds order by kind; numbers as float64, strings
// by the bytes of their UTF-8.
type Value struct {
	Kind Kind
	Num  float64 // for Number
	Str  string  // for String: the text, unescaped
}

// Bound is one end of an index range.
type Bound struct {
	Value     Value
	Inclusive bool
	Set       bool // false: the range is open at this end
}

// Compare returns -1, 0 or 1 in the order of the index.
func (v Value) Compare(o Value) int {
	if c := cmp.Compare(v.Kind, o.Kind); c != 0 {
		return c
	}
	switch v.Kind {
	case Number:
		return cmp.Compare(v.Num, o.Num)
	case String:
		return strings.Compare(v.Str, o.Str)
	}
	return 0
}

// valueOf reads a raw JSON value; nil is Undefined. The text must be valid.
func valueOf(raw []byte) Value {
	if len(raw) == 0 {
		return Value{}
	}
	switch raw[0] {
	case 'n':
		return Value{Kind: Null}
	case 'f':
		return Value{Kind: False}
	case 't':
		return Value{Kind: True}
	case '[':
		return Value{Kind: Array}
	case '{':
		return Value{Kind: Object}
	case '"':
		return Value{Kind: String, Str: text(raw)}
	}
	return Value{Kind: Number, Num: number(raw)}
}

// text returns what a raw JSON string says.
func text(raw []byte) string {
	inside := raw[1 : len(raw)-1]
	if bytes.IndexByte(inside, '\\') >= 0 {
		return unescape(inside)
	}
	return string(inside)
}

// number returns a raw JSON number as the service compares it: the nearest
// float64, an infinity when it is too large.
func number(raw []byte) float64 {
	f, _ := strconv.ParseFloat(string(raw), 64) // the only error is the range, and then f is the infinity
	return f
}
