package kql

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
)

// mathFunctions work on numbers.
var mathFunctions = []fn{
	real1("sqrt", math.Sqrt), real1("exp", math.Exp), real1("exp2", math.Exp2), real1("exp10", func(f float64) float64 { return math.Pow(10, f) }),
	real1("log", math.Log), real1("log2", math.Log2), real1("log10", math.Log10),
	real1("sin", math.Sin), real1("cos", math.Cos), real1("tan", math.Tan), real1("asin", math.Asin), real1("acos", math.Acos), real1("atan", math.Atan),
	real1("cot", func(f float64) float64 { return 1 / math.Tan(f) }),
	real1("degrees", func(f float64) float64 { return f * 180 / math.Pi }), real1("radians", func(f float64) float64 { return f * math.Pi / 180 }),
	real1("gamma", math.Gamma), real1("loggamma", func(f float64) float64 { v, _ := math.Lgamma(f); return v }),
	real1("erf", math.Erf), real1("erfc", math.Erfc),
	{name: "pow", args: "rr", out: Real, row: func(a []Value) Value { return finite(math.Pow(a[0].Real(), a[1].Real())) }},
	{name: "atan2", args: "rr", out: Real, row: func(a []Value) Value { return finite(math.Atan2(a[0].Real(), a[1].Real())) }},
	{name: "beta_cdf", args: "rrr", bind: func(b *binder, c *call, _ []*node) *node { b.refuse(c.at, "the function 'beta_cdf'"); return nil }},
	{name: "pi", out: Real, row: func([]Value) Value { return RealValue(math.Pi) }},
	{name: "abs", args: "*", bind: absolute},
	{name: "sign", args: "n", bind: func(_ *binder, _ *call, args []*node) *node {
		return lift(Long, []*node{args[0].to(Real)}, func(a []Value) Value {
			if !a[0].full {
				return Null(Long)
			}
			return IntValue(Long, int64(orderReals(a[0].Real(), 0)))
		})
	}},
	{name: "ceiling", args: "n", bind: rounding(math.Ceil)},
	{name: "floor", args: "*?*", bind: floor, named: true},
	{name: "bin", args: "**", bind: bin, named: true},
	{name: "bin_at", args: "***", bind: binAt, named: true},
	{name: "round", args: "r?l", bind: round, named: true},
	{name: "rand", args: "?l", bind: random},
	{name: "isnan", args: "r", out: Bool, row: func(a []Value) Value { return BoolValue(math.IsNaN(a[0].Real())) }},
	{name: "isinf", args: "r", out: Bool, row: func(a []Value) Value { return BoolValue(math.IsInf(a[0].Real(), 0)) }},
	{name: "isfinite", args: "r", out: Bool, row: func(a []Value) Value {
		return BoolValue(!math.IsInf(a[0].Real(), 0) && !math.IsNaN(a[0].Real()))
	}},
	whole2("binary_and", func(x, y int64) int64 { return x & y }), whole2("binary_or", func(x, y int64) int64 { return x | y }), whole2("binary_xor", func(x, y int64) int64 { return x ^ y }),
	whole2("binary_shift_left", func(x, y int64) int64 { return x << (uint64(y) % 64) }), whole2("binary_shift_right", func(x, y int64) int64 { return x >> (uint64(y) % 64) }),
	{name: "binary_not", args: "l", out: Long, row: func(a []Value) Value { return IntValue(Long, ^a[0].Int()) }},
	{name: "bitset_count_ones", args: "l", out: Long, row: func(a []Value) Value { return IntValue(Long, int64(bits.OnesCount64(a[0].num))) }},
	{name: "not", args: "b", out: Bool, row: func(a []Value) Value { return BoolValue(!a[0].Bool()) }},
}

// finite is a real, or null where the function has no value.
func finite(f float64) Value {
	if math.IsNaN(f) {
		return Null(Real)
	}
	return RealValue(f)
}

