package docstore

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
