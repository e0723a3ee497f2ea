package cosmossql

import (
	"math"
	"math/rand/v2"
)

// mathFunctions take numbers. Anything else, and a result that is no finite
// number, is undefined.
var mathFunctions = map[string]function{
	"ABS":       unary(math.Abs),
	"ACOS":      unary(math.Acos),
	"ASIN":      unary(math.Asin),
	"ATAN":      unary(math.Atan),
	"ATN2":      {min: 2, max: 2, fn: numbers(func(a []float64) float64 { return math.Atan2(a[0], a[1]) })},
	"CEILING":   unary(math.Ceil),
	"COS":       unary(math.Cos),
	"COT":       unary(func(x float64) float64 { return 1 / math.Tan(x) }),
	"DEGREES":   unary(func(x float64) float64 { return x * 180 / math.Pi }),
	"EXP":       unary(math.Exp),
	"FLOOR":     unary(math.Floor),
	"LOG":       {min: 1, max: 2, fn: numbers(logarithm)},
	"LOG10":     unary(log10),
	"NUMBERBIN": {min: 1, max: 2, fn: numbers(numberBin)},
	"PI":        {fn: numbers(func([]float64) float64 { return math.Pi })},
	"POWER":     {min: 2, max: 2, fn: numbers(func(a []float64) float64 { return math.Pow(a[0], a[1]) })},
	"RADIANS":   unary(func(x float64) float64 { return x * math.Pi / 180 }),
	"RAND":      {fn: numbers(func([]float64) float64 { return rand.Float64() }), volatile: true},
	"ROUND":     {min: 1, max: 2, fn: numbers(round)},
	"SIGN":      unary(sign),
	"SIN":       unary(math.Sin),
	"SQRT":      unary(math.Sqrt),
	"SQUARE":    unary(func(x float64) float64 { return x * x }),
	"TAN":       unary(math.Tan),
	"TRUNC":     unary(math.Trunc),
}

// numbers makes a builtin of a function on numbers.
func numbers(op func(a []float64) float64) builtin {
	return func(_ *frame, a []value) value {
		var buf [2]float64
		for i, v := range a {
			if v.kind != Number {
				return undefined
			}
			buf[i] = v.num
		}
		return finite(op(buf[:len(a)]))
	}
}

func unary(op func(float64) float64) function {
	return function{min: 1, max: 1, fn: func(_ *frame, a []value) value {
		if a[0].kind != Number {
			return undefined
		}
		return finite(op(a[0].num))
	}}
}

// logarithm is natural, or to the base given; to 10 and 2 without the error of a
// division, as published.
func logarithm(a []float64) float64 {
	switch {
	case len(a) == 1:
		return math.Log(a[0])
	case a[1] == 10:
		return log10(a[0])
	case a[1] == 2:
		return math.Log2(a[0])
	}
	return math.Log(a[0]) / math.Log(a[1])
}

// log10 is exact for powers of ten, which Go's math.Log10 misses by a hair, so
// that FLOOR(LOG10(n)) would count a digit too few.
func log10(x float64) float64 {
	y := math.Log10(x)
	if n := math.Round(y); math.Abs(y-n) < 1e-12 && math.Pow10(int(n)) == x {
		return n
	}
	return y
}

// numberBin rounds down to a multiple of the bin size, 1 if not given; up if the
// size is negative, as published.
func numberBin(a []float64) float64 {
	size := 1.0
	if len(a) == 2 {
		size = a[1]
	}
	if size == 0 {
		return math.NaN()
	}
	return math.Floor(a[0]/size) * size
}

// round rounds halves away from zero, to the number of decimals given.
func round(a []float64) float64 {
	if len(a) == 1 {
		return math.Round(a[0])
	}
	scale := math.Pow(10, math.Trunc(a[1]))
	if r := math.Round(a[0]*scale) / scale; !math.IsInf(r, 0) && !math.IsNaN(r) {
		return r
	}
	return a[0]
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
