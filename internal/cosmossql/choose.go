package cosmossql

import "slices"

// maxWalks bounds the walks of one way: beyond it one walk over everything is
// the better one.
const maxWalks = 2000

// planBlock chooses the access of the block's container source, at whatever
// depth of subqueries in FROM it is.
func planBlock(b *block, info SourceInfo) {
	if len(b.from) == 0 {
		return
	}
	s := &b.from[0]
	switch {
	case s.query != nil:
		planBlock(s.query, info)
	case s.kind == fromContainer:
		c := chooser{block: b, info: info, slot: s.slot, limits: restrictions(b.where, s.slot)}
		c.choose(s.choices)
	}
}

// chooser finds the ways to reach the documents of one block.
type chooser struct {
	block  *block
	info   SourceInfo
	slot   int
	limits []*restriction

	partitions [][]Scalar // the logical partitions to visit; nil: the whole source
	absorbed   int        // conditions that the partitions fulfil exactly
}

// choose fills in the ways, best first.
func (c *chooser) choose(acc *access) {
	c.choosePartitions()
	if w, ok := c.points(); ok {
		acc.ways = []way{w}
		return
	}
	base := way{walks: c.extent(), exact: c.absorbed == len(c.block.where)}
	base.ordered = len(c.block.order) == 0
	ordered, isOrdered := c.ordered()
	if isOrdered {
		base = ordered
	}
	if w, ok := c.filtered(isOrdered); ok && len(w.walks) == 0 {
		acc.ways = []way{w}
		return
	} else if ok {
		acc.ways = append(acc.ways, w)
	}
	acc.ways = append(acc.ways, base)
	acc.keyWalk = c.keyWalk()
	acc.edges = c.edgeWalks()
}

// indexable asks whether path may be walked within the extent.
func (c *chooser) indexable(path Path) bool {
	return c.info.Indexable != nil && c.info.Indexable(path, c.inPartition())
}

func (c *chooser) inPartition() bool { return c.info.Pinned || c.partitions != nil }

// limit returns the restriction of path, or nil.
func (c *chooser) limit(path Path) *restriction {
	for _, r := range c.limits {
		if slices.Equal(r.path, path) {
			return r
		}
	}
	return nil
}

// choosePartitions narrows to logical partitions if the conditions fix every
// component of the partition key.
func (c *chooser) choosePartitions() {
	if c.info.Pinned || len(c.info.PartitionKeyPaths) == 0 {
		return
	}
	keys := [][]Scalar{nil}
	absorbed := 0
	for _, path := range c.info.PartitionKeyPaths {
		r := c.limit(path)
		if r == nil || r.points == nil || len(r.points)*len(keys) > maxWalks {
			return
		}
		var longer [][]Scalar
		for _, k := range keys {
			for _, p := range r.points {
				longer = append(longer, append(slices.Clone(k), p))
			}
		}
		keys = longer
		if r.exact {
			absorbed += r.terms
		}
	}
	c.partitions, c.absorbed = keys, absorbed
	if keys == nil {
		c.partitions = [][]Scalar{} // the conditions exclude each other
	}
}

// extent is one walk for each partition, in insertion order.
func (c *chooser) extent() []Access { return c.spread([]Access{{}}) }

// spread repeats the walks for each partition.
func (c *chooser) spread(walks []Access) []Access {
	if c.partitions == nil {
		return walks
	}
	out := []Access{}
	for _, p := range c.partitions {
		for _, a := range walks {
			a.Partition = p
			out = append(out, a)
		}
	}
	return out
}

// points finds lookups by partition key and id.
func (c *chooser) points() (way, bool) {
	if c.inPartition() {
		if r := c.limit(Path{"id"}); r != nil && r.points != nil && len(r.points)*max(len(c.partitions), 1) <= maxWalks {
			walks := []Access{}
			for _, p := range r.points {
				if p.Kind == String {
					id := string(p.Text)
					walks = append(walks, Access{ID: &id})
				}
			}
			return way{walks: c.spread(walks), exact: r.exact && c.absorbed+r.terms == len(c.block.where)}, true
		}
	}
	return c.disjunction()
}

// disjunction finds (pk AND id) OR (pk AND id) …, which readMany sends.
func (c *chooser) disjunction() (way, bool) {
	if c.info.Pinned || len(c.info.PartitionKeyPaths) == 0 {
		return way{}, false
	}
	for _, cond := range c.block.where {
		or, ok := cond.x.(*orExpr)
		if !ok || len(or.terms) > maxWalks {
			continue
		}
		if walks, ok := c.disjuncts(or); ok {
			return way{walks: walks}, true
		}
	}
	return way{}, false
}

