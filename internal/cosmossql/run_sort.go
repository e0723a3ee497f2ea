package cosmossql

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

// wanted is how many rows the sort must keep: what OFFSET skips, the page, and
// one more to know whether there is a next page.
func (p *Plan) wanted(t *bookmark, out *pager) int {
	n := int64(sortPage)
	if out.maxItems > 0 {
		n = int64(out.maxItems)
	}
	if p.root.take >= 0 {
		n = min(n, p.root.take-t.done)
	}
	if t.kind != tokenSort {
		n += p.root.skip
	}
	return int(n) + 1
}

// sortedPage gives the rows that follow what was given.
func (p *Plan) sortedPage(f *frame, t *bookmark, rows []sortRow, out *pager) {
	done := t.done
	if t.kind != tokenSort {
		rows = rows[min(p.root.skip, int64(len(rows))):]
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
			p.nextBySort(f.run, t, &rows[i], out)
			return
		}
	}
}

// nextBySort continues behind a row by its keys, or by its number if they are
// too long.
func (p *Plan) nextBySort(r *running, t *bookmark, last *sortRow, out *pager) {
	n := p.next(r, tokenSort)
	n.done, n.ordinal, n.sub = t.done+int64(len(out.page.Rows)), last.ordinal, last.sub
	for _, k := range last.keys {
		n.keys = append(n.keys, k.scalar())
	}
	if len(appendScalars(nil, n.keys)) > maxSortKeys {
		p.nextByCount(r, t, out)
		return
	}
	out.page.Continuation = n.encode()
}

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
	s.see(s.frame)
	if s.behind != nil && s.compare(&s.at, s.behind) <= 0 {
		return true
	}
	if s.bound && s.compare(&s.at, &s.rows[s.want-1]) > 0 {
		return true
	}
	out := s.out.eval(s.frame)
	if !out.isJSON() {
		return true
	}
	s.keep(out, s.frame.run)
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
