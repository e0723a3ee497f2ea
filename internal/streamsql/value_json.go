package streamsql

import (
	"math"
	"strconv"
)

// AppendJSON appends the value as JSON: datetimes with seven fractional digits
// and Z, floats always with a fraction or exponent (1.0), records and arrays as
// they are, a float that JSON cannot write (NaN, Inf) as null.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case Bit:
		return strconv.AppendBool(dst, v.num != 0)
	case BigInt:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case Float:
		return appendFloat(dst, v.Float())
	case String:
		return appendString(dst, v.str)
	case DateTime:
		dst = append(dst, '"')
		return append(AppendDateTime(dst, v.Ticks()), '"')
	case Record, Array:
		return appendCompact(dst, v.str)
	case Null:
	}
	return append(dst, "null"...)
}

// appendFloat writes the shortest text that reads back as the same float, with
// a fraction or an exponent.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return append(strconv.AppendInt(dst, int64(f), 10), '.', '0')
	}
	if a := math.Abs(f); a >= 1e-5 && a < 1e15 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, 64)
}
