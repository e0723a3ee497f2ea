package kql

import (
	"encoding/binary"
	"math"
)

// appendKey writes a value so that equal values, and only they, are equal bytes.
// It is for values of one kind, or of dynamics.
func appendKey(dst []byte, v Value) []byte {
	if !v.full {
		return append(dst, 0)
	}
	dst = append(dst, byte(v.kind))
	switch v.kind {
	case String, GUID, Decimal:
		dst = binary.AppendUvarint(dst, uint64(len(v.text)))
		return append(dst, v.text...)
	case Dynamic:
		from := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendJSON(dst, v.dyn)
		binary.LittleEndian.PutUint32(dst[from:], uint32(len(dst)-from))
		return dst
	case Real:
		f := v.Real()
		if f == 0 {
			f = 0 // -0 is 0
		}
		if math.IsNaN(f) {
			f = math.NaN()
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return binary.LittleEndian.AppendUint64(dst, v.num)
}
