package cosmossql

import (
	"math"
	"math/bits"
	"strconv"
)

// integerFunctions work on 64-bit integers without the loss that numbers suffer
// beyond 2^53. An argument that is no integer, a result out of range and a
// division by zero are undefined.
var integerFunctions = map[string]function{
	"INTADD":           integers(intAdd),
	"INTSUB":           integers(intSub),
	"INTMUL":           integers(intMul),
	"INTDIV":           integers(intDiv),
	"INTMOD":           integers(intMod),
	"INTBITAND":        integers(func(a, b int64) (int64, bool) { return a & b, true }),
	"INTBITOR":         integers(func(a, b int64) (int64, bool) { return a | b, true }),
	"INTBITXOR":        integers(func(a, b int64) (int64, bool) { return a ^ b, true }),
	"INTBITLEFTSHIFT":  integers(func(a, b int64) (int64, bool) { return a << uint64(b&63), b >= 0 && b < 64 }),
	"INTBITRIGHTSHIFT": integers(func(a, b int64) (int64, bool) { return a >> uint64(b&63), b >= 0 && b < 64 }),
	"INTBITNOT": {min: 1, max: 1, fn: func(_ *frame, a []value) value {
		n, ok := toInt64(a[0])
		if !ok {
			return undefined
		}
		return intValue(^n)
	}},
}

func integers(op func(a, b int64) (int64, bool)) function {
	return function{min: 2, max: 2, fn: func(_ *frame, a []value) value {
		x, okx := toInt64(a[0])
		y, oky := toInt64(a[1])
		if !okx || !oky {
			return undefined
		}
		r, ok := op(x, y)
		if !ok {
			return undefined
		}
		return intValue(r)
	}}
}

// intValue keeps all digits of n as text.
func intValue(n int64) value {
	return value{kind: Number, num: float64(n), raw: strconv.AppendInt(nil, n, 10)}
}

// toInt64 reads an integer, from its digits if there are.
func toInt64(v value) (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	if v.raw != nil {
		if n, err := strconv.ParseInt(string(v.raw), 10, 64); err == nil {
			return n, true
		}
	}
	if v.num != math.Trunc(v.num) || v.num < -(1<<63) || v.num >= 1<<63 {
		return 0, false
	}
	return int64(v.num), true
}

func intAdd(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func intSub(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) == (b > 0)
}

func intMul(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	limit := uint64(1)<<63 - 1
	if negative := (a < 0) != (b < 0); negative {
		limit++
	}
	return a * b, hi == 0 && lo <= limit
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func intDiv(a, b int64) (int64, bool) {
	if b == 0 || (a == math.MinInt64 && b == -1) {
		return 0, false
	}
	return a / b, true
}

func intMod(a, b int64) (int64, bool) {
	if b == 0 {
		return 0, false
	}
	if b == -1 {
		return 0, true
	}
	return a % b, true
}
