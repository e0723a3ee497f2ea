package streamsql

import (
	"math"
	"strconv"
	"strings"
)

// castTo compiles CAST(x AS kind) and TRY_CAST. A value that cannot be converted
// is a data error for CAST and NULL for TRY_CAST.
func castTo(x *Expr, kind Kind, try bool, at *site) *Expr {
	return typed(newExpr("", span{}, func(r *Row) Value {
		v := x.Eval(r)
		if v.kind == kind || v.kind == Null {
			return v
		}
		if c, ok := convertTo(v, kind, r.Scratch); ok {
			return c
		}
		if try {
			return NullValue
		}
		return at.fail(r, "%s cannot be CAST to %s; TRY_CAST would give NULL", describe(v), kind)
	}), kind)
}

// describe shows a value in a message.
func describe(v Value) string {
	if v.kind == String {
		return "the string '" + shorten(v.str) + "'"
	}
	return "the " + v.kind.String() + " " + shorten(string(v.AppendJSON(nil)))
}

// convertTo converts a value that is not NULL to another type:
//
//   - bigint: a float without its fraction, a bit, a string that holds a whole
//     number
//   - float: a bigint, a bit, a string that holds a number
//   - nvarchar(max): anything; a datetime as ISO 8601, a record or array as JSON
//   - datetime: a string in ISO 8601
//   - bit: a number (0 is false, others true), the strings true, false, 1 and 0
//   - record and array: a string that holds one as JSON
func convertTo(v Value, kind Kind, mem *Scratch) (Value, bool) {
	if v.kind == kind {
		return v, true
	}
	switch kind {
	case BigInt:
		return toBigInt(v)
	case Float:
		if v.kind == String {
			n, ok := parseNumber(v.str)
			f, _ := n.Number()
			return FloatValue(f), ok
		}
		f, ok := v.Number()
		return FloatValue(f), ok
	case String:
		return StringValue(toText(v, mem)), true
	case DateTime:
		if v.kind == String {
			t, ok := ParseDateTime(v.str)
			return DateTimeValue(t), ok
		}
	case Bit:
		return toBit(v)
	case Record, Array:
		if v.kind == String {
			return toStructure(v.str, kind)
		}
	case Null:
	}
	return NullValue, false
}

// convertInput converts a value that is read to its declared type. As the page
// "Data types" has it, a conversion without loss of precision always succeeds,
// and any other is an error of the event; a float that is not exact is no loss.
func convertInput(v Value, kind Kind, mem *Scratch) (Value, bool) {
	switch {
	case kind == BigInt && v.kind == Float && v.Float() != math.Trunc(v.Float()):
		return NullValue, false
	case kind == Bit && (v.kind == BigInt || v.kind == Float):
		if f, _ := v.Number(); f != 0 && f != 1 {
			return NullValue, false
		}
	}
	return convertTo(v, kind, mem)
}

// Convert converts a value that is not NULL as CAST does; ok is false where CAST
// would be a data error. Text of the result may live in v.
func Convert(v Value, kind Kind) (out Value, ok bool) { return convertTo(v, kind, nil) }

func toBigInt(v Value) (Value, bool) {
	switch v.kind {
	case Bit:
		return BigIntValue(v.Int()), true
	case Float:
		f := math.Trunc(v.Float())
		return BigIntValue(int64(f)), f >= -1<<63 && f < 1<<63
	case String:
		n, err := strconv.ParseInt(strings.TrimSpace(v.str), 10, 64)
		return BigIntValue(n), err == nil
	case Null, BigInt, DateTime, Record, Array:
	}
	return NullValue, false
}

func toBit(v Value) (Value, bool) {
	if v.kind == String {
		s := strings.TrimSpace(v.str)
		yes := strings.EqualFold(s, "true") || s == "1"
		return BitValue(yes), yes || strings.EqualFold(s, "false") || s == "0"
	}
	f, ok := v.Number()
	return BitValue(f != 0), ok
}

func toStructure(text string, kind Kind) (Value, bool) {
	text = strings.TrimSpace(text)
	if skipValue(text, 0, 0) != len(text) {
		return NullValue, false
	}
	v := valueOf(text, nil)
	return v, v.kind == kind
}

// toText is the value as a string: floats without a needless fraction.
func toText(v Value, mem *Scratch) string {
	switch v.kind {
	case String, Record, Array:
		return v.str
	case Bit, BigInt:
		return mem.keep(strconv.AppendInt(mem.buffer(20), v.Int(), 10))
	case Float:
		f := v.Float()
		if f == math.Trunc(f) && math.Abs(f) < 1e15 {
			return mem.keep(strconv.AppendInt(mem.buffer(20), int64(f), 10))
		}
		return mem.keep(appendFloat(mem.buffer(32), f))
	case DateTime:
		return mem.keep(AppendDateTime(mem.buffer(28), v.Ticks()))
	case Null:
	}
	return ""
}

// concat joins texts in the scratch.
func concat(r *Row, parts ...string) Value {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	buf := r.Scratch.buffer(n)
	for _, p := range parts {
		buf = append(buf, p...)
	}
	return StringValue(r.Scratch.keep(buf))
}
