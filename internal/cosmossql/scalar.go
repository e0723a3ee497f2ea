package cosmossql

import (
	"bytes"
	"cmp"
)

// Kind is the type of a value. The numeric order of kinds is the sort order
// across types.
type Kind uint8

// The kinds, in sort order.
const (
	Undefined Kind = iota // absent: not null
	Null
	False
	True
	Number
	String
	Array
	Object
)

// Scalar is a value as an index sees it. The zero Scalar is Undefined.
type Scalar struct {
	Kind Kind
	Num  float64 // for Number
	Text []byte  // for String: the decoded UTF-8 text
}

// Compare orders scalars: by kind, numbers by value, strings by their UTF-8
// bytes (which is code-point order), everything else of one kind equal. Negative
// zero equals zero.
func (s Scalar) Compare(o Scalar) int {
	if s.Kind != o.Kind {
		return cmp.Compare(s.Kind, o.Kind)
	}
	switch s.Kind {
	case Number:
		return cmp.Compare(s.Num, o.Num)
	case String:
		return bytes.Compare(s.Text, o.Text)
	}
	return 0
}
