package cosmossql

import (
	"crypto/sha256"
)

// sortPage is how many rows a sorted page keeps when the caller names no number.
const sortPage = 1000

// sort keeps the rows that belong to the page by their sort keys. It walks over
// everything, but holds little more than twice the page.
func (p *Plan) sort(f *frame, w *way, t *bookmark, out *pager) {
	b := p.root
	s := topRows{sorter: sorter{keys: b.order}, frame: f, out: b.out, want: p.wanted(t, out)}
	if t.kind == tokenSort {
		s.behind = &sortRow{ordinal: t.ordinal, sub: t.sub}
		for _, k := range t.keys {
			s.behind.keys = append(s.behind.keys, ofScalar(k))
		}
		if len(t.keys) != len(b.order) {
			f.run.fail(badToken("it is damaged"))
			return
		}
	}
	c := cursor{run: f.run, walks: w.walks}
	defer c.close()
	for c.next() {
		f.slots[b.from[0].slot] = c.document()
		if b.passes(f, 0) && !b.rows(f, 1, s.row) {
			break
		}
	}
	if f.run.err != nil {
		return
	}
	s.cut()
	p.sortedPage(f, t, s.rows, out)
}

// wanted is how many rows the sort must keep: what is skipped, the page, and one
// more to know whether there is a next page.
func (p *Plan) wanted(t *bookmark, out *pager) int {
	n := int64(out.maxItems)
	if n <= 0 {
		n = sortPage
	}
	if p.root.take >= 0 {
		n = min(n, p.root.take-t.done)
	}
	if t.kind != tokenSort {
		n += p.root.skip + t.done
	}
	return int(n) + 1
}

// sortedPage gives the rows that follow what was given.
func (p *Plan) sortedPage(f *frame, t *bookmark, rows []sortRow, out *pager) {
	done := t.done
	if t.kind != tokenSort {
		at := p.root.skip
		if t.kind == tokenCount {
			at += p.findRow(rows, t)
		}
		rows = rows[min(at, int64(len(rows))):]
	}
	limit := sortPage
	if out.maxItems > 0 {
		limit = out.maxItems
	}
	for i := range rows {
		out.addValue(rows[i].out)
		if done++; p.root.take >= 0 && done >= p.root.take {
			return
		}
		if i == len(rows)-1 {
			return
		}
		if out.full() || i+1 == limit {
			out.page.Continuation = p.afterSorted(f.run, &rows[i], done)
			return
		}
	}
}

// afterSorted makes the token that follows a row: its keys, or its number if
// they are too long.
func (p *Plan) afterSorted(r *running, last *sortRow, done int64) string {
	n := p.next(r, tokenSort)
	n.done, n.ordinal, n.sub = done, last.ordinal, last.sub
	for _, k := range last.keys {
		n.keys = append(n.keys, k.scalar())
	}
	if len(appendScalars(nil, n.keys)) > maxSortKeys {
		n.kind, n.row = tokenCount, rowHash(last.out)
	}
	return n.encode()
}

// findRow is how many of the rows behind OFFSET were given: as many as the token
// says, or up to the row it names if that has moved.
func (p *Plan) findRow(rows []sortRow, t *bookmark) int64 {
	m := rowFinder{t: t}
	for i := min(p.root.skip, int64(len(rows))); i < int64(len(rows)); i++ {
		m.see(rows[i].out)
	}
	return m.start()
}

// rowHash recognises a row.
func rowHash(v value) [8]byte {
	sum := sha256.Sum256(appendCanonical(nil, v))
	return [8]byte(sum[:])
}

// rowFinder looks for the row that a token of tokenCount names.
type rowFinder struct {
	t     *bookmark
	seen  int64
	match int64 // how many rows end with the match nearest to where it was
}

// see looks at the next row and says whether it is the one, in its old place.
func (m *rowFinder) see(v value) bool {
	m.seen++
	if rowHash(v) != m.t.row {
		return false
	}
	if m.match == 0 || distance(m.seen, m.t.done) < distance(m.match, m.t.done) {
		m.match = m.seen
	}
	return m.seen == m.t.done
}

// start is how many rows to pass.
func (m *rowFinder) start() int64 {
	if m.match > 0 {
		return m.match
	}
	return m.t.done
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// topRows keeps the first rows by the sort keys.
type topRows struct {
	sorter
	frame  *frame
	out    expr
	want   int
	behind *sortRow // only rows behind it count
	bound  bool     // rows[want-1] is the last that counts so far
}

// row takes the frame's row if it is among the first.
func (s *topRows) row() bool {
	r := s.newRow(s.frame)
	if s.behind != nil && s.compare(&r, s.behind) <= 0 {
		return true
	}
	if s.bound && s.compare(&r, &s.rows[s.want-1]) > 0 {
		return true
	}
	out := s.out.eval(s.frame)
	if !out.defined() {
		return true
	}
	r.out = out.clone()
	s.rows = append(s.rows, r)
	s.frame.run.hold(r.size())
	if len(s.rows) >= 2*s.want+64 {
		s.cut()
	}
	return s.frame.run.err == nil
}

// cut sorts and drops what the page does not need.
func (s *topRows) cut() {
	s.sort()
	if len(s.rows) <= s.want {
		return
	}
	for i := s.want; i < len(s.rows); i++ {
		s.frame.run.held -= s.rows[i].size()
	}
	clear(s.rows[s.want:])
	s.rows = s.rows[:s.want]
	s.bound = true
}
