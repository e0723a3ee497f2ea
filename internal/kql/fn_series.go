package kql

import (
	"math"
	"sort"
)

// seriesFunctions work on arrays of numbers. Values that are none are null.
var seriesFunctions = []fn{
	series2("series_add", func(x, y float64) float64 { return x + y }),
	series2("series_subtract", func(x, y float64) float64 { return x - y }),
	series2("series_multiply", func(x, y float64) float64 { return x * y }),
	series2("series_divide", func(x, y float64) float64 { return x / y }),
	{name: "series_abs", args: "d", out: Dynamic, row: onArray(func(l []any, _ []Value) Value {
		return seriesMap(l, math.Abs)
	})},
	{name: "series_sum", args: "d", out: Real, row: onArrayKind(Real, func(l []any, _ []Value) Value {
		sum := 0.0
		for _, f := range numbers(l) {
			sum += f
		}
		return RealValue(sum)
	})},
	{name: "series_fill_const", args: "d*?*", out: Dynamic, row: onArray(func(l []any, a []Value) Value {
		return fill(l, func([]any, int) any { return toDynamic(a[1]) })
	})},
	{name: "series_fill_forward", args: "d?*", out: Dynamic, row: onArray(func(l []any, _ []Value) Value { return fill(l, before) })},
	{name: "series_fill_backward", args: "d?*", out: Dynamic, row: onArray(func(l []any, _ []Value) Value { return fill(l, after) })},
	{name: "series_fill_linear", args: "d?*bb", out: Dynamic, row: onArray(fillLinear)},
	{name: "series_stats_dynamic", args: "d?b", out: Dynamic, row: onArray(seriesStats)},
}

func series2(name string, f func(x, y float64) float64) fn {
	return fn{name: name, args: "**", out: Dynamic, row: func(a []Value) Value {
		x, isX := a[0].dyn.([]any)
		y, isY := a[1].dyn.([]any)
		n := max(len(x), len(y))
		if !isX && !isY {
			return Null(Dynamic)
		}
		item := func(l []any, isList bool, v Value, i int) Value {
			if !isList {
				return convert(v, Real)
			}
			if i < len(l) {
				return convert(fromDynamic(l[i]), Real)
			}
			return Null(Real)
		}
		out := make([]any, n)
		for i := range out {
			p, q := item(x, isX, a[0], i), item(y, isY, a[1], i)
			if p.full && q.full {
				out[i] = f(p.Real(), q.Real())
			}
		}
		return list(out)
	}}
}

func seriesMap(l []any, f func(float64) float64) Value {
	out := make([]any, len(l))
	for i, v := range l {
		if n := convert(fromDynamic(v), Real); n.full {
			out[i] = f(n.Real())
		}
	}
	return list(out)
}

func numbers(l []any) []float64 {
	out := make([]float64, 0, len(l))
	for _, v := range l {
		if n := convert(fromDynamic(v), Real); n.full {
			out = append(out, n.Real())
		}
	}
	return out
}

func fill(l []any, with func(l []any, i int) any) Value {
	out := append([]any{}, l...)
	for i, v := range l {
		if v == nil {
			out[i] = with(l, i)
		}
	}
	return list(out)
}

func before(l []any, i int) any {
	for ; i >= 0; i-- {
		if l[i] != nil {
			return l[i]
		}
	}
	return nil
}

func after(l []any, i int) any {
	for ; i < len(l); i++ {
		if l[i] != nil {
			return l[i]
		}
	}
	return nil
}

// fillLinear draws lines over gaps; what is before the first value and behind
// the last takes theirs.
func fillLinear(l []any, _ []Value) Value {
	return fill(l, func(l []any, i int) any {
		p, q := i, i
		for p >= 0 && l[p] == nil {
			p--
		}
		for q < len(l) && l[q] == nil {
			q++
		}
		switch {
		case p < 0 && q == len(l):
			return nil
		case p < 0:
			return l[q]
		case q == len(l):
			return l[p]
		}
		x, y := convert(fromDynamic(l[p]), Real), convert(fromDynamic(l[q]), Real)
		if !x.full || !y.full {
			return nil
		}
		return x.Real() + (y.Real()-x.Real())*float64(i-p)/float64(q-p)
	})
}

func seriesStats(l []any, _ []Value) Value {
	n := numbers(l)
	bag := &Bag{}
	if len(n) == 0 {
		return DynamicValue(bag)
	}
	sum, squares := 0.0, 0.0
	least, most := 0, 0
	for i, f := range n {
		sum += f
		if f < n[least] {
			least = i
		}
		if f > n[most] {
			most = i
		}
	}
	mean := sum / float64(len(n))
	for _, f := range n {
		squares += (f - mean) * (f - mean)
	}
	variance := 0.0
	if len(n) > 1 {
		variance = squares / float64(len(n)-1)
	}
	bag.Set("min", n[least])
	bag.Set("min_idx", int64(least))
	bag.Set("max", n[most])
	bag.Set("max_idx", int64(most))
	bag.Set("avg", mean)
	bag.Set("stdev", math.Sqrt(variance))
	bag.Set("variance", variance)
	sort.Float64s(n)
	return DynamicValue(bag)
}
