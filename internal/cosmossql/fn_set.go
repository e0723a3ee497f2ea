package cosmossql

// setFunctions treat two arrays as sets: no element occurs twice in the result,
// and the elements keep the order in which they first occur.
var setFunctions = map[string]function{
	"SETDIFFERENCE": {min: 2, max: 2, fn: setOperation(true, func(inRight bool) bool { return !inRight }, false)},
	"SETINTERSECT":  {min: 2, max: 2, fn: setOperation(true, func(inRight bool) bool { return inRight }, false)},
	"SETUNION":      {min: 2, max: 2, fn: setOperation(false, nil, true)},
}

// setOperation keeps the elements of the left array that keep accepts (all, if
// it does not test) and, with union, those of the right one.
func setOperation(test bool, keep func(inRight bool) bool, union bool) builtin {
	return func(f *frame, a []value) value {
		if a[0].kind != Array || a[1].kind != Array {
			return undefined
		}
		right := map[string]bool{}
		if test {
			eachElement(a[1].raw, func(_ value, id string) { right[id] = true })
		}
		seen := map[string]bool{}
		raw := []byte{'['}
		add := func(v value, id string) {
			if !seen[id] && (!test || keep(right[id])) {
				seen[id] = true
				raw = appendElement(raw, v)
			}
		}
		eachElement(a[0].raw, add)
		if union {
			eachElement(a[1].raw, add)
		}
		return f.run.sized(arrayValue(append(raw, ']')))
	}
}

// eachElement calls fn with each element and its canonical bytes.
func eachElement(array []byte, fn func(v value, id string)) {
	var buf []byte
	for e := elementsOf(array); ; {
		v, ok := e.nextValue()
		if !ok {
			return
		}
		buf = appendCanonical(buf[:0], v)
		fn(v, string(buf))
	}
}
