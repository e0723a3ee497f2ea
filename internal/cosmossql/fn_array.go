package cosmossql

import "math"

// arrayFunctions work on arrays, and turn objects into arrays.
var arrayFunctions = map[string]function{
	"ARRAY_CONCAT":       {min: 2, max: -1, fn: fnArrayConcat},
	"ARRAY_CONTAINS":     {min: 2, max: 3, fn: fnArrayContains},
	"ARRAY_CONTAINS_ALL": {min: 2, max: -1, fn: fnArrayContainsAll},
	"ARRAY_CONTAINS_ANY": {min: 2, max: -1, fn: fnArrayContainsAny},
	"ARRAY_LENGTH":       {min: 1, max: 1, fn: fnArrayLength},
	"ARRAY_SLICE":        {min: 2, max: 3, fn: fnArraySlice},
	"CHOOSE":             {min: 2, max: -1, fn: fnChoose},
	"OBJECTTOARRAY":      {min: 1, max: 3, fn: fnObjectToArray},
}

func fnArrayConcat(f *frame, a []value) value {
	raw := []byte{'['}
	for _, v := range a {
		if v.kind != Array {
			return undefined
		}
		for e := elementsOf(v.raw); ; {
			x, ok := e.nextValue()
			if !ok {
				break
			}
			raw = appendElement(raw, x)
		}
	}
	return f.run.sized(arrayValue(append(raw, ']')))
}

// fnArrayContains takes a third argument which, if true, lets an object match
// one that has more members.
func fnArrayContains(_ *frame, a []value) value {
	partial, ok := boolArg(a, 2)
	if !ok || a[0].kind != Array || !a[1].defined() {
		return undefined
	}
	return boolValue(contains(a[0].raw, a[1], partial))
}

func contains(array []byte, want value, partial bool) bool {
	for e := elementsOf(array); ; {
		x, ok := e.nextValue()
		if !ok {
			return false
		}
		if equal(x, want) || (partial && includes(x, want, 0)) {
			return true
		}
	}
}

// includes says whether the object x has all members of the object want, which
// may be included themselves.
func includes(x, want value, depth int) bool {
	if x.kind != Object || want.kind != Object || depth > maxCompareDepth {
		return false
	}
	for m := membersOf(want.raw); ; {
		key, raw, ok := m.next()
		if !ok {
			return true
		}
		other := member(x.raw, string(key))
		if other == nil {
			return false
		}
		w, _ := loadValue(raw)
		v, _ := loadValue(other)
		if !equal(v, w) && !includes(v, w, depth+1) {
			return false
		}
	}
}

// fnArrayContainsAll is ARRAY_CONTAINS of each value joined by AND: a value that
// is undefined makes the answer undefined unless another is missing.
func fnArrayContainsAll(_ *frame, a []value) value {
	return containsMany(a, falseValue)
}

// fnArrayContainsAny is ARRAY_CONTAINS of each value joined by OR.
func fnArrayContainsAny(_ *frame, a []value) value {
	return containsMany(a, trueValue)
}

// containsMany looks for each value in the array until one has the answer that
// decides.
func containsMany(a []value, decides value) value {
	if a[0].kind != Array {
		return undefined
	}
	all := boolValue(decides.kind != True)
	for _, want := range a[1:] {
		switch {
		case !want.defined():
			all = undefined
		case contains(a[0].raw, want, false) == (decides.kind == True):
			return decides
		}
	}
	return all
}

func fnArrayLength(_ *frame, a []value) value {
	if a[0].kind != Array {
		return undefined
	}
	return numberValue(float64(arrayLen(a[0].raw)))
}

// fnArraySlice counts a negative start from the end.
func fnArraySlice(_ *frame, a []value) value {
	if a[0].kind != Array || a[1].kind != Number || !optional(a, 2, Number) {
		return undefined
	}
	n := float64(arrayLen(a[0].raw))
	start := math.Trunc(a[1].num)
	if start < 0 {
		start = max(n+start, 0)
	}
	end := n
	if len(a) == 3 {
		end = start + max(math.Trunc(a[2].num), 0)
	}
	raw := []byte{'['}
	e := elementsOf(a[0].raw)
	for i := 0.0; i < end; i++ {
		x, ok := e.nextValue()
		if !ok {
			break
		}
		if i >= start {
			raw = appendElement(raw, x)
		}
	}
	return arrayValue(append(raw, ']'))
}

// fnChoose counts from 1.
func fnChoose(_ *frame, a []value) value {
	i := a[0].num
	if a[0].kind != Number || i < 1 || i != math.Trunc(i) || i >= float64(len(a)) {
		return undefined
	}
	return a[int(i)]
}

// fnObjectToArray makes {"k": key, "v": value} of each member; the further
// arguments rename k and v.
func fnObjectToArray(f *frame, a []value) value {
	if a[0].kind != Object || !optional(a, 1, String) || !optional(a, 2, String) {
		return undefined
	}
	k, v := []byte("k"), []byte("v")
	if len(a) > 1 {
		k = a[1].text
	}
	if len(a) > 2 {
		v = a[2].text
	}
	raw := []byte{'['}
	for m := membersOf(a[0].raw); ; {
		key, val, ok := m.next()
		if !ok {
			return f.run.sized(arrayValue(append(raw, ']')))
		}
		if len(raw) > 1 {
			raw = append(raw, ',')
		}
		raw = appendQuoted(append(raw, '{'), k)
		raw = appendQuoted(append(raw, ':'), key)
		raw = appendQuoted(append(raw, ','), v)
		raw = append(append(append(raw, ':'), val...), '}')
	}
}
