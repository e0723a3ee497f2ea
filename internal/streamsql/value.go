package streamsql

import (
	"math"
	"strings"
)

// Kind is the type of a Value.
type Kind uint8

// The types of the language. Null is the zero value.
const (
	Null     Kind = iota
	Bit           // true or false
	BigInt        // 64-bit signed integer
	Float         // IEEE 754 double
	String        // nvarchar(max), UTF-8 here
	DateTime      // 100 ns ticks since 0001-01-01T00:00:00Z
	Record        // a JSON object, kept as its text
	Array         // a JSON array, kept as its text
)

var kindNames = [...]string{"null", "bit", "bigint", "float", "nvarchar(max)", "datetime", "record", "array"}

// String names the type as the language does.
func (k Kind) String() string { return kindNames[k] }

// article names the type in a sentence.
func (k Kind) article() string {
	switch k {
	case Array, String:
		return "an " + k.String()
	case Null:
		return "NULL"
	}
	return "a " + k.String()
}

// Value is one value of a row: 32 bytes, no interface. The zero Value is NULL.
//
// The text of a String, Record or Array may point into the event it was decoded
// from or into the Scratch it was computed in. It is valid until that buffer is
// reused; whoever keeps a Value longer keeps Clone of it.
type Value struct {
	str  string // String: the text; Record and Array: valid JSON text
	num  uint64 // Bit: 0 or 1; BigInt and DateTime: the integer; Float: its bits
	kind Kind
}

// NullValue is NULL.
var NullValue = Value{}

// BitValue makes a bit.
func BitValue(b bool) Value {
	if b {
		return Value{kind: Bit, num: 1}
	}
	return Value{kind: Bit}
}

// BigIntValue makes a bigint.
func BigIntValue(i int64) Value { return Value{kind: BigInt, num: uint64(i)} }

// FloatValue makes a float.
func FloatValue(f float64) Value { return Value{kind: Float, num: math.Float64bits(f)} }

// StringValue makes a string.
func StringValue(s string) Value { return Value{kind: String, str: s} }

// DateTimeValue makes a datetime from ticks since year 1.
func DateTimeValue(ticks int64) Value { return Value{kind: DateTime, num: uint64(ticks)} }

// RecordValue makes a record of the text of a JSON object.
func RecordValue(json string) Value { return Value{kind: Record, str: json} }

// ArrayValue makes an array of the text of a JSON array.
func ArrayValue(json string) Value { return Value{kind: Array, str: json} }

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// IsNull says whether the value is NULL.
func (v Value) IsNull() bool { return v.kind == Null }

// Bit returns the payload of a Bit.
func (v Value) Bit() bool { return v.num != 0 }

// Int returns the payload of a BigInt, the ticks of a DateTime, or 0 or 1 of a
// Bit.
func (v Value) Int() int64 { return int64(v.num) }

// Float returns the payload of a Float.
func (v Value) Float() float64 { return math.Float64frombits(v.num) }

// Ticks returns the payload of a DateTime.
func (v Value) Ticks() int64 { return int64(v.num) }

// Text returns the text of a String, and the JSON text of a Record or Array.
func (v Value) Text() string { return v.str }

// Number returns a BigInt, Float or Bit as float, and whether it is one of them.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case BigInt, Bit:
		return float64(int64(v.num)), true
	case Float:
		return v.Float(), true
	case Null, String, DateTime, Record, Array:
	}
	return 0, false
}

// Clone returns the value with text of its own.
func (v Value) Clone() Value {
	v.str = strings.Clone(v.str)
	return v
}

// Size returns the bytes that the value keeps alive outside itself.
func (v Value) Size() int { return len(v.str) }
