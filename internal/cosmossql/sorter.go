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
	last uint64 // the document of the row made last
	sub  int
}

// newRow evaluates the keys of the frame's current row.
func (s *sorter) newRow(f *frame) sortRow {
	if f.run.ordinal != s.last {
		s.last, s.sub = f.run.ordinal, 0
	}
	r := sortRow{keys: make([]value, len(s.keys)), ordinal: f.run.ordinal, sub: s.sub}
	s.sub++
	for i, k := range s.keys {
		v := k.x.eval(f)
		if v.kind >= Array {
			v.raw = nil // the order among arrays and objects is that of insertion
		}
		v.text = slices.Clone(v.text)
		v.raw = nil
		r.keys[i] = v
	}
	return r
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
