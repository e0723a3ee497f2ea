package kql

// summarized is what summarize gives: keys, then expressions over keys and aggregates.
func (b *binder) summarize(op *opSummarize, r *relation) *relation {
	taken := map[string]bool{}
	keys := b.projection(op.by, &scope{cols: r.cols}, taken)
	b.groupable(keys, op.by)
	useRefs(keys)
	var keyCols []*column
	for i := range keys {
		c := keys[i].columnOf()
		c.origins = nil
		keyCols = append(keyCols, c)
	}
	aggs := &aggregation{rows: r.cols, keys: len(keys)}
	s := &scope{cols: keyCols, aggs: aggs}
	var outputs []projected
	for _, e := range op.aggregates {
		outputs = append(outputs, b.aggregateOutputs(e, s, taken)...)
	}
	all := make([]projected, 0, len(keys)+len(outputs))
	for i, c := range keyCols {
		all = append(all, projected{name: c.name, node: columnNode(c, i)})
	}
	grouped := &relation{cols: append(append([]*column{}, keyCols...), columnsOf(aggs.list)...)}
	grouped.flow = func(yield func(*Chunk) bool) { b.q.group(r, keys, aggs.list, len(keys) == 0, yield) }
	return project(grouped, append(all, outputs...))
}

func useRefs(list []projected) {
	for _, p := range list {
		for _, ref := range p.node.refs {
			ref.use()
		}
	}
}

func columnsOf(list []*aggregate) []*column {
	out := make([]*column, len(list))
	for i, a := range list {
		out[i] = a.out
	}
	return out
}

// aggregateOutputs are the columns that one item of summarize gives.
func (b *binder) aggregateOutputs(e expr, s *scope, taken map[string]bool) []projected {
	var names []string
	x := e
	if n, ok := e.(*named); ok {
		names, x = n.names, n.x
	}
	c, ok := x.(*call)
	if !ok || !multiAggregates[c.name] {
		if len(names) > 1 {
			b.fail(e.where(), "SEM0003", "several names are given to one column")
		}
		return b.projection([]expr{e}, s, taken)
	}
	var out []projected
	for i, a := range b.aggregates(c, s.aggs.rows) {
		p := projected{name: a.name, node: s.aggs.add(a)}
		if i < len(names) {
			p.name = names[i]
		}
		if taken[p.name] && i >= len(names) && isKey(s, p.name) {
			continue // arg_max(t, *) does not repeat the keys
		}
		p.name = uniqueName(p.name, taken)
		out = append(out, p)
	}
	return out
}

func isKey(s *scope, name string) bool {
	for _, c := range s.cols {
		if c.name == name {
			return true
		}
	}
	return false
}

// group runs aggregates over a relation: one chunk of keys and aggregates. With
// always, an empty input gives one row.
func (q *query) group(r *relation, keys []projected, list []*aggregate, always bool, yield func(*Chunk) bool) {
	kinds := make([]Kind, len(keys))
	for i, k := range keys {
		kinds[i] = k.node.kind
	}
	g := newGrouper(q, kinds)
	accumulators := make([]accumulator, len(list))
	for i, a := range list {
		accumulators[i] = a.make()
	}
	grown := 0
	if always {
		g.n, grown = 1, 1
		for _, a := range accumulators {
			a.grow(1)
		}
	}
	r.flow(func(c *Chunk) bool {
		q.tick(c.N)
		if c.N == 0 {
			return true
		}
		vectors := make([]*Vector, len(keys))
		for i, k := range keys {
			vectors[i] = k.node.eval(c)
		}
		groups := g.add(vectors, c.N)
		if g.n > grown {
			q.hold(int64(g.n-grown) * int64(24*len(list)))
			grown = g.n
			for _, a := range accumulators {
				a.grow(g.n)
			}
		}
		for i, a := range accumulators {
			if list[i].out.used {
				a.add(c, groups)
			}
		}
		return true
	})
	if g.n == 0 {
		return
	}
	out := &Chunk{N: g.n, Columns: g.vectors()}
	for i, a := range list {
		if !a.out.used {
			out.Columns = append(out.Columns, absent(a.kind))
			continue
		}
		b := newBuilder(a.kind, g.n)
		for group := range g.n {
			b.add(accumulators[i].value(group))
		}
		out.Columns = append(out.Columns, b.vector())
	}
	yield(out)
}
