package cosmossql

// edged answers MIN and MAX from the ends of indexes: one document for each. The
// document is read because the index does not keep a number's text.
func (p *Plan) edged(f *frame, all *groups) {
	b := p.root
	gr := all.of(nil, f.run)
	if !b.passes(f, -1) {
		return
	}
	for i, a := range b.group.aggs {
		walk := b.from[0].choices.edges[i]
		if p.hasStructures(f.run, walk) {
			gr.accs[i].bad = true
			continue
		}
		c := cursor{run: f.run, walks: []Access{walk}}
		if c.next() {
			f.slots[b.from[0].slot] = c.document()
			gr.accs[i].add(a.fn, a.arg.eval(f), f.run)
		}
		c.close()
	}
}

// hasStructures says whether there is an array or object at the walk's path,
// which makes MIN and MAX undefined.
func (p *Plan) hasStructures(r *running, walk Access) bool {
	walk.Low, walk.Reverse = &Bound{Scalar{Kind: Array}, true}, false
	n, err := r.src.Count(r.ctx, walk, 1)
	if err != nil {
		r.fail(err)
	}
	return n > 0
}

// edgeWalks are the walks that begin with the MIN or MAX of each aggregate, or
// nil if an aggregate is something else or has no index.
func (c *chooser) edgeWalks() []Access {
	g := c.block.group
	if g == nil || len(g.keys) > 0 || c.absorbed != len(c.block.where) || len(c.partitions) > 1 || len(c.block.from) > 1 {
		return nil
	}
	var walks []Access
	for _, a := range g.aggs {
		path, ok := indexedPath(a.arg, c.slot)
		if !ok || (a.fn != "MIN" && a.fn != "MAX") || !c.indexable(path) {
			return nil
		}
		walks = append(walks, Access{Path: path, Low: &Bound{Scalar{Kind: Undefined}, false}, Reverse: a.fn == "MAX"})
	}
	if c.partitions != nil {
		if len(c.partitions) == 0 {
			return nil
		}
		for i := range walks {
			walks[i].Partition = c.partitions[0]
		}
	}
	return walks
}
