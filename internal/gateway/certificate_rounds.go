package gateway

import (
	"encoding/asn1"
	"math"
)

// A PFX says how often its password is hashed before anything in it is checked, so a
// hostile one would keep a core busy for as long as it likes.

// maxRounds bounds what all of a file asks for together: about a second. Those of people
// have some thousands, and seldom a million.
const maxRounds = 4 << 20

// maxNesting bounds how deep values stand in each other.
const maxNesting = 32

// rounds sums the iteration counts of a file in DER: each integer that follows an octet
// string, its salt, in a sequence. whole says that all of the data are values. What is
// encrypted is not seen: it is read once the rest has been found to be of whoever has the
// password.
func rounds(data []byte, depth int) (sum int64, whole bool) {
	salted := false
	for len(data) > 0 && depth < maxNesting {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(data, &v)
		if err != nil {
			return sum, false
		}
		data = rest
		if v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger && salted {
			sum = plus(sum, count(v))
		}
		salted = v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString
		if v.IsCompound || salted {
			if inner, whole := rounds(v.Bytes, depth+1); whole || !salted { // an octet string may hold more of the file
				sum = plus(sum, inner)
			}
		}
	}
	return sum, len(data) == 0
}

// count is an integer, the largest where it does not fit.
func count(v asn1.RawValue) int64 {
	var n int64
	if _, err := asn1.Unmarshal(v.FullBytes, &n); err != nil {
		return math.MaxInt64
	}
	return max(n, 0)
}

func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
