package kql

import "sort"

// topNested gives the best values of a column, within each the best of the next,
// and so on. "with others" is not supported.
func (b *binder) topNested(op *opTopNested, r *relation) *relation {
	taken := map[string]bool{}
	var keys []projected
	var levels []nested
	for _, l := range op.levels {
		if l.others != nil {
			b.refuse(l.others.where(), "'with others'")
		}
		key := b.projection([]expr{l.x}, &scope{cols: r.cols}, taken)[0]
		b.groupable([]projected{key}, []expr{l.x})
		keys = append(keys, key)
		aggs := &aggregation{rows: r.cols, keys: len(keys)}
		by := l.by
		given := "aggregated_" + key.name
		if n, ok := by.(*named); ok && len(n.names) == 1 {
			given, by = n.names[0], n.x
		}
		n := b.scalar(by, &scope{aggs: aggs})
		for _, a := range aggs.list {
			a.out.use()
		}
		most := -1
		if l.n != nil {
			most = b.count(l.n, "the number of values")
		}
		levels = append(levels, nested{key: key.name, by: uniqueName(given, taken), node: n, aggs: aggs.list, most: most, ascending: l.ascending})
	}
	useRefs(keys)
	out := &relation{}
	for i, l := range levels {
		out.cols = append(out.cols, &column{name: l.key, kind: keys[i].node.kind}, &column{name: l.by, kind: l.node.kind})
	}
	out.flow = func(yield func(*Chunk) bool) {
		chunks := b.q.collect(r)
		input := &relation{cols: r.cols, flow: rowsOf(chunks)}
		kept := []nestedRow{{}}
		for i, l := range levels {
			kept = l.extend(b.q, input, keys[:i+1], kept)
		}
		if len(kept) == 0 {
			return
		}
		made := newRows(out.cols)
		for _, k := range kept {
			made.add(k.values...)
		}
		yield(made.chunk())
	}
	return out
}

// nested is a level of top-nested.
type nested struct {
	key, by   string
	node      *node
	aggs      []*aggregate
	most      int
	ascending bool
}

// nestedRow is the values and aggregates of the levels so far.
type nestedRow struct {
	keys   []Value
	values []Value
}

// extend gives for each row of the level before its best values on this one.
func (l *nested) extend(q *query, r *relation, keys []projected, before []nestedRow) []nestedRow {
	children := map[string][]nestedRow{}
	q.group(r, keys, l.aggs, false, func(c *Chunk) bool {
		by := l.node.eval(c)
		var parent []byte
		for i := range c.N {
			row := nestedRow{}
			parent = parent[:0]
			for k := range keys {
				v := c.Columns[k].At(i)
				if row.keys = append(row.keys, v); k < len(keys)-1 {
					parent = appendKey(parent, v)
				}
			}
			row.values = []Value{row.keys[len(keys)-1], by.At(by.at(i))}
			children[string(parent)] = append(children[string(parent)], row)
		}
		return true
	})
	var out []nestedRow
	for _, p := range before {
		var key []byte
		for _, v := range p.keys {
			key = appendKey(key, v)
		}
		list := children[string(key)]
		sort.SliceStable(list, func(i, j int) bool {
			x, y := list[i].values[1], list[j].values[1]
			if !x.full || !y.full {
				return x.full && !y.full
			}
			if l.ascending {
				return orderValues(x, y) < 0
			}
			return orderValues(x, y) > 0
		})
		if l.most >= 0 && len(list) > l.most {
			list = list[:l.most]
		}
		for _, row := range list {
			out = append(out, nestedRow{row.keys, append(append([]Value{}, p.values...), row.values...)})
		}
	}
	return out
}
