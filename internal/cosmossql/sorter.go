package cosmossql

import (
	"cmp"
	"slices"
)

// sortRow is a row waiting for its turn in ORDER BY.
type sortRow struct {
	keys    []value
	ordinal uint64 // of the document it comes from
	sub     int    // which of the document's rows it is
	out     value
}

func (r *sortRow) size() int {
	n := r.out.size() + 64
	for _, k := range r.keys {
		n += k.size()
	}
	return n
}

// sorter orders rows by the keys. Rows with equal keys follow the order in which
// their documents were inserted, backwards if the first key descends, as a walk
// along an index would.
type sorter struct {
	keys []sortKey
	rows []sortRow
	at   sortRow // the row at hand; its keys are borrowed
}

// see evaluates the keys of the frame's current row.
func (s *sorter) see(f *frame) {
	if f.run.ordinal != s.at.ordinal {
		s.at.ordinal, s.at.sub = f.run.ordinal, 0
	}
	s.at.sub++
	s.at.keys = s.at.keys[:0]
	for _, k := range s.keys {
		v := k.x.eval(f)
		v.raw = nil // only the scalar counts: arrays are in the order of insertion
		s.at.keys = append(s.at.keys, v)
	}
}

// keep adds the row at hand with what becomes of it.
func (s *sorter) keep(out value, r *running) {
	row := sortRow{keys: make([]value, len(s.keys)), ordinal: s.at.ordinal, sub: s.at.sub, out: out.clone()}
	for i, k := range s.at.keys {
		row.keys[i] = k.clone()
	}
	s.rows = append(s.rows, row)
	r.hold(row.size())
}

// compare orders two rows.
func (s *sorter) compare(a, b *sortRow) int {
	for i, k := range s.keys {
		if c := compare(a.keys[i], b.keys[i]); c != 0 {
			if k.desc {
				return -c
			}
			return c
		}
	}
	if c := cmp.Compare(a.ordinal, b.ordinal); c != 0 {
		if s.keys[0].desc {
			return -c
		}
		return c
	}
	return cmp.Compare(a.sub, b.sub)
}

func (s *sorter) sort() {
	slices.SortFunc(s.rows, func(a, b sortRow) int { return s.compare(&a, &b) })
}
