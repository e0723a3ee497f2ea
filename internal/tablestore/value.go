package tablestore

import (
	"math"
	"time"
)

// Type is a type of the entity data model. The numbers are part of the record
// format.
type Type uint8

// The types of properties. The zero value is none.
const (
	String Type = iota + 1
	Boolean
	Int32
	Int64
	Double
	DateTime
	GUID
	Binary
)

var typeNames = [...]string{
	String: "Edm.String", Boolean: "Edm.Boolean", Int32: "Edm.Int32", Int64: "Edm.Int64", Double: "Edm.Double",
	DateTime: "Edm.DateTime", GUID: "Edm.Guid", Binary: "Edm.Binary",
}

// String returns the type's name on the wire, for instance Edm.Int64.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return ""
}

// TypeNamed returns the type with a name of the wire; ok is false for others.
func TypeNamed(name string) (t Type, ok bool) {
	for t := String; t <= Binary; t++ {
		if typeNames[t] == name {
			return t, true
		}
	}
	return 0, false
}

// Value is a value of a property. The zero Value is none. Two values are equal
// by == when type and content are.
type Value struct {
	typ Type
	num uint64 // of Boolean, Int32, Int64, Double (its bits) and DateTime (its ticks)
	str string // of String, GUID (16 bytes in the order of its text) and Binary
}

// StringValue is a Value of type String; s is valid UTF-8.
func StringValue(s string) Value { return Value{typ: String, str: s} }

// BoolValue is a Value of type Boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{typ: Boolean, num: 1}
	}
	return Value{typ: Boolean}
}

// Int32Value is a Value of type Int32.
func Int32Value(n int32) Value { return Value{typ: Int32, num: uint64(n)} }

// Int64Value is a Value of type Int64.
func Int64Value(n int64) Value { return Value{typ: Int64, num: uint64(n)} }

// DoubleValue is a Value of type Double, also NaN or infinite.
func DoubleValue(f float64) Value { return Value{typ: Double, num: math.Float64bits(f)} }

// DateTimeValue is a Value of type DateTime.
func DateTimeValue(t Ticks) Value { return Value{typ: DateTime, num: uint64(t)} }

// GUIDValue is a Value of type GUID.
func GUIDValue(g [16]byte) Value { return Value{typ: GUID, str: string(g[:])} }

// BinaryValue is a Value of type Binary with those bytes.
func BinaryValue(b string) Value { return Value{typ: Binary, str: b} }

// Type returns the value's type.
func (v Value) Type() Type { return v.typ }

// Text returns the content of a String.
func (v Value) Text() string { return v.str }

// Bytes returns the content of a Binary, or a GUID's 16 bytes.
func (v Value) Bytes() string { return v.str }

// Bool returns the content of a Boolean.
func (v Value) Bool() bool { return v.num != 0 }

// Int returns the content of an Int32 or Int64.
func (v Value) Int() int64 { return int64(v.num) }

// Double returns the content of a Double.
func (v Value) Double() float64 { return math.Float64frombits(v.num) }

// Ticks returns the content of a DateTime.
func (v Value) Ticks() Ticks { return Ticks(v.num) }

// Ticks is a time as tables keep it: 100 ns since the first of January of the
// year 1, UTC.
type Ticks int64

// The range of times that a property may have (Azure: from 1601 on).
const (
	MinTicks Ticks = 504_911_232_000_000_000   // 1601-01-01T00:00:00Z
	MaxTicks Ticks = 3_155_378_975_999_999_999 // 9999-12-31T23:59:59.9999999Z
)

// unixTicks is the time 1970-01-01.
const unixTicks = 62_135_596_800 * ticksPerSecond

const ticksPerSecond = 10_000_000

// TicksOf returns a time's ticks, cut down to 100 ns. The time is in the years 1
// to 9999.
func TicksOf(t time.Time) Ticks {
	return Ticks(unixTicks + t.Unix()*ticksPerSecond + int64(t.Nanosecond())/100)
}

// Time returns the ticks as a time in UTC.
func (t Ticks) Time() time.Time {
	since := int64(t) - unixTicks
	return time.Unix(floorDiv(since, ticksPerSecond), (since-floorDiv(since, ticksPerSecond)*ticksPerSecond)*100).UTC()
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// AppendText appends the time with seven digits of the second, as the service
// writes it: 2021-04-06T21:03:31.9231271Z.
func (t Ticks) AppendText(dst []byte) []byte {
	return t.Time().AppendFormat(dst, "2006-01-02T15:04:05.0000000Z")
}

// String returns what AppendText appends.
func (t Ticks) String() string { return string(t.AppendText(nil)) }
