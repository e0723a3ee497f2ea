package streamsql

import (
	"math"
	"math/bits"
)

// arithmetic compiles a op b for + - * / % & | ^.
//
// Two bigints give a bigint (division truncates, as in T-SQL), otherwise floats.
// What does not fit a bigint, a division by zero and a float that is not finite
// are data errors. + joins two strings. A string that meets a number is
// converted to one.
func arithmetic(op string, a, b *Expr, at *site) *Expr {
	switch op {
	case "+":
		return numeric(a, b, at, addInt, func(x, y float64) float64 { return x + y })
	case "-":
		return numeric(a, b, at, subInt, func(x, y float64) float64 { return x - y })
	case "*":
		return numeric(a, b, at, mulInt, func(x, y float64) float64 { return x * y })
	case "/":
		return numeric(a, b, at, divInt, func(x, y float64) float64 { return x / y })
	case "%":
		return numeric(a, b, at, modInt, math.Mod)
	}
	return bitwise(op, a, b, at)
}

// numeric compiles one operator by its two forms. ints reports overflow and
// division by zero.
func numeric(a, b *Expr, at *site, ints func(x, y int64) (int64, bool), floats func(x, y float64) float64) *Expr {
	general := func(r *Row, x, y Value) Value { return arithmeticSlow(r, x, y, at, ints, floats) }
	fast := func(r *Row, x, y Value) Value {
		if x.kind == Float && y.kind == Float {
			if f := floats(x.Float(), y.Float()); f-f == 0 { // finite
				return FloatValue(f)
			}
		}
		return general(r, x, y)
	}
	switch {
	case a.slot >= 0 && b.slot >= 0:
		return newExpr("", span{}, func(r *Row) Value { return fast(r, r.Slots[a.slot], r.Slots[b.slot]) })
	case b.con != nil:
		c := *b.con
		if c.kind == BigInt { // a float operand meets a float
			f := FloatValue(float64(c.Int()))
			return newExpr("", span{}, func(r *Row) Value {
				x := a.Eval(r)
				if x.kind == Float {
					return fast(r, x, f)
				}
				return general(r, x, c)
			})
		}
		return newExpr("", span{}, func(r *Row) Value { return fast(r, a.Eval(r), c) })
	}
	return newExpr("", span{}, func(r *Row) Value { return fast(r, a.Eval(r), b.Eval(r)) })
}

func arithmeticSlow(r *Row, x, y Value, at *site, ints func(x, y int64) (int64, bool), floats func(x, y float64) float64) Value {
	if x.kind == Null || y.kind == Null {
		return NullValue
	}
	if x.kind == String && y.kind == String && at.name == "+" {
		return concat(r, x.str, y.str)
	}
	if x.kind == String {
		x = implicit(r, x, Float, at)
	}
	if y.kind == String {
		y = implicit(r, y, Float, at)
	}
	if r.Err != nil {
		return NullValue
	}
	f, okX := x.Number()
	g, okY := y.Number()
	if !okX || !okY {
		return at.fail(r, "%s takes numbers, not %s and %s", at.name, x.kind, y.kind)
	}
	if x.kind != Float && y.kind != Float {
		if n, ok := ints(x.Int(), y.Int()); ok {
			return BigIntValue(n)
		}
		if y.Int() == 0 && (at.name == "/" || at.name == "%") {
			return at.fail(r, "division by zero")
		}
		return at.fail(r, "%d %s %d does not fit a bigint; CAST one of them to float", x.Int(), at.name, y.Int())
	}
	if g == 0 && (at.name == "/" || at.name == "%") {
		return at.fail(r, "division by zero")
	}
	if h := floats(f, g); h-h == 0 {
		return FloatValue(h)
	}
	return at.fail(r, "the result of %s is not a finite float", at.name)
}

func addInt(x, y int64) (int64, bool) {
	s := x + y
	return s, (s > x) == (y > 0)
}

func subInt(x, y int64) (int64, bool) {
	d := x - y
	return d, (d < x) == (y > 0)
}

func mulInt(x, y int64) (int64, bool) {
	neg := (x < 0) != (y < 0)
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	switch {
	case hi != 0, !neg && lo > math.MaxInt64, neg && lo > 1<<63:
		return 0, false
	case neg:
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return uint64(-x)
	}
	return uint64(x)
}

func divInt(x, y int64) (int64, bool) {
	if y == 0 || x == math.MinInt64 && y == -1 {
		return 0, false
	}
	return x / y, true
}

func modInt(x, y int64) (int64, bool) {
	switch y {
	case 0:
		return 0, false
	case -1:
		return 0, true
	}
	return x % y, true
}

// bitwise compiles & | ^ on bigints and bits.
func bitwise(op string, a, b *Expr, at *site) *Expr {
	return newExpr("", span{}, func(r *Row) Value {
		x, y := a.Eval(r), b.Eval(r)
		if x.kind == Null || y.kind == Null {
			return NullValue
		}
		if x.kind != BigInt && x.kind != Bit || y.kind != BigInt && y.kind != Bit {
			return at.fail(r, "%s takes bigints, not %s and %s", op, x.kind, y.kind)
		}
		var n uint64
		switch op {
		case "&":
			n = x.num & y.num
		case "|":
			n = x.num | y.num
		default:
			n = x.num ^ y.num
		}
		if x.kind == Bit && y.kind == Bit {
			return BitValue(n != 0)
		}
		return BigIntValue(int64(n))
	})
}

// negate is -x.
func negate(x *Expr, at *site) *Expr {
	return newExpr("", span{}, func(r *Row) Value {
		v := x.Eval(r)
		if v.kind == String {
			v = implicit(r, v, Float, at)
		}
		switch v.kind {
		case BigInt, Bit:
			if v.Int() == math.MinInt64 {
				return at.fail(r, "-(%d) does not fit a bigint", v.Int())
			}
			return BigIntValue(-v.Int())
		case Float:
			return FloatValue(-v.Float())
		case Null:
			return v
		case String, DateTime, Record, Array:
		}
		return at.fail(r, "- takes a number, not %s", v.kind.article())
	})
}

// complement is ~x.
func complement(x *Expr, at *site) *Expr {
	return newExpr("", span{}, func(r *Row) Value {
		switch v := x.Eval(r); v.kind {
		case BigInt:
			return BigIntValue(^v.Int())
		case Bit:
			return BitValue(!v.Bit())
		case Null:
			return v
		default:
			return at.fail(r, "~ takes a bigint, not %s", v.kind.article())
		}
	})
}
