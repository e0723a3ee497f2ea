package cosmos

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
)

// Effective partition keys order logical partitions by hash. With one range
// per container they decide nothing about placement; clients still send them
// to read a part of a feed (feed ranges, prefixes of a hierarchical key).
//
//	version 2    murmur3-128 over the encoded components, reversed, top two bits 0, hex
//	MultiHash    the version 2 key of each component, one after the other
//	version 1    murmur3-32 as a number component, then the components, hex
//
// Components are encoded as a type byte and a value:
//
//	00 undefined  01 null  02 false  03 true
//	05 number: float64 little-endian (hash), order-preserving groups (v1 suffix)
//	08 string: UTF-8, then FF (v2 hash) or 00 (v1)
const (
	markUndefined = 0x00
	markNull      = 0x01
	markFalse     = 0x02
	markTrue      = 0x03
	markNumber    = 0x05
	markString    = 0x08

	v1StringBytes = 100 // version 1 hashes and keeps no more of a string
)

// keyPart is one component of a partition key.
type keyPart struct {
	mark byte
	num  float64
	str  string
}

// epkV2 is the effective key of a Hash version 2 container.
func epkV2(parts []keyPart) string {
	var b []byte
	for _, p := range parts {
		b = appendHashed(b, p, 0xFF)
	}
	return hashHex(b)
}

// epkMulti is the effective key, or key prefix, of a hierarchical container.
func epkMulti(parts []keyPart) string {
	var sb strings.Builder
	for _, p := range parts {
		sb.WriteString(hashHex(appendHashed(nil, p, 0xFF)))
	}
	return sb.String()
}

// epkV1 is the effective key of a Hash version 1 container.
func epkV1(parts []keyPart) string {
	var hashed []byte
	for i := range parts {
		if s := parts[i].str; len(s) > v1StringBytes {
			parts[i].str = s[:v1StringBytes]
		}
		hashed = appendHashed(hashed, parts[i], 0x00)
	}
	out := appendOrdered(nil, keyPart{mark: markNumber, num: float64(murmur32(hashed))})
	for _, p := range parts {
		out = appendOrdered(out, p)
	}
	return strings.ToUpper(hex.EncodeToString(out))
}

// hashHex is the version 2 hash of encoded components.
func hashHex(b []byte) string {
	low, high := murmur128(b)
	var sum [16]byte
	binary.BigEndian.PutUint64(sum[:8], high)
	binary.BigEndian.PutUint64(sum[8:], low)
	sum[0] &= 0x3F
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// appendHashed encodes a component as input of a hash.
func appendHashed(b []byte, p keyPart, end byte) []byte {
	b = append(b, p.mark)
	switch p.mark {
	case markNumber:
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.num))
	case markString:
		b = append(append(b, p.str...), end)
	}
	return b
}

// appendOrdered encodes a component so that bytes compare as values do: the
// visible suffix of a version 1 key. Numbers are cut into seven-bit groups
// whose low bit says that more follows; string bytes are shifted up by one.
func appendOrdered(b []byte, p keyPart) []byte {
	b = append(b, p.mark)
	switch p.mark {
	case markNumber:
		bits := math.Float64bits(p.num)
		if bits>>63 == 0 {
			bits ^= 1 << 63
		} else {
			bits = ^bits + 1
		}
		b = append(b, byte(bits>>56))
		bits <<= 8
		for more := true; more; more = bits != 0 {
			group := byte(bits>>56) | 1
			bits <<= 7
			if bits == 0 {
				group &^= 1
			}
			b = append(b, group)
		}
	case markString:
		for i := range len(p.str) {
			c := p.str[i]
			if c < 0xFF {
				c++
			}
			b = append(b, c)
		}
		if len(p.str) < v1StringBytes {
			b = append(b, 0)
		}
	}
	return b
}
