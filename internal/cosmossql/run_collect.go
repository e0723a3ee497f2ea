package cosmossql

import (
	"bytes"
	"crypto/sha256"
)

// collect computes all rows on each page, passes those that were given and
// fills the page with the next. Where that is, is told by the number of rows
// given and by hashes of the last of them, so that rows which come or go before
// it between pages do no harm.
func (p *Plan) collect(f *frame, t *bookmark, out *pager) {
	if t.kind != tokenCount {
		p.window(f, 0, nil, t, out)
		return
	}
	finder := newRowFinder(t)
	if p.window(f, t.done, finder, t, out) || f.run.err != nil {
		return
	}
	f.run.held = 0
	p.window(f, finder.start(), nil, t, out)
}

// window gives the rows from number start on. With a finder it gives none and
// returns false, unless the row before start is the one that was given last.
func (p *Plan) window(f *frame, start int64, finder *rowFinder, t *bookmark, out *pager) bool {
	var n int64
	fits := finder == nil
	p.produce(f, func(v value) bool {
		n++
		switch {
		case !fits:
			fits = finder.see(v)
		case n <= start:
		case out.full():
			p.nextByCount(f.run, t, out)
			return false
		default:
			out.addValue(v)
		}
		return true
	})
	return fits
}

// nextByCount continues behind the page by the number of rows given.
func (p *Plan) nextByCount(r *running, t *bookmark, out *pager) {
	n := p.next(r, tokenCount)
	n.done = t.done + int64(len(out.page.Rows))
	n.last = t.last
	for _, row := range out.page.Rows[max(0, len(out.page.Rows)-maxLast):] {
		v, _ := loadValue(row)
		n.last = append(n.last, rowHash(v))
	}
	n.last = n.last[max(0, len(n.last)-maxLast):]
	out.page.Continuation = n.encode()
}

// rowHash recognises a row.
func rowHash(v value) [8]byte {
	sum := sha256.Sum256(appendCanonical(nil, v))
	return [8]byte(sum[:])
}

// rowFinder looks for the last row that was given and still exists.
type rowFinder struct {
	t    *bookmark
	age  map[[8]byte]int // hashes of the last rows given; the last has age 0
	seen int64
	best int   // the least age found
	at   int64 // its place, counted from 1
}

func newRowFinder(t *bookmark) *rowFinder {
	m := &rowFinder{t: t, age: map[[8]byte]int{}, best: len(t.last), at: t.done}
	for i, h := range t.last {
		m.age[h] = len(t.last) - 1 - i
	}
	return m
}

// see looks at the next row and says whether it is the last, in its old place.
// Of equal rows the one nearest to its old place counts.
func (m *rowFinder) see(v value) bool {
	m.seen++
	age, ok := m.age[rowHash(v)]
	if !ok || age > m.best {
		return false
	}
	if old := m.t.done - int64(age); age < m.best || distance(m.seen, old) < distance(m.at, old) {
		m.best, m.at = age, m.seen
	}
	return age == 0 && m.seen == m.t.done
}

// start is how many rows to pass.
func (m *rowFinder) start() int64 { return m.at }

func distance(a, b int64) int64 { return max(a-b, b-a) }

// produce computes the plan's rows in order.
func (p *Plan) produce(f *frame, emit func(value) bool) {
	b := p.root
	if p.mode == modeCollect || p.mode == modeRows {
		b.each(f, emit)
		return
	}
	all := newGroups(b.group)
	switch p.mode {
	case modeCount:
		p.counted(f, all)
	case modeEdges:
		p.edged(f, all)
	default:
		p.keyed(f, all)
	}
	if f.run.err != nil {
		return
	}
	l := limiter{skip: b.skip, take: b.take, run: f.run, emit: emit}
	b.group.deliver(f, b, all, l.deliver)
}

// counted asks the source how many documents there are.
func (p *Plan) counted(f *frame, all *groups) {
	gr := all.of(nil, f.run)
	if !p.root.passes(f, -1) {
		return
	}
	f.run.way = 0
	n, err := p.root.from[0].choices.ways[0].count(f.run, 0)
	if err != nil {
		f.run.fail(err)
		return
	}
	f.run.stats.Counted = true
	for i := range gr.accs {
		gr.accs[i].n = n
	}
}

// keyed counts documents by their key along its index. Arrays and objects have
// no value there, so their documents are read.
func (p *Plan) keyed(f *frame, all *groups) {
	b := p.root
	if !b.passes(f, -1) {
		return
	}
	c := cursor{run: f.run, walks: []Access{*b.from[0].choices.keyWalk}}
	defer func() { c.close() }()
	keys := make([]value, 1)
	var gr *group
	for c.next() {
		v := &c.row.Value
		if v.Kind >= Array {
			break
		}
		if gr == nil || v.Kind != gr.keys[0].kind || v.Num != gr.keys[0].num || !bytes.Equal(v.Text, gr.keys[0].text) {
			keys[0] = ofScalar(*v)
			gr = all.of(keys, f.run)
		}
		gr.countAll()
	}
	if f.run.err != nil || c.rows == nil {
		return
	}
	c.close()
	w := *b.from[0].choices.keyWalk
	w.KeysOnly, w.Low = false, &Bound{Scalar{Kind: Array}, true}
	c = cursor{run: f.run, walks: []Access{w}}
	for c.next() {
		f.slots[b.from[0].slot] = c.document()
		keys[0] = b.group.keys[0].eval(f)
		all.of(keys, f.run).countAll()
	}
}

// countAll counts one row in every aggregate, all of which are COUNT.
func (g *group) countAll() {
	for i := range g.accs {
		g.accs[i].n++
	}
}
