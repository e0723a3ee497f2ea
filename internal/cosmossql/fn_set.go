package cosmossql

import "maps"

// setFunctions treat two arrays as sets: no element counts twice, and in a
// result the elements keep the order in which they first occur.
var setFunctions = map[string]function{
	"SETDIFFERENCE": {min: 2, max: 2, fn: fnSetDifference},
	"SETEQUAL":      {min: 2, max: 2, fn: fnSetEqual},
	"SETINTERSECT":  {min: 2, max: 2, fn: fnSetIntersect},
	"SETUNION":      {min: 2, max: 2, fn: fnSetUnion},
}

// fnSetDifference keeps what is in the left array alone.
func fnSetDifference(f *frame, a []value) value {
	if a[0].kind != Array || a[1].kind != Array {
		return undefined
	}
	right := idsOf(a[1].raw)
	return distinctElements(f, func(id string) bool { return !right[id] }, a[0].raw)
}

// fnSetIntersect keeps what is in both, in the order of the right array: so are
// the published results.
func fnSetIntersect(f *frame, a []value) value {
	if a[0].kind != Array || a[1].kind != Array {
		return undefined
	}
	left := idsOf(a[0].raw)
	return distinctElements(f, func(id string) bool { return left[id] }, a[1].raw)
}

func fnSetUnion(f *frame, a []value) value {
	if a[0].kind != Array || a[1].kind != Array {
		return undefined
	}
	return distinctElements(f, func(string) bool { return true }, a[0].raw, a[1].raw)
}

func fnSetEqual(_ *frame, a []value) value {
	if a[0].kind != Array || a[1].kind != Array {
		return undefined
	}
	return boolValue(maps.Equal(idsOf(a[0].raw), idsOf(a[1].raw)))
}

// distinctElements is an array of the elements that keep accepts, each once.
func distinctElements(f *frame, keep func(id string) bool, arrays ...[]byte) value {
	seen := map[string]bool{}
	raw := []byte{'['}
	for _, array := range arrays {
		eachElement(array, func(v value, id string) {
			if !seen[id] && keep(id) {
				seen[id] = true
				raw = appendElement(raw, v)
			}
		})
	}
	return f.run.sized(arrayValue(append(raw, ']')))
}

// idsOf is the set of the elements' canonical bytes.
func idsOf(array []byte) map[string]bool {
	ids := map[string]bool{}
	eachElement(array, func(_ value, id string) { ids[id] = true })
	return ids
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
