package docstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

// An encoded value sorts, byte by byte, as the value does, and is the prefix of
// no other, so that encodings can be joined into keys.
//
//	+----------+---------------------------------------------------------------+
//	| kind + 1 | Number: float64 big-endian, sign bit flipped; all bits        |
//	|          |         flipped when negative                                 |
//	|          | String: UTF-8, 00 written 00 FF, ended by 00 01               |
//	|          | others: nothing                                               |
//	+----------+---------------------------------------------------------------+
//
// A descending column of a composite index has every byte inverted.

var errValue = errors.New("malformed encoded value")

// appendValue appends the encoding of v.
func appendValue(dst []byte, v Value) []byte {
	dst = append(dst, byte(v.Kind)+1)
	switch v.Kind {
	case Number:
		return binary.BigEndian.AppendUint64(dst, orderedBits(v.Num))
	case String:
		return appendOrdered(dst, v.Str)
	}
	return dst
}

// appendRaw appends the encoding of a raw JSON value; nil is Undefined.
func appendRaw(dst, raw []byte) []byte {
	if len(raw) > 0 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return appendOrdered(append(dst, byte(String)+1), raw[1:len(raw)-1])
	}
	return appendValue(dst, valueOf(raw))
}

func appendOrdered[T string | []byte](dst []byte, s T) []byte {
	start := len(dst)
	dst = append(dst, s...)
	if bytes.IndexByte(dst[start:], 0) >= 0 {
		dst = dst[:start]
		for i := range len(s) {
			if dst = append(dst, s[i]); s[i] == 0 {
				dst = append(dst, 0xff)
			}
		}
	}
	return append(dst, 0, 1)
}

// orderedBits maps floats to integers of the same order. Both zeros are one.
func orderedBits(f float64) uint64 {
	if f == 0 {
		f = 0 // -0
	}
	bits := math.Float64bits(f)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func fromOrderedBits(bits uint64) float64 {
	if bits>>63 != 0 {
		return math.Float64frombits(bits &^ (1 << 63))
	}
	return math.Float64frombits(^bits)
}

// parseValue decodes the value at the start of b and returns what follows it.
func parseValue(b []byte) (Value, []byte, error) {
	if len(b) == 0 || b[0] == 0 || b[0] > byte(Object)+1 {
		return Value{}, nil, errValue
	}
	v := Value{Kind: Kind(b[0] - 1)}
	b = b[1:]
	switch v.Kind {
	case Number:
		if len(b) < 8 {
			return Value{}, nil, errValue
		}
		v.Num = fromOrderedBits(binary.BigEndian.Uint64(b))
		if v.Num != v.Num || orderedBits(v.Num) != binary.BigEndian.Uint64(b) {
			return Value{}, nil, errValue
		}
		return v, b[8:], nil
	case String:
		n := valueEnd(b)
		if n < 0 {
			return Value{}, nil, errValue
		}
		if bytes.IndexByte(b[:n], 0) < 0 { // nearly all
			v.Str = string(b[:n])
		} else {
			v.Str = string(bytes.ReplaceAll(b[:n], []byte{0, 0xff}, []byte{0}))
		}
		return v, b[n+2:], nil
	}
	return v, b, nil
}

// valueEnd returns the offset of the terminator of an ordered string, or -1.
func valueEnd(b []byte) int {
	for i := 0; ; i += 2 {
		j := bytes.IndexByte(b[i:], 0)
		if j < 0 || i+j+1 >= len(b) {
			return -1
		}
		i += j
		switch b[i+1] {
		case 1:
			return i
		case 0xff:
		default:
			return -1
		}
	}
}

// skipValue returns what follows the encoded value at the start of b.
func skipValue(b []byte) ([]byte, error) {
	if len(b) == 0 || b[0] == 0 || b[0] > byte(Object)+1 {
		return nil, errValue
	}
	switch Kind(b[0] - 1) {
	case Number:
		if len(b) < 9 {
			return nil, errValue
		}
		return b[9:], nil
	case String:
		n := valueEnd(b[1:])
		if n < 0 {
			return nil, errValue
		}
		return b[n+3:], nil
	}
	return b[1:], nil
}

// invert flips every byte, which reverses the order.
func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}
