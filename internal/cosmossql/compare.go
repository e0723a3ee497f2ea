package cosmossql

import (
	"bytes"
)

// maxCompareDepth bounds the recursion of structural comparison; documents are
// far shallower.
const maxCompareDepth = 500

// sameType says whether two values may be compared with an operator: both
// defined, of one type, true and false being one.
func sameType(a, b value) bool {
	return a.kind == b.kind && a.kind != Undefined || a.isBool() && b.isBool()
}

// compare orders values across types: undefined, null, false, true, numbers,
// strings, arrays, objects. Arrays are equal to each other here, and so are
// objects: their order is that of insertion.
func compare(a, b value) int { return a.scalar().Compare(b.scalar()) }

// equal is structural equality. Numbers are equal by value, not by text; the
// order of an object's members does not matter.
func equal(a, b value) bool { return equalDeep(a, b, 0) }

func equalDeep(a, b value, depth int) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case Number:
		return a.num == b.num
	case String:
		return bytes.Equal(a.text, b.text)
	case Array, Object:
		if bytes.Equal(a.raw, b.raw) {
			return true
		}
		if depth > maxCompareDepth {
			return false
		}
		if a.kind == Array {
			return equalArrays(a.raw, b.raw, depth)
		}
		return equalObjects(a.raw, b.raw, depth)
	}
	return true
}

func equalArrays(a, b []byte, depth int) bool {
	ea, eb := elementsOf(a), elementsOf(b)
	for {
		x, okx := ea.nextValue()
		y, oky := eb.nextValue()
		if !okx || !oky {
			return okx == oky
		}
		if !equalDeep(x, y, depth+1) {
			return false
		}
	}
}

// largeObject is where looking up each member costs more than sorting them.
const largeObject = 4096

func equalObjects(a, b []byte, depth int) bool {
	if len(a) > largeObject && len(b) > largeObject {
		return bytes.Equal(canonicalObject(nil, a, depth), canonicalObject(nil, b, depth))
	}
	n := 0
	ma := membersOf(a)
	for {
		key, raw, ok := ma.next()
		if !ok {
			break
		}
		n++
		other := member(b, string(key))
		if other == nil {
			return false
		}
		x, okx := loadValue(raw)
		y, oky := loadValue(other)
		if !okx || !oky || !equalDeep(x, y, depth+1) {
			return false
		}
	}
	mb := membersOf(b)
	for {
		if _, _, ok := mb.next(); !ok {
			return n == 0
		}
		n--
	}
}
