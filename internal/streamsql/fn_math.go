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
		"round":  {min: 1, max: 3, fn: round},
	}
}

// finite makes a float, or a data error of NaN and Inf.
func finite(r *Row, at *site, f float64) Value {
	if f-f != 0 {
		return at.fail(r, "the result of %s is not a finite float", at.name)
	}
	return FloatValue(f)
}

func power(r *Row, at *site, a, b Value) Value {
	a, okA := number(r, at, a)
	b, okB := number(r, at, b)
	if !okA || !okB {
		return NullValue
	}
	x, _ := a.Number()
	y, _ := b.Number()
	return finite(r, at, math.Pow(x, y))
}

// round is ROUND(x [, digits [, truncate]]): half away from zero, digits before
// the point if negative.
func round(r *Row, at *site, args []Value) Value {
	x, ok := number(r, at, args[0])
	if !ok {
		return NullValue
	}
	var digits, cut int64
	if len(args) > 1 {
		if digits, ok = whole(r, at, args[1]); !ok {
			return NullValue
		}
	}
	if len(args) > 2 {
		if cut, ok = whole(r, at, args[2]); !ok {
			return NullValue
		}
	}
	digits = min(max(digits, -20), 20)
	mode := math.Round
	if cut != 0 {
		mode = math.Trunc
	}
	if x.kind == BigInt && digits >= 0 {
		return x
	}
	f, _ := x.Number()
	scale := math.Pow(10, math.Abs(float64(digits)))
	if digits < 0 {
		f = mode(f/scale) * scale
	} else if g := f * scale; g-g == 0 {
		f = mode(g) / scale
	}
	if x.kind == Float {
		return finite(r, at, f)
	}
	if f >= 1<<63 || f < -1<<63 {
		return at.fail(r, "ROUND(%d, %d) does not fit a bigint", x.Int(), digits)
	}
	return BigIntValue(int64(f))
}
