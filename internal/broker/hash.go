package broker

import (
	"encoding/binary"
	"math/bits"
)

// PartitionOf returns the partition that Event Hubs clients and service choose
// for a key: its Hash, taken modulo the count towards zero, without the sign.
func PartitionOf(key string, partitions int) int {
	n := int(Hash(key)) % partitions
	if n < 0 {
		return -n
	}
	return n
}

// Hash is the partition hash of Event Hubs: Bob Jenkins' lookup3 in its
// two-word form with both seeds 0, the two words folded by exclusive or and cut
// to 16 bits with their sign.
func Hash(key string) int16 {
	seed := 0xdeadbeef + uint32(len(key))
	a, b, c := seed, seed, seed
	rest := key
	for len(rest) > 12 {
		a, b, c = mix(a+word(rest), b+word(rest[4:]), c+word(rest[8:]))
		rest = rest[12:]
	}
	if len(rest) > 0 {
		var tail [12]byte
		copy(tail[:], rest)
		le := binary.LittleEndian
		_, b, c = final(a+le.Uint32(tail[0:]), b+le.Uint32(tail[4:]), c+le.Uint32(tail[8:]))
	}
	return int16(c ^ b)
}

func word(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// mix stirs three words reversibly.
func mix(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - c) ^ bits.RotateLeft32(c, 4)
	c += b
	b = (b - a) ^ bits.RotateLeft32(a, 6)
	a += c
	c = (c - b) ^ bits.RotateLeft32(b, 8)
	b += a
	a = (a - c) ^ bits.RotateLeft32(c, 16)
	c += b
	b = (b - a) ^ bits.RotateLeft32(a, 19)
	a += c
	c = (c - b) ^ bits.RotateLeft32(b, 4)
	b += a
	return a, b, c
}

// final forces every bit of the key to touch b and c.
func final(a, b, c uint32) (uint32, uint32, uint32) {
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	c = (c ^ b) - bits.RotateLeft32(b, 24)
	return a, b, c
}
