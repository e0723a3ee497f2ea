package cosmossql

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"sync"
)

// fakeSource is a Source in memory. Indexes are sorted lists that are built when
// they are first asked for, as a store would.
type fakeSource struct {
	docs    [][]byte // by ordinal-1
	pkPaths []Path
	indexed func(Path) bool
	pinned  bool
	many    bool // Count claims that every walk yields many documents, so that filters by index are passed over

	mu      sync.Mutex
	indexes map[string][]fakeEntry
}

type fakeEntry struct {
	val     Scalar
	ordinal uint64
}

func newFakeSource(docs [][]byte, pk ...Path) *fakeSource {
	return &fakeSource{docs: docs, pkPaths: pk, indexes: map[string][]fakeEntry{}}
}

// pin leaves the documents of one logical partition.
func (s *fakeSource) pin(pk string) {
	for i, d := range s.docs {
		if string(scalarAt(d, s.pkPaths[0]).Text) != pk {
			s.docs[i] = nil
		}
	}
	s.pinned = true
}

func (s *fakeSource) info() SourceInfo {
	if s.pinned {
		return SourceInfo{Pinned: true, Indexable: func(Path, bool) bool { return true }}
	}
	return SourceInfo{PartitionKeyPaths: s.pkPaths, Indexable: func(p Path, _ bool) bool { return s.indexed == nil || s.indexed(p) }}
}

func scalarAt(doc []byte, p Path) Scalar {
	raw := doc
	for _, name := range p {
		if raw = member(raw, name); raw == nil {
			return Scalar{}
		}
	}
	v, _ := loadValue(raw)
	return v.scalar()
}

// entries are all entries along path (nil: by ordinal), in order.
func (s *fakeSource) entries(p Path) []fakeEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := p.String()
	if list, ok := s.indexes[key]; ok {
		return list
	}
	var list []fakeEntry
	for i, d := range s.docs {
		if d != nil {
			e := fakeEntry{ordinal: uint64(i + 1)}
			if p != nil {
				e.val = scalarAt(d, p)
			}
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b fakeEntry) int { return a.val.Compare(b.val) })
	s.indexes[key] = list
	return list
}

// matches says whether the entry belongs to the access.
func (s *fakeSource) matches(a Access, e fakeEntry) bool {
	doc := s.docs[e.ordinal-1]
	for i, want := range a.Partition {
		if scalarAt(doc, s.pkPaths[i]).Compare(want) != 0 {
			return false
		}
	}
	if a.ID != nil && !bytes.Equal(scalarAt(doc, Path{"id"}).Text, []byte(*a.ID)) {
		return false
	}
	r := restriction{low: a.Low, high: a.High}
	return r.within(e.val)
}

func (s *fakeSource) Scan(_ context.Context, a Access) (Rows, error) {
	r := &fakeRows{src: s, a: a, list: s.entries(a.Path), step: 1, i: -1}
	if a.Reverse {
		r.step, r.i = -1, len(r.list)
	}
	if a.After != nil {
		if len(a.After) < 17 {
			return nil, ErrContinuation
		}
		after := decodePosition(a.After)
		for r.i+r.step >= 0 && r.i+r.step < len(r.list) && compareEntries(r.list[r.i+r.step], after)*r.step <= 0 {
			r.i += r.step
		}
	} else if a.Low != nil && !a.Reverse { // start near the bound, as an index would
		n, _ := slices.BinarySearchFunc(r.list, a.Low.Value, func(e fakeEntry, s Scalar) int { return e.val.Compare(s) })
		r.i = n - 1
	}
	return r, nil
}

func compareEntries(a, b fakeEntry) int {
	if c := a.val.Compare(b.val); c != 0 {
		return c
	}
	return int(int64(a.ordinal) - int64(b.ordinal))
}

func (s *fakeSource) Count(ctx context.Context, a Access, limit int64) (int64, error) {
	if a.IsAll() {
		return int64(len(s.entries(nil))), nil
	}
	if s.many && limit >= fewAtLeast {
		return limit, nil
	}
	rows, _ := s.Scan(ctx, a)
	var row Row
	for n := int64(0); ; n++ {
		if ok, _ := rows.Next(&row); !ok || (limit > 0 && n == limit) {
			return n, nil
		}
	}
}

type fakeRows struct {
	src  *fakeSource
	a    Access
	list []fakeEntry
	i    int
	step int
	doc  []byte
}

func (r *fakeRows) Next(row *Row) (bool, error) {
	clear(r.doc) // what was lent before must not be used any more
	for r.i += r.step; r.i >= 0 && r.i < len(r.list); r.i += r.step {
		e := r.list[r.i]
		if !r.src.matches(r.a, e) {
			continue
		}
		*row = Row{Ordinal: e.ordinal, Value: e.val}
		if !r.a.KeysOnly {
			r.doc = append(r.doc[:0], r.src.docs[e.ordinal-1]...)
			row.Doc = r.doc
		}
		return true, nil
	}
	return false, nil
}

func (r *fakeRows) Position() []byte {
	e := r.list[r.i]
	b := binary.BigEndian.AppendUint64(nil, e.ordinal)
	b = append(b, byte(e.val.Kind))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(e.val.Num))
	return append(b, e.val.Text...)
}

func decodePosition(b []byte) fakeEntry {
	return fakeEntry{
		ordinal: binary.BigEndian.Uint64(b),
		val:     Scalar{Kind: Kind(b[8]), Num: math.Float64frombits(binary.BigEndian.Uint64(b[9:])), Text: b[17:]},
	}
}

func (r *fakeRows) Close() error { return nil }