func real1(name string, f func(float64) float64) fn {
	return fn{name: name, args: "r", out: Real, row: func(a []Value) Value { return finite(f(a[0].Real())) }}
}

func whole2(name string, f func(x, y int64) int64) fn {
	return fn{name: name, args: "ll", out: Long, row: func(a []Value) Value { return IntValue(Long, f(a[0].Int(), a[1].Int())) }}
}

func absolute(b *binder, c *call, args []*node) *node {
	n := args[0]
	if n.kind == Dynamic {
		n = n.to(Real)
	}
	if !isNumber(n.kind) && n.kind != Timespan {
		b.fail(c.args[0].where(), "SEM0218", "abs(): argument #1 expected to be a number expression, not %s", n.kind)
	}
	if n.kind == Int {
		n = n.to(Long)
	}
	return lift(n.kind, []*node{n}, func(a []Value) Value {
		v := a[0]
		switch {
		case !v.full:
		case v.kind == Real:
			return RealValue(math.Abs(v.Real()))
		case v.kind == Decimal:
			if r, ok := decimalOf(v.text); ok && r.Sign() < 0 {
				return TextValue(Decimal, decimalText(r.Neg(r)))
			}
		case v.Int() < 0:
			return IntValue(v.kind, -v.Int())
		}
		return v
	})
}

// rounding is a function that leaves whole numbers whole.
func rounding(f func(float64) float64) func(*binder, *call, []*node) *node {
	return func(_ *binder, _ *call, args []*node) *node {
		if isWhole(args[0].kind) {
			return args[0].to(Long)
		}
		return lift(Real, []*node{args[0].to(Real)}, func(a []Value) Value {
			if !a[0].full {
				return a[0]
			}
			return RealValue(f(a[0].Real()))
		})
	}
}

// floor is bin, with 1 where no size is given.
func floor(b *binder, c *call, args []*node) *node {
	if len(args) == 1 {
		if args[0].kind == Dynamic {
			args[0] = args[0].to(Real)
		}
		if !isNumber(args[0].kind) {
			b.fail(c.span, "SEM0219", "floor(): function expects 2 arguments for a %s", args[0].kind)
		}
		return rounding(math.Floor)(b, c, args)
	}
	return bin(b, c, args)
}

// bin rounds down to a multiple: of datetimes since year 1, of timespans and
// numbers from 0.
func bin(b *binder, c *call, args []*node) *node {
	x, size := args[0], args[1]
	if x.kind == Dynamic {
		x = x.to(Real)
	}
	switch {
	case (x.kind == Datetime || x.kind == Timespan) && size.kind == Timespan, isWhole(x.kind) && isWhole(size.kind):
		k := x.kind
		if k == Int {
			x, k = x.to(Long), Long
		}
		return binWhole(k, x, size.to(sizeKind(size.kind)))
	case x.kind == Datetime && isNumber(size.kind): // a number of days
		return binWhole(Datetime, x, lift(Timespan, []*node{size.to(Real)}, func(a []Value) Value {
			return IntValue(Timespan, roundTicks(a[0].Real()*float64(Day)))
		}))
	case isNumber(x.kind) && isNumber(size.kind):
		return lift(Real, []*node{x.to(Real), size.to(Real)}, func(a []Value) Value {
			if !a[0].full || !a[1].full || a[1].Real() <= 0 {
				return Null(Real)
			}
			return RealValue(math.Floor(a[0].Real()/a[1].Real()) * a[1].Real())
		})
	}
	b.fail(c.span, "SEM0218", "%s(): a %s is not rounded to a multiple of a %s", c.name, x.kind, size.kind)
	return nil
}

func sizeKind(k Kind) Kind {
	if k == Int {
		return Long
	}
	return k
}

