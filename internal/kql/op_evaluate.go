package kql

import (
	"slices"
	"sort"
)

// evaluate runs a plugin: pivot, bag_unpack or narrow. The columns of the first
// two follow from the rows, so they are run while the query is bound.
func (b *binder) evaluate(op *opEvaluate, r *relation) *relation {
	switch op.call.name {
	case "pivot":
		return b.pivot(&op.call, r)
	case "bag_unpack":
		return b.unpack(&op.call, r)
	case "narrow":
		return b.narrow(r)
	}
	b.refuse(op.call.at, "the plugin '"+op.call.name+"'")
	return nil
}

// mostPivot bounds how many columns a pivot or an unpacked bag gives.
const mostPivot = 2000

// pivot is pivot(column[, aggregate[, group column…]]): a column for each value.
func (b *binder) pivot(c *call, r *relation) *relation {
	if len(c.args) == 0 {
		b.fail(c.span, "SEM0219", "pivot(): function expects at least 1 argument(s)")
	}
	s := &scope{cols: r.cols}
	by := b.scalar(c.args[0], s)
	if by.column == nil {
		b.fail(c.args[0].where(), "SEM0029", "pivot(): a column is expected")
	}
	aggregated := expr(&call{span: c.span, name: "count", at: c.at})
	groups := c.args[1:]
	if len(groups) > 0 {
		if a, ok := groups[0].(*call); ok {
			aggregated, groups = a, groups[1:]
		}
	}
	aggs := &aggregation{rows: r.cols}
	b.scalar(aggregated, &scope{aggs: aggs})
	if len(aggs.list) != 1 {
		b.fail(aggregated.where(), "SEM0029", "pivot(): one aggregate is expected")
	}
	agg := aggs.list[0]
	agg.out.use()
	var keys []projected
	if len(groups) > 0 {
		keys = b.projection(groups, s, map[string]bool{})
	} else {
		for i, col := range r.cols {
			if col != by.column && !slices.Contains(agg.refs, col) {
				keys = append(keys, projected{name: col.name, node: columnNode(col, i)})
			}
		}
	}
	b.groupable(keys, append(slices.Clone(c.args), c))
	all := append(slices.Clone(keys), projected{name: "pivot", node: by.to(String)})
	useRefs(all)
	var grouped *Chunk
	b.q.group(r, all, aggs.list, false, func(c *Chunk) bool {
		grouped = c
		return true
	})
	return b.pivoted(c, keys, agg, grouped)
}

// pivoted lays the groups out: a row for each key, a column for each value.
func (b *binder) pivoted(c *call, keys []projected, agg *aggregate, grouped *Chunk) *relation {
	out := &relation{}
	taken := map[string]bool{}
	for _, k := range keys {
		out.cols = append(out.cols, &column{name: uniqueName(k.name, taken), kind: k.node.kind})
	}
	if grouped == nil {
		out.flow = rowsOf(nil)
		return out
	}
	values := grouped.Columns[len(keys)]
	at := map[string]int{}
	var names []string
	for i := range grouped.N {
		if n := values.text(i); at[n] == 0 {
			at[n] = 1
			names = append(names, n)
		}
	}
	if len(names) > mostPivot {
		b.fail(c.span, "SEM0029", "pivot(): there would be more than %d columns", mostPivot)
	}
	sort.Strings(names)
	for i, n := range names {
		at[n] = i
		out.cols = append(out.cols, &column{name: uniqueName(n, taken), kind: agg.kind})
	}
	g := newGrouper(b.q, kindsOfProjected(keys))
	ids := g.add(grouped.Columns[:len(keys)], grouped.N)
	empty := Null(agg.kind)
	if agg.name == "count_" || agg.name == "countif_" {
		empty = IntValue(Long, 0)
	}
	b.q.hold(int64(g.n) * int64(len(names)) * 56)
	cells := make([][]Value, g.n)
	for i, id := range ids {
		if cells[id] == nil {
			cells[id] = make([]Value, len(names))
			for j := range cells[id] {
				cells[id][j] = empty
			}
		}
		cells[id][at[values.text(i)]] = grouped.Columns[len(keys)+1].At(i)
	}
	chunk := &Chunk{N: g.n, Columns: g.vectors()}
	for j := range names {
		builder := newBuilder(agg.kind, g.n)
		for _, row := range cells {
			builder.add(row[j])
		}
		chunk.Columns = append(chunk.Columns, builder.vector())
	}
	out.flow = rowsOf([]*Chunk{chunk})
	return out
}

