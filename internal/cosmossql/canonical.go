package cosmossql

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// appendCanonical appends bytes that are the same for equal values and
// different for others. Undefined has its own.
//
//	kind(1)                        undefined, null, false, true
//	kind(1) float64(8)             number
//	kind(1) length(uvarint) bytes  string
//	kind(1) elements… 0xFF         array
//	kind(1) {string value}… 0xFF   object, by key
func appendCanonical(dst []byte, v value) []byte { return canonicalDeep(dst, v, 0) }

func canonicalDeep(dst []byte, v value, depth int) []byte {
	dst = append(dst, byte(v.kind))
	switch v.kind {
	case Number:
		f := v.num
		if f == 0 {
			f = 0 // negative zero equals zero
		}
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
	case String:
		return appendCounted(dst, v.text)
	case Array, Object:
		if depth > maxCompareDepth {
			return appendCounted(dst, v.raw)
		}
		if v.kind == Object {
			return canonicalObject(dst, v.raw, depth)
		}
		for e := elementsOf(v.raw); ; {
			x, ok := e.nextValue()
			if !ok {
				return append(dst, 0xFF)
			}
			dst = canonicalDeep(dst, x, depth+1)
		}
	}
	return dst
}

func canonicalObject(dst, raw []byte, depth int) []byte {
	type pair struct {
		key string
		val value
	}
	var pairs []pair
	for m := membersOf(raw); ; {
		key, text, ok := m.next()
		if !ok {
			break
		}
		x, _ := loadValue(text)
		pairs = append(pairs, pair{string(key), x})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for i, p := range pairs {
		if i > 0 && p.key == pairs[i-1].key {
			continue
		}
		dst = appendCounted(dst, []byte(p.key))
		dst = canonicalDeep(dst, p.val, depth+1)
	}
	return append(dst, 0xFF)
}

// appendCounted appends a length and the bytes.
func appendCounted(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
