package kql

import (
	"crypto/md5"  //nolint:gosec // the language has it
	"crypto/sha1" //nolint:gosec // the language has it
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
)

// hashFunctions give hashes. hash() is xxhash64 of the value's bytes.
var hashFunctions = []fn{
	{name: "hash_md5", args: "*", out: String, row: func(a []Value) Value {
		h := md5.Sum([]byte(a[0].String())) //nolint:gosec // the language has it
		return text(hex.EncodeToString(h[:]))
	}},
	{name: "hash_sha1", args: "*", out: String, row: func(a []Value) Value {
		h := sha1.Sum([]byte(a[0].String())) //nolint:gosec // the language has it
		return text(hex.EncodeToString(h[:]))
	}},
	{name: "hash_sha256", args: "*", out: String, row: func(a []Value) Value {
		h := sha256.Sum256([]byte(a[0].String()))
		return text(hex.EncodeToString(h[:]))
	}},
	{name: "hash|hash_xxhash64", args: "*?l", out: Long, row: func(a []Value) Value {
		h := int64(xxhash64([]byte(a[0].String())))
		if len(a) > 1 {
			if m := a[1].Int(); m > 0 {
				if h %= m; h < 0 {
					h += m
				}
			}
		}
		return IntValue(Long, h)
	}},
}

const (
	prime1 uint64 = 11400714785074694791
	prime2 uint64 = 14029467366897019727
	prime3 uint64 = 1609587929392839161
	prime4 uint64 = 9650029242287828579
	prime5 uint64 = 2870177450012600261
)

func le64(b []byte) (n uint64) {
	for i := 7; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n
}

// xxhash64 with seed 0, as its specification says.
func xxhash64(b []byte) uint64 {
	round := func(acc, in uint64) uint64 { return bits.RotateLeft64(acc+in*prime2, 31) * prime1 }
	n := uint64(len(b))
	h := prime5
	if len(b) >= 32 {
		one := prime1
		v := [4]uint64{one + prime2, prime2, 0, -one}
		for ; len(b) >= 32; b = b[32:] {
			for i := range v {
				v[i] = round(v[i], le64(b[8*i:]))
			}
		}
		h = bits.RotateLeft64(v[0], 1) + bits.RotateLeft64(v[1], 7) + bits.RotateLeft64(v[2], 12) + bits.RotateLeft64(v[3], 18)
		for _, x := range v {
			h = (h^round(0, x))*prime1 + prime4
		}
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round(0, le64(b)), 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^(uint64(b[0])|uint64(b[1])<<8|uint64(b[2])<<16|uint64(b[3])<<24)*prime1, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*prime5, 11) * prime1
	}
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}
