package store

import (
	"math/bits"

	"github.com/lazuli-dev/lazuli/internal/kql"
)

// A block's word filter says of a word that no text of the block has it, or that
// one may. A word is a run of ASCII letters and digits, without case: the finest
// that anybody takes for a word, so that whoever searches coarser words searches
// several of these.
//
// It is a Bloom filter of a power of two of bits. While it is filled it is
// large; then it is folded in half until it is as full as it may be.

const (
	filterBits  = 1 << 23 // at most, while it is filled
	filterProbe = 4       // bits per word
	filterFull  = 0.4     // of its bits are set at most, after folding
)

type filter struct {
	bits []uint64
	// any is set when a text has a letter that is an ASCII letter's other case:
	// what searches without case would find it under another word.
	any bool
}

// newFilter has room for the words of texts with so many bytes together.
func newFilter(bytes int) *filter {
	size := 64
	for size < 4*bytes && size < filterBits { // 16 bits for a word of four letters
		size *= 2
	}
	return &filter{bits: make([]uint64, size/64)}
}

func (f *filter) set(hash uint64) {
	step, mask := hash>>32|1, uint64(len(f.bits)-1)
	for range filterProbe {
		f.bits[hash>>6&mask] |= 1 << (hash & 63)
		hash += step
	}
}

// fold returns the filter in its final size; nil is one that excludes nothing.
func (f *filter) fold() []uint64 {
	if f.any {
		return nil
	}
	b := f.bits
	for len(b) > 1 {
		half := len(b) / 2
		ones := 0
		for i := range half {
			ones += bits.OnesCount64(b[i] | b[half+i])
		}
		if float64(ones) > filterFull*64*float64(half) {
			break
		}
		for i := range half {
			b[i] |= b[half+i]
		}
		b = b[:half]
	}
	return b
}

// probes are the places of a word's bits in a filter of so many bits.
func probes(hash uint64, bits uint64) [filterProbe]uint64 {
	var out [filterProbe]uint64
	step := hash>>32 | 1
	for i := range out {
		out[i] = hash & (bits - 1)
		hash += step
	}
	return out
}

// wordByte is the lower case of an ASCII letter or digit, 0 of anything else.
var wordByte = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			t[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			t[c] = byte(c) + 'a' - 'A'
		}
	}
	return t
}()

const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

// finish spreads a hash over all its bits.
func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// addWords puts a text's words into the filter. Of JSON both readings of an
// escape count: as it is written, and as what it stands for.
func (f *filter) addWords(text string, isJSON bool) {
	h := uint64(hashStart)
	inWord := false
	for i := 0; i < len(text); i++ {
		if c := wordByte[text[i]]; c != 0 {
			h = (h ^ uint64(c)) * hashPrime
			inWord = true
			continue
		}
		if inWord {
			f.set(finish(h))
			h, inWord = hashStart, false
		}
		switch c := text[i]; {
		case c == '\\' && isJSON:
			f.addAfterEscape(text[i+1:])
		case c >= 0x80 && foldsToASCII(text[i:]):
			f.any = true
		}
	}
	if inWord {
		f.set(finish(h))
	}
}

// addAfterEscape puts the word that begins behind an escape into the filter,
// where the escape itself is no part of it.
func (f *filter) addAfterEscape(rest string) {
	skip := 1
	if len(rest) > 0 && rest[0] == 'u' {
		skip = 5
	}
	if len(rest) < skip {
		return
	}
	h := uint64(hashStart)
	for i, c := range []byte(rest[skip:]) {
		lower := wordByte[c]
		if lower == 0 {
			if i > 0 {
				f.set(finish(h))
			}
			return
		}
		h = (h ^ uint64(lower)) * hashPrime
	}
}

// foldsToASCII reports whether a text begins with one of the letters that are
// another case of an ASCII letter: İ, ı, ſ and the Kelvin sign.
func foldsToASCII(s string) bool {
	if len(s) >= 2 && (s[0] == 0xc4 && (s[1] == 0xb0 || s[1] == 0xb1) || s[0] == 0xc5 && s[1] == 0xbf) {
		return true
	}
	return len(s) >= 3 && s[0] == 0xe2 && s[1] == 0x84 && s[2] == 0xaa
}

// required are the hashes of the words that a text must have for a term to hold.
// Of one that may lie anywhere, what its ends cut off is no whole word.
func required(t kql.Term) []uint64 {
	var out []uint64
	text := t.Text
	h := uint64(hashStart)
	start := -1
	for i := 0; i <= len(text); i++ {
		c := byte(0)
		if i < len(text) {
			c = wordByte[text[i]]
			if text[i] >= 0x80 && foldsToASCII(text[i:]) {
				return nil
			}
		}
		if c != 0 {
			if start < 0 {
				start = i
			}
			h = (h ^ uint64(c)) * hashPrime
			continue
		}
		if start >= 0 && (t.How != kql.TermContains || start > 0 && i < len(text)) {
			out = append(out, finish(h))
		}
		h, start = hashStart, -1
	}
	return out
}