func (c *chooser) disjuncts(or *orExpr) ([]Access, bool) {
	var walks []Access
	seen := map[string]bool{}
	for _, t := range or.terms {
		and, ok := t.(*andExpr)
		if !ok {
			return nil, false
		}
		var where []condition
		for _, x := range and.terms {
			where = append(where, condition{x: x})
		}
		one := chooser{block: &block{where: where}, info: c.info, slot: c.slot, limits: restrictions(where, c.slot)}
		one.choosePartitions()
		if !one.inPartition() {
			return nil, false
		}
		w, ok := one.points()
		if !ok || len(walks)+len(w.walks) > maxWalks {
			return nil, false
		}
		for _, a := range w.walks {
			key := []byte(*a.ID)
			for _, p := range a.Partition {
				key = appendCanonical(append(key, 0), ofScalar(p))
			}
			if !seen[string(key)] {
				seen[string(key)] = true
				walks = append(walks, a)
			}
		}
	}
	return walks, true
}

// ordered finds a walk that gives the block's order. Keys that the conditions
// fix to one value do not count.
func (c *chooser) ordered() (way, bool) {
	if len(c.block.order) == 0 || len(c.partitions) > 1 {
		return way{}, false
	}
	desc := c.block.order[0].desc
	var key Path
	for _, k := range c.block.order {
		path, ok := indexedPath(k.x, c.slot)
		if !ok {
			return way{}, false
		}
		if r := c.limit(path); r != nil && len(r.points) == 1 && r.points != nil {
			continue
		}
		if key != nil && !slices.Equal(key, path) || k.desc != desc && key == nil {
			return way{}, false
		}
		key = path
	}
	if key == nil {
		return way{walks: c.spread([]Access{{Reverse: desc}}), ordered: true, exact: c.absorbed == len(c.block.where)}, true
	}
	if !c.indexable(key) {
		return way{}, false
	}
	w := way{ordered: true, exact: c.absorbed == len(c.block.where)}
	if r := c.limit(key); r != nil {
		w = c.along(r, desc)
		w.ordered = true
		return w, len(w.walks) <= maxWalks
	}
	w.walks = c.spread([]Access{{Path: key, Reverse: desc}})
	return w, true
}

// along walks the index of a restricted path.
func (c *chooser) along(r *restriction, reverse bool) way {
	w := way{exact: r.exact && c.absorbed+r.terms == len(c.block.where)}
	if r.points == nil {
		w.walks = c.spread([]Access{{Path: r.path, Low: r.low, High: r.high, Reverse: reverse}})
		return w
	}
	walks := []Access{}
	for _, p := range r.points {
		b := &Bound{p, true}
		walks = append(walks, Access{Path: r.path, Low: b, High: b, Reverse: reverse})
	}
	if reverse {
		slices.Reverse(walks)
	}
	w.walks = c.spread(walks)
	return w
}

// filtered finds the most telling condition that an index can answer. Beside an
// ordered walk only equality and prefixes are worth an index.
func (c *chooser) filtered(beside bool) (way, bool) {
	var best *restriction
	bestRank := 0
	for _, r := range c.limits {
		rank := selectivity(r)
		if rank <= bestRank || (beside && rank < 3) || c.isPartitionKey(r.path) || len(r.points)*max(1, len(c.partitions)) > maxWalks {
			continue
		}
		if beside && c.isOrderKey(r.path) || !c.indexable(r.path) {
			continue
		}
		best, bestRank = r, rank
	}
	if best == nil {
		return way{}, false
	}
	w := c.along(best, false)
	w.few = len(w.walks) > 0
	w.ordered = len(c.block.order) == 0 || len(w.walks) == 0
	return w, true
}

// selectivity ranks restrictions: one value, some values, a bounded range, an
// open one.
func selectivity(r *restriction) int {
	switch {
	case r.points != nil && len(r.points) <= 1:
		return 4
	case r.points != nil:
		return 3
	case r.twoSided():
		return 2
	}
	return 1
}

func (c *chooser) isPartitionKey(path Path) bool {
	return c.inPartition() && slices.ContainsFunc(c.info.PartitionKeyPaths, func(p Path) bool { return slices.Equal(p, path) })
}

func (c *chooser) isOrderKey(path Path) bool {
	return slices.ContainsFunc(c.block.order, func(k sortKey) bool {
		p, ok := indexedPath(k.x, c.slot)
		return ok && slices.Equal(p, path)
	})
}

// keyWalk is the walk that finds the groups of a single GROUP BY path.
func (c *chooser) keyWalk() *Access {
	g := c.block.group
	if g == nil || len(g.keys) != 1 || c.absorbed != len(c.block.where) || len(c.partitions) > 1 {
		return nil
	}
	path, ok := indexedPath(g.keys[0], c.slot)
	if !ok || !c.indexable(path) {
		return nil
	}
	a := c.spread([]Access{{Path: path, KeysOnly: true}})
	if len(a) != 1 {
		return nil
	}
	return &a[0]
}
