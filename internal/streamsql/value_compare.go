package streamsql

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
)

// Compare orders two values: negative, zero or positive. ok is false if either
// is NULL or their types have no common order. Numbers and bits compare as
// numbers, strings by code point, a string with a datetime as datetimes; records
// and arrays have no order, but are equal if their text is.
func Compare(a, b Value) (order int, ok bool) {
	switch {
	case a.kind == Null || b.kind == Null:
		return 0, false
	case a.kind == b.kind:
		return compareSame(a, b)
	}
	x, okX := a.Number()
	y, okY := b.Number()
	if okX && okY {
		switch {
		case a.kind == Float:
			return compareFloatInt(x, b.Int()), x == x
		case b.kind == Float:
			return -compareFloatInt(y, a.Int()), y == y
		}
		return cmp.Compare(a.Int(), b.Int()), true
	}
	if a.kind == String && b.kind == DateTime {
		t, ok := ParseDateTime(a.str)
		return cmp.Compare(t, b.Ticks()), ok
	}
	if a.kind == DateTime && b.kind == String {
		t, ok := ParseDateTime(b.str)
		return cmp.Compare(a.Ticks(), t), ok
	}
	return 0, false
}

func compareSame(a, b Value) (int, bool) {
	switch a.kind {
	case Bit, BigInt, DateTime:
		return cmp.Compare(int64(a.num), int64(b.num)), true
	case Float:
		x, y := a.Float(), b.Float()
		return cmp.Compare(x, y), x == x && y == y
	case String:
		return strings.Compare(a.str, b.str), true
	case Record, Array:
		return 0, a.str == b.str
	case Null:
	}
	return 0, false
}

// compareFloatInt compares exactly, beyond the integers that a float can hold.
func compareFloatInt(f float64, i int64) int {
	switch {
	case f >= 1<<63:
		return 1
	case f < -1<<63:
		return -1
	}
	whole := math.Floor(f)
	if c := cmp.Compare(int64(whole), i); c != 0 {
		return c
	}
	if f > whole {
		return 1
	}
	return 0
}

// AppendKey appends bytes that are equal for two values exactly if the values
// are equal as group or join keys: 1 and 1.0 are, NULL equals NULL, a string
// never equals a number or datetime. No key is a prefix of another, so keys can
// be concatenated.
func (v Value) AppendKey(dst []byte) []byte {
	switch v.kind {
	case Null:
		return append(dst, 0)
	case Bit, BigInt:
		return binary.BigEndian.AppendUint64(append(dst, 1), v.num)
	case Float:
		f := v.Float()
		if f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 {
			return binary.BigEndian.AppendUint64(append(dst, 1), uint64(int64(f)))
		}
		return binary.BigEndian.AppendUint64(append(dst, 2), v.num)
	case DateTime:
		return binary.BigEndian.AppendUint64(append(dst, 3), v.num)
	case String, Record, Array:
	}
	dst = binary.AppendUvarint(append(dst, byte(v.kind)), uint64(len(v.str)))
	return append(dst, v.str...)
}
