package kql

import (
	"math"
	"time"
)

// Kind is a type of the language.
type Kind uint8

// The types, with the names that String gives. None is no type: a literal null
// takes the type of what it meets.
const (
	None Kind = iota
	Bool
	Int
	Long
	Real
	String
	Datetime
	Timespan
	GUID
	Decimal
	Dynamic
)

var kindNames = [...]string{"", "bool", "int", "long", "real", "string", "datetime", "timespan", "guid", "decimal", "dynamic"}

// String is the type's name in the language and in the query API.
func (k Kind) String() string { return kindNames[k] }

// The lengths of time in ticks of 100 ns.
const (
	Microsecond int64 = 10
	Millisecond       = 1000 * Microsecond
	Second            = 1000 * Millisecond
	Minute            = 60 * Second
	Hour              = 60 * Minute
	Day               = 24 * Hour
)

// unixTicks is 1970 in ticks since year 1; lastTick is the end of year 9999.
const (
	unixTicks int64 = 621355968000000000
	lastTick  int64 = 3155378975999999999
)

// Ticks is a moment as a Datetime: ticks of 100 ns since year 1, UTC.
func Ticks(t time.Time) int64 {
	return unixTicks + t.Unix()*Second + int64(t.Nanosecond())/100
}

// Moment is the time.Time of a Datetime.
func Moment(ticks int64) time.Time {
	ticks -= unixTicks
	seconds := ticks / Second
	rest := ticks % Second
	return time.Unix(seconds, rest*100).UTC()
}

// Span is a length of time as a Timespan.
func Span(d time.Duration) int64 { return int64(d) / 100 }

// Value is one value of one kind. The zero Value is a null of no kind.
type Value struct {
	kind Kind
	full bool // not null
	num  uint64
	text string
	dyn  any
}

// Null is the null of a kind. A string has none: it is "".
func Null(k Kind) Value { return Value{kind: k, full: k == String} }

// BoolValue is a bool.
func BoolValue(b bool) Value {
	v := Value{kind: Bool, full: true}
	if b {
		v.num = 1
	}
	return v
}

// IntValue is an Int, Long, Datetime or Timespan (in ticks), or a Bool as 0 or 1.
func IntValue(k Kind, n int64) Value { return Value{kind: k, full: true, num: uint64(n)} }

// RealValue is a real.
func RealValue(f float64) Value { return Value{kind: Real, full: true, num: math.Float64bits(f)} }

// TextValue is a String, GUID or Decimal in its text.
func TextValue(k Kind, s string) Value { return Value{kind: k, full: true, text: s} }

// DynamicValue is a dynamic: nil, bool, int64, float64, string, []any, *Bag, or
// a Value of another kind (datetime, timespan, guid, decimal).
func DynamicValue(v any) Value { return Value{kind: Dynamic, full: v != nil, dyn: v} }

// Kind is the value's type.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether there is no value.
func (v Value) IsNull() bool { return !v.full }

// Bool is the value of a Bool.
func (v Value) Bool() bool { return v.num != 0 }

// Int is the value of an Int, Long, Datetime or Timespan.
func (v Value) Int() int64 { return int64(v.num) }

// Real is the value of a Real.
func (v Value) Real() float64 { return math.Float64frombits(v.num) }

// Text is the value of a String, GUID or Decimal.
func (v Value) Text() string { return v.text }

// Dynamic is the value of a Dynamic, as DynamicValue takes it.
func (v Value) Dynamic() any { return v.dyn }

// Bag is an object of dynamic values: names in the order in which they came.
type Bag struct {
	Names  []string
	Values []any
}

// Get is the value under a name.
func (b *Bag) Get(name string) (any, bool) {
	for i, n := range b.Names {
		if n == name {
			return b.Values[i], true
		}
	}
	return nil, false
}

// Set puts a value under a name, in its old place if it has one.
func (b *Bag) Set(name string, v any) {
	for i, n := range b.Names {
		if n == name {
			b.Values[i] = v
			return
		}
	}
	b.Names, b.Values = append(b.Names, name), append(b.Values, v)
}