func binWhole(k Kind, x, size *node) *node {
	args := []*node{x, size}
	out := &node{kind: k, refs: refsOf(args)}
	out.eval = func(c *Chunk) *Vector {
		v, s := x.eval(c), size.eval(c)
		n := c.N
		if v.Same && s.Same {
			n = 1
		}
		res := &Vector{Kind: k, Ints: make([]int64, n), Same: v.Same && s.Same, Nulls: nullsOf(v, s, n)}
		for i := range n {
			t, w := v.Ints[v.at(i)], s.Ints[s.at(i)]
			if w <= 0 {
				if res.Nulls == nil {
					res.Nulls = NewBitmap(n)
				}
				res.Nulls.Set(i)
				continue
			}
			r := t % w
			if r < 0 {
				r += w
			}
			res.Ints[i] = t - r
		}
		return res
	}
	return fold(out, args)
}

// binAt rounds down to a multiple away from a fixed point.
func binAt(b *binder, c *call, args []*node) *node {
	x, size, at := args[0], args[1], args[2]
	if x.kind == Dynamic {
		x = x.to(Real)
	}
	switch {
	case x.kind == Datetime && size.kind == Timespan && at.kind == Datetime, x.kind == Timespan && size.kind == Timespan && at.kind == Timespan,
		isWhole(x.kind) && isWhole(size.kind) && isWhole(at.kind):
		k := x.kind
		if k == Int {
			k = Long
		}
		return lift(k, []*node{x, size, at}, func(a []Value) Value {
			if !a[0].full || !a[1].full || !a[2].full || a[1].Int() <= 0 {
				return Null(k)
			}
			r := (a[0].Int() - a[2].Int()) % a[1].Int()
			if r < 0 {
				r += a[1].Int()
			}
			return IntValue(k, a[0].Int()-r)
		})
	case isNumber(x.kind) && isNumber(size.kind) && isNumber(at.kind):
		return lift(Real, []*node{x.to(Real), size.to(Real), at.to(Real)}, func(a []Value) Value {
			if !a[0].full || !a[1].full || !a[2].full || a[1].Real() <= 0 {
				return Null(Real)
			}
			return RealValue(math.Floor((a[0].Real()-a[2].Real())/a[1].Real())*a[1].Real() + a[2].Real())
		})
	}
	b.fail(c.span, "SEM0218", "bin_at(): a %s is not rounded to a multiple of a %s from a %s", x.kind, size.kind, at.kind)
	return nil
}

// round rounds half away from zero, at a number of digits.
func round(_ *binder, _ *call, args []*node) *node {
	if len(args) == 1 {
		return lift(Real, args, func(a []Value) Value {
			if !a[0].full {
				return a[0]
			}
			return RealValue(math.Round(a[0].Real()))
		})
	}
	return lift(Real, args, func(a []Value) Value {
		if !a[0].full || !a[1].full {
			return Null(Real)
		}
		f := a[0].Real()
		digits := max(-300, min(a[1].Int(), 15))
		if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) > 1e15 && digits >= 0 {
			return a[0]
		}
		power := math.Pow(10, math.Abs(float64(digits)))
		if digits < 0 {
			return RealValue(math.Round(f/power) * power)
		}
		// The decimal text is what people mean by half: 2.675 to two digits.
		scaled, _ := new(big.Float).SetString(realText(f))
		if scaled == nil {
			return RealValue(math.Round(f*power) / power)
		}
		s, _ := scaled.Mul(scaled, big.NewFloat(power)).Float64()
		return RealValue(math.Round(s) / power)
	})
}

// random is rand(): a real below 1, or with an argument a whole number below it.
func random(_ *binder, _ *call, args []*node) *node {
	kind, below := Real, int64(0)
	if len(args) == 1 && args[0].value != nil {
		kind, below = Long, max(args[0].value.Int(), 1)
	}
	return &node{kind: kind, eval: func(c *Chunk) *Vector {
		b := newBuilder(kind, c.N)
		for range c.N {
			if kind == Long {
				b.add(IntValue(Long, rand.Int64N(below)))
			} else {
				b.add(RealValue(rand.Float64()))
			}
		}
		return b.vector()
	}}
}
