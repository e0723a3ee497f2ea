package cosmossql

// collect computes all rows on each page, passes those that were given and
// fills the page with the next. A row is found again by its number and hash, so
// that rows which come or go before it between pages do no harm.
func (p *Plan) collect(f *frame, t *bookmark, out *pager) {
	if t.kind != tokenCount {
		p.window(f, 0, nil, t, out)
		return
	}
	finder := &rowFinder{t: t}
	if p.window(f, t.done, finder, t, out) || f.run.err != nil {
		return
	}
	f.run.held = 0
	p.window(f, finder.start(), nil, t, out)
}

// window gives the rows from number start on. With a finder it gives none and
// returns false unless the row before start is the one the token names.
func (p *Plan) window(f *frame, start int64, finder *rowFinder, t *bookmark, out *pager) bool {
	var n int64
	fits := finder == nil || start == 0
	var last [8]byte
	full := false
	p.produce(f, func(v value) bool {
		n++
		switch {
		case !fits:
			fits = finder.see(v)
		case n <= start:
		case full:
			mark := p.next(f.run, tokenCount)
			mark.done, mark.row = n-1, last
			out.page.Continuation = mark.encode()
			return false
		default:
			out.addValue(v)
			if full = out.full(); full {
				last = rowHash(v)
			}
		}
		return true
	})
	return fits
}

// produce computes the plan's rows in order.
func (p *Plan) produce(f *frame, emit func(value) bool) {
	b := p.root
	if p.mode == modeCollect {
		b.each(f, emit)
		return
	}
	all := newGroups(b.group)
	if p.mode == modeCount {
		p.counted(f, all)
	} else {
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
		v := ofScalar(c.row.Value)
		if v.kind >= Array {
			break
		}
		if gr == nil || compare(v, gr.keys[0]) != 0 {
			keys[0] = v
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