// unpack is bag_unpack(column[, prefix]): a column for each key.
func (b *binder) unpack(c *call, r *relation) *relation {
	b.arity(c, 1, 2)
	x := b.scalar(c.args[0], &scope{cols: r.cols})
	if x.kind != Dynamic || x.column == nil {
		b.fail(c.args[0].where(), "SEM0029", "bag_unpack(): a dynamic column is expected")
	}
	prefix := ""
	if len(c.args) > 1 {
		prefix = b.constant(c.args[1], "the prefix").String()
	}
	useAll(r.cols)
	chunks := b.q.collect(r)
	kinds := map[string]Kind{}
	var names []string
	for _, ch := range chunks {
		v := x.eval(ch)
		for i := range ch.N {
			bag, ok := v.At(i).dyn.(*Bag)
			if !ok {
				continue
			}
			for j, n := range bag.Names {
				k, seen := kinds[n]
				if !seen {
					names = append(names, n)
				}
				kinds[n] = widened(k, bag.Values[j])
			}
		}
		if len(names) > mostPivot {
			b.fail(c.span, "SEM0029", "bag_unpack(): there would be more than %d columns", mostPivot)
		}
	}
	sort.Strings(names)
	var list []projected
	taken := map[string]bool{}
	for i, col := range r.cols {
		if i != x.index {
			taken[col.name] = true
			list = append(list, projected{name: col.name, node: columnNode(col, i)})
		}
	}
	for _, n := range names {
		if taken[prefix+n] {
			b.fail(c.span, "SEM0029", "bag_unpack(): the column '%s' is there already: a prefix makes names differ", prefix+n)
		}
		k := kinds[n]
		if k == None {
			k = Dynamic
		}
		list = append(list, projected{name: prefix + n, node: lift(k, []*node{x}, func(a []Value) Value {
			if bag, ok := a[0].dyn.(*Bag); ok {
				v, _ := bag.Get(n)
				return convert(DynamicValue(v), k)
			}
			return Null(k)
		})})
	}
	return project(&relation{cols: r.cols, flow: rowsOf(chunks)}, list)
}

// widened is the kind of a column that has values of kind k and v.
func widened(k Kind, v any) Kind {
	var of Kind
	switch v.(type) {
	case nil:
		return k
	case []any, *Bag:
		of = Dynamic
	default:
		of = fromDynamic(v).kind
	}
	switch {
	case k == None || k == of:
		return of
	case isNumber(k) && isNumber(of):
		return Real
	}
	return Dynamic
}

// narrow gives a row for each cell: Row, Column, Value.
func (b *binder) narrow(r *relation) *relation {
	useAll(r.cols)
	out := &relation{cols: []*column{{name: "Row", kind: Long}, {name: "Column", kind: String}, {name: "Value", kind: String}}}
	out.flow = func(yield func(*Chunk) bool) {
		row := int64(0)
		r.flow(func(c *Chunk) bool {
			b.q.tick(c.N * len(c.Columns))
			made := newRows(out.cols)
			for _, v := range c.Columns {
				v.load()
			}
			for i := range c.N {
				for k, v := range c.Columns {
					made.add(IntValue(Long, row), TextValue(String, r.cols[k].name), convert(v.At(i), String))
				}
				row++
			}
			return c.N == 0 || yield(made.chunk())
		})
	}
	return out
}
