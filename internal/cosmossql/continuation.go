package cosmossql

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// bookmark is where a page ended. Its text is URL-safe base64 of
//
//	version(1) hash(8) kind(1) way done skipped   (integers are uvarints)
//	kind tokenWalk:  sub ordinal keys rowWalk walk length after…
//	kind tokenSort:  sub ordinal keys
//	kind tokenCount: count row(8)…
//	keys:            count {kind(1) [float64(8) | length text…]}…
type bookmark struct {
	hash    [8]byte // of the query
	kind    resumeKind
	way     int
	done    int64 // rows given so far
	skipped int64 // rows passed for OFFSET so far

	walk  int    // tokenWalk: the walk at hand
	after []byte // and the last document all of whose rows were given

	// The last row given: its sort keys (tokenSort) or its document's value along
	// the walk (tokenWalk), the document, and its place among the document's rows.
	// A tokenWalk has it only if the document has more rows; sub is 0 otherwise.
	keys    []Scalar
	ordinal uint64
	sub     int
	rowWalk int // tokenWalk: the walk that the document is in

	last [][8]byte // tokenCount: hashes of the last rows given
}

type resumeKind uint8

const (
	tokenStart resumeKind = iota // the first page
	tokenWalk
	tokenSort
	tokenCount
)

const (
	tokenVersion = 1
	maxToken     = 1000 // characters
	maxLast      = 16   // rows that a token of tokenCount can recognise
	maxPosition  = 600  // bytes of Rows.Position and keys that a tokenWalk takes; beyond it is a tokenCount
	maxSortKeys  = 600  // bytes of sort keys that a tokenSort takes; beyond it is a tokenCount
)

// encode writes the token.
func (t *bookmark) encode() string {
	b := append([]byte{tokenVersion}, t.hash[:]...)
	b = append(b, byte(t.kind))
	b = binary.AppendUvarint(b, uint64(t.way))
	b = binary.AppendUvarint(b, uint64(t.done))
	b = binary.AppendUvarint(b, uint64(t.skipped))
	switch t.kind {
	case tokenWalk:
		b = binary.AppendUvarint(t.appendRow(b), uint64(t.rowWalk))
		b = appendCounted(binary.AppendUvarint(b, uint64(t.walk)), t.after)
	case tokenSort:
		b = t.appendRow(b)
	case tokenCount:
		b = binary.AppendUvarint(b, uint64(len(t.last)))
		for _, h := range t.last {
			b = append(b, h[:]...)
		}
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// appendRow writes the last row.
func (t *bookmark) appendRow(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(t.sub))
	b = binary.AppendUvarint(b, t.ordinal)
	return appendScalars(b, t.keys)
}

// appendScalars writes sort keys.
func appendScalars(b []byte, keys []Scalar) []byte {
	b = binary.AppendUvarint(b, uint64(len(keys)))
	for _, k := range keys {
		b = append(b, byte(k.Kind))
		switch k.Kind {
		case Number:
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(k.Num))
		case String:
			b = appendCounted(b, k.Text)
		}
	}
	return b
}

// decodeToken reads a continuation of the query with the given hash. Empty text
// is the first page.
func decodeToken(text string, hash [8]byte) (*bookmark, error) {
	t := &bookmark{hash: hash, way: -1}
	if text == "" {
		return t, nil
	}
	if len(text) > 2*maxToken {
		return nil, badToken("it is too long")
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 10 || b[0] != tokenVersion {
		return nil, badToken("it is damaged")
	}
	if [8]byte(b[1:9]) != hash {
		return nil, badToken("the query or its parameters differ")
	}
	r := bookmarkReader{b: b[10:]}
	t.kind = resumeKind(b[9])
	t.way, t.done, t.skipped = int(r.int()), r.int(), r.int()
	switch t.kind {
	case tokenWalk:
		t.sub, t.ordinal, t.keys = int(r.int()), r.uint(), r.scalars()
		t.rowWalk, t.walk = int(r.int()), int(r.int())
		if n := r.int(); n > 0 {
			t.after = r.bytes(n)
		}
	case tokenSort:
		t.sub, t.ordinal, t.keys = int(r.int()), r.uint(), r.scalars()
	case tokenCount:
		for n := r.int(); n > 0 && !r.bad; n-- {
			if h := r.bytes(8); !r.bad {
				t.last = append(t.last, [8]byte(h))
			}
		}
	default:
		r.bad = true
	}
	if r.bad || len(r.b) > 0 {
		return nil, badToken("it is damaged")
	}
	return t, nil
}

func badToken(why string) error {
	return fault.Wrap(fault.Invalid, "continuation", ErrContinuation, "%s", why)
}

// bookmarkReader goes bad once and is checked at the end.
type bookmarkReader struct {
	b   []byte
	bad bool
}

func (r *bookmarkReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *bookmarkReader) int() int64 {
	v := r.uint()
	if v > math.MaxInt32 {
		r.bad = true
		return 0
	}
	return int64(v)
}

func (r *bookmarkReader) bytes(n int64) []byte {
	if r.bad || n > int64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *bookmarkReader) scalars() []Scalar {
	n := r.int()
	if n > int64(len(r.b)) {
		r.bad = true
		return nil
	}
	keys := make([]Scalar, n)
	for i := range keys {
		kind := r.bytes(1)
		if r.bad || Kind(kind[0]) > Object {
			r.bad = true
			return nil
		}
		keys[i].Kind = Kind(kind[0])
		switch keys[i].Kind {
		case Number:
			if b := r.bytes(8); !r.bad {
				keys[i].Num = math.Float64frombits(binary.BigEndian.Uint64(b))
			}
		case String:
			keys[i].Text = r.bytes(r.int())
		}
	}
	return keys
}
