package streamsql

import (
	"cmp"
	"math"
)

// mathFuncs are ABS CEILING EXP FLOOR POWER ROUND SIGN SQRT SQUARE. ABS, CEILING,
// FLOOR, ROUND and SIGN keep the type of their argument; the others are floats.
func mathFuncs() map[string]scalarFunc {
	same := func(ints func(int64) (int64, bool), floats func(float64) float64) scalarFunc {
		return scalarFunc{min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			a, ok := number(r, at, a)
			if !ok {
				return NullValue
			}
			if a.kind == Float {
				return finite(r, at, floats(a.Float()))
			}
			n, ok := ints(a.Int())
			if !ok {
				return at.fail(r, "%s(%d) does not fit a bigint", at.name, a.Int())
			}
			return BigIntValue(n)
		}}
	}
	float := func(f func(float64) float64) scalarFunc {
		return scalarFunc{min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			a, ok := number(r, at, a)
			if !ok {
				return NullValue
			}
			x, _ := a.Number()
			return finite(r, at, f(x))
		}}
	}
	keep := func(n int64) (int64, bool) { return n, true }
	return map[string]scalarFunc{
		"abs": same(func(n int64) (int64, bool) {
			if n < 0 {
				return -n, n != math.MinInt64
			}
			return n, true
		}, math.Abs),
		"ceiling": same(keep, math.Ceil),
		"floor":   same(keep, math.Floor),
		"sign": same(func(n int64) (int64, bool) {
			return int64(cmp.Compare(n, 0)), true
		}, func(f float64) float64 {
			switch {
			case f > 0:
				return 1
			case f < 0:
				return -1
			}
			return 0
		}),
		"exp":    float(math.Exp),
		"sqrt":   float(math.Sqrt),
		"square": float(func(f float64) float64 { return f * f }),
		"power":  {min: 2, max: 2, f2: power},
		"round":  {min: 2, max: 2, f2: round},
	}
}

// finite makes a float, or a data error of NaN and Inf.
func finite(r *Row, at *site, f float64) Value {
	if f-f != 0 {
		return at.fail(r, "the result of %s is not a finite float", at.name)
	}
	return FloatValue(f)
}

// power is POWER(x, y), of x's type: of a bigint without a fraction.
func power(r *Row, at *site, a, b Value) Value {
	a, okA := number(r, at, a)
	b, okB := number(r, at, b)
	if !okA || !okB {
		return NullValue
	}
	if a.kind == BigInt && b.kind == BigInt && b.Int() >= 0 {
		n, ok := powerInt(a.Int(), b.Int())
		if !ok {
			return at.fail(r, "POWER(%d, %d) does not fit a bigint; CAST the first to float", a.Int(), b.Int())
		}
		return BigIntValue(n)
	}
	x, _ := a.Number()
	y, _ := b.Number()
	v := finite(r, at, math.Pow(x, y))
	if v.kind == Null || a.kind == Float {
		return v
	}
	n, ok := toBigInt(v)
	if !ok {
		return at.fail(r, "POWER(%d, …) does not fit a bigint; CAST the first to float", a.Int())
	}
	return n
}

// powerInt multiplies by squares, exactly.
func powerInt(x, n int64) (int64, bool) {
	if x >= -1 && x <= 1 && n > 2 {
		n = 2 - n&1 // only parity counts
	}
	var ok bool
	out := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			if out, ok = mulInt(out, x); !ok {
				return 0, false
			}
		}
		if n > 1 {
			if x, ok = mulInt(x, x); !ok {
				return 0, false
			}
		}
	}
	return out, true
}

// round is ROUND(x, digits): half away from zero, digits before the point if
// negative.
func round(r *Row, at *site, a, b Value) Value {
	x, ok := number(r, at, a)
	if !ok {
		return NullValue
	}
	digits, ok := whole(r, at, b)
	if !ok {
		return NullValue
	}
	digits = min(max(digits, -400), 400)
	if x.kind == BigInt {
		n, ok := roundInt(x.Int(), digits)
		if !ok {
			return at.fail(r, "ROUND(%d, %d) does not fit a bigint", x.Int(), digits)
		}
		return BigIntValue(n)
	}
	f, _ := x.Number()
	scale := math.Pow(10, math.Abs(float64(digits)))
	switch g := f * scale; {
	case digits < -308:
		f = 0
	case digits < 0:
		f = math.Round(f/scale) * scale
	case g-g == 0:
		f = math.Round(g) / scale
	}
	return finite(r, at, f)
}

// roundInt rounds a bigint to a power of ten, exactly.
func roundInt(n, digits int64) (int64, bool) {
	if digits >= 0 {
		return n, true
	}
	if digits < -19 {
		return 0, true
	}
	if digits == -19 { // half of it is less than the greatest bigint
		return 0, n < 5e18 && n > -5e18
	}
	scale := int64(1)
	for range -digits {
		scale *= 10
	}
	rest := n % scale
	n -= rest
	switch {
	case rest >= scale-rest:
		return addInt(n, scale)
	case -rest >= scale+rest && rest < 0:
		return addInt(n, -scale)
	}
	return n, true
}
