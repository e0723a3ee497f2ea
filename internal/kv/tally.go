package kv

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2"
)

// Tally is a value that commits change without reading it: they merge another
// tally into it. Concurrent commits therefore need no lock to keep a count or
// a high-water mark exact, before and after a crash.
//
//	+--------------+----------------+----------------+
//	| max: uvarint | sum[0]: varint | sum[1]: varint |
//	+--------------+----------------+----------------+
type Tally struct {
	Max uint64   // merged by taking the larger
	Sum [2]int64 // merged by adding
}

// merged returns t with o merged into it.
func (t Tally) merged(o Tally) Tally {
	return Tally{Max: max(t.Max, o.Max), Sum: [2]int64{t.Sum[0] + o.Sum[0], t.Sum[1] + o.Sum[1]}}
}

// append encodes the tally.
func (t Tally) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, t.Max)
	dst = binary.AppendVarint(dst, t.Sum[0])
	return binary.AppendVarint(dst, t.Sum[1])
}

var errTally = errors.New("malformed tally")

// parseTally decodes what append encodes.
func parseTally(b []byte) (t Tally, err error) {
	var n int
	if t.Max, n = binary.Uvarint(b); n <= 0 {
		return Tally{}, errTally
	}
	b = b[n:]
	for i := range t.Sum {
		if t.Sum[i], n = binary.Varint(b); n <= 0 {
			return Tally{}, errTally
		}
		b = b[n:]
	}
	if len(b) != 0 {
		return Tally{}, errTally
	}
	return t, nil
}

// tallyMerger is the store's one merge operation. Its name is part of the file
// format.
var tallyMerger = &pebble.Merger{
	Name: "lazuli.tally.1",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		t, err := parseTally(value)
		return &tallyMerge{t}, err
	},
}

// tallyMerge is one merge in progress. Merging commutes, so newer and older
// operands are treated alike.
type tallyMerge struct{ t Tally }

// MergeNewer implements pebble.ValueMerger.
func (m *tallyMerge) MergeNewer(value []byte) error {
	t, err := parseTally(value)
	m.t = m.t.merged(t)
	return err
}

// MergeOlder implements pebble.ValueMerger.
func (m *tallyMerge) MergeOlder(value []byte) error { return m.MergeNewer(value) }

// Finish implements pebble.ValueMerger.
func (m *tallyMerge) Finish(bool) ([]byte, io.Closer, error) { return m.t.append(nil), nil, nil }
