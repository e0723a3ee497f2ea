package cosmossql

import "slices"

// arrayMathFunctions fold an array into one value. Sum, average and median take
// numbers, and are undefined once anything else is among the elements; the least
// and the greatest element order across types (null, booleans, numbers, strings)
// and are undefined once an array or object is. Over nothing all are undefined,
// as the aggregates SUM, AVG, MIN and MAX are; the pages do not say.
var arrayMathFunctions = map[string]function{
	"ARRAY_AVG":    {min: 1, max: 1, fn: numbersIn(average)},
	"ARRAY_MAX":    {min: 1, max: 1, fn: extreme(1)},
	"ARRAY_MEDIAN": {min: 1, max: 1, fn: numbersIn(median)},
	"ARRAY_MIN":    {min: 1, max: 1, fn: extreme(-1)},
	"ARRAY_SUM":    {min: 1, max: 1, fn: numbersIn(sum)},
}

// numbersIn makes a function of an array of numbers.
func numbersIn(op func([]float64) value) builtin {
	return func(_ *frame, a []value) value {
		if a[0].kind != Array {
			return undefined
		}
		var all []float64
		for e := elementsOf(a[0].raw); ; {
			v, ok := e.nextValue()
			if !ok {
				return op(all)
			}
			if v.kind != Number {
				return undefined
			}
			all = append(all, v.num)
		}
	}
}

func sum(all []float64) value {
	if len(all) == 0 {
		return undefined
	}
	total := 0.0
	for _, n := range all {
		total += n
	}
	return finite(total)
}

func average(all []float64) value {
	total := sum(all)
	if !total.defined() {
		return undefined
	}
	return finite(total.num / float64(len(all)))
}

// median is the element in the middle, or halfway between the two there.
func median(all []float64) value {
	if len(all) == 0 {
		return undefined
	}
	slices.Sort(all)
	middle := len(all) / 2
	if len(all)%2 == 1 {
		return numberValue(all[middle])
	}
	return finite((all[middle-1] + all[middle]) / 2)
}

// extreme makes a function that finds the greatest element (sign 1) or the least
// (-1).
func extreme(sign int) builtin {
	return func(_ *frame, a []value) value {
		if a[0].kind != Array {
			return undefined
		}
		best := undefined
		for e := elementsOf(a[0].raw); ; {
			v, ok := e.nextValue()
			switch {
			case !ok:
				return best
			case !v.isPrimitive():
				return undefined
			case !best.defined() || sign*compare(v, best) > 0:
				best = v
			}
		}
	}
}
