package kql

// expanded is a column of mv-expand: what it is made of, and where it goes.
type expanded struct {
	node *node
	kind Kind
	at   int // of an output column
}

// expand gives each row once for every value of an array, or every key of a bag.
// Several columns go side by side: the shorter end in nulls.
func (b *binder) expand(op *opExpand, r *relation) *relation {
	limit := int64(1 << 40)
	if op.limit != nil {
		limit = int64(b.count(op.limit, "the limit"))
	}
	cols := make([]*column, len(r.cols))
	for i, c := range r.cols {
		cols[i] = c.pass(c.name)
	}
	var list []expanded
	taken := map[string]bool{}
	for _, c := range r.cols {
		taken[c.name] = true
	}
	for _, c := range op.columns {
		given, x := "", c.x
		if n, ok := x.(*named); ok {
			given, x = n.names[0], n.x
		}
		n := b.scalar(x, &scope{cols: r.cols})
		if n.kind != Dynamic {
			if n.kind != String && n.kind != None && op.apply == nil {
				b.fail(x.where(), "SEM0026", "a dynamic is expected, not a %s", n.kind)
			}
			n2 := lift(Dynamic, []*node{n}, func(a []Value) Value { return convert(a[0], Dynamic) })
			n2.name, n2.column = n.name, n.column
			n = n2
		}
		for _, ref := range n.refs {
			ref.use()
		}
		kind := c.to
		if kind == None {
			kind = Dynamic
		}
		e := expanded{node: n, kind: kind, at: -1}
		if given == "" {
			given = n.name
			if n.column == nil {
				if given == "" {
					given = "Column1"
				}
				given = uniqueName(given, taken)
			}
		}
		for i, old := range cols {
			if old.name == given {
				e.at = i
			}
		}
		made := &column{name: given, kind: kind, from: n.refs}
		if e.at < 0 {
			e.at = len(cols)
			cols = append(cols, made)
		} else {
			cols[e.at] = made
		}
		taken[given] = true
		list = append(list, e)
	}
	index := -1
	if op.itemIndex != "" {
		index = len(cols)
		cols = append(cols, &column{name: uniqueName(op.itemIndex, taken), kind: Long})
	}
	if op.apply != nil {
		return b.applyEach(op, r, list, cols, index)
	}
	out := &relation{cols: cols, scans: r.scans, mixed: true, ordered: r.ordered}
	in := r.flow
	out.flow = func(yield func(*Chunk) bool) {
		in(func(c *Chunk) bool {
			vectors := make([]*Vector, len(list))
			for i, e := range list {
				vectors[i] = e.node.eval(c)
			}
			x := newExpansion(cols, list, index)
			for i := range c.N {
				x.row(vectors, i, limit, op.bagArrays, false)
				if len(x.rows) >= 4*chunkRows {
					b.q.tick(len(x.rows))
					if !yield(x.chunk(c)) {
						return false
					}
					x = newExpansion(cols, list, index)
				}
			}
			b.q.tick(len(x.rows))
			return len(x.rows) == 0 || yield(x.chunk(c))
		})
	}
	return out
}

// expansion collects the rows that a chunk gives.
type expansion struct {
	cols     []*column
	list     []expanded
	index    int
	rows     []int32
	builders []*builder
	indexes  []int64
}

func newExpansion(cols []*column, list []expanded, index int) *expansion {
	x := &expansion{cols: cols, list: list, index: index}
	for _, e := range list {
		x.builders = append(x.builders, newBuilder(e.kind, 64))
	}
	return x
}

// items are the values that a dynamic stands for: a bag's are bags of one key.
func items(d any, arrays bool) []any {
	switch d := d.(type) {
	case []any:
		return d
	case *Bag:
		out := make([]any, len(d.Names))
		for i, n := range d.Names {
			if arrays {
				out[i] = []any{n, d.Values[i]}
			} else {
				out[i] = &Bag{Names: []string{n}, Values: []any{d.Values[i]}}
			}
		}
		return out
	}
	return []any{d}
}

// row expands row i. What is null or a single value gives one row, [] none; with
// apply, null gives none as well.
func (x *expansion) row(vectors []*Vector, i int, limit int64, arrays, apply bool) int {
	lists := make([][]any, len(vectors))
	n := 0
	for k, v := range vectors {
		d := v.At(i).dyn
		if apply && d == nil {
			continue
		}
		lists[k] = items(d, arrays)
		n = max(n, len(lists[k]))
	}
	n = int(min(int64(n), limit))
	for j := range n {
		x.rows = append(x.rows, int32(i))
		x.indexes = append(x.indexes, int64(j))
		for k, e := range x.list {
			if j < len(lists[k]) {
				x.builders[k].add(convert(DynamicValue(lists[k][j]), e.kind))
			} else {
				x.builders[k].add(Null(e.kind))
			}
		}
	}
	return n
}

// chunk is what was collected beside the columns of c.
func (x *expansion) chunk(c *Chunk) *Chunk {
	picked := c.pick(x.rows)
	out := &Chunk{N: len(x.rows), Columns: make([]*Vector, len(x.cols))}
	copy(out.Columns, picked.Columns)
	for k, e := range x.list {
		out.Columns[e.at] = x.builders[k].vector()
	}
	if x.index >= 0 {
		out.Columns[x.index] = &Vector{Kind: Long, Ints: x.indexes}
	}
	return out
}

// applyEach is mv-apply: operators over the rows that one row expands to, whose
// results stand beside that row's other columns.
func (b *binder) applyEach(op *opExpand, r *relation, list []expanded, cols []*column, index int) *relation {
	input := &relation{cols: cols}
	var current []*Chunk
	input.flow = func(yield func(*Chunk) bool) { rowsOf(current)(yield) }
	sub := input
	b.in(b.env.inner(), func() {
		for _, o := range op.apply {
			sub = b.apply(o, sub)
		}
	})
	// Columns that the operators did not name stand beside what they give.
	out := &relation{cols: append([]*column{}, sub.cols...), ordered: r.ordered}
	var beside []int
	isItem := map[int]bool{}
	for _, e := range list {
		isItem[e.at] = true
	}
	for i, c := range r.cols {
		if _, has := sub.find(c.name); has == nil && !isItem[i] {
			beside = append(beside, i)
		}
	}
	out.cols = nil
	for _, i := range beside {
		out.cols = append(out.cols, r.cols[i].pass(r.cols[i].name))
	}
	for _, c := range sub.cols {
		out.cols = append(out.cols, c.pass(c.name))
	}
	for _, c := range out.cols {
		c.origins = nil
	}
	limit := int64(1 << 40)
	if op.limit != nil {
		limit = int64(b.count(op.limit, "the limit"))
	}
	out.flow = func(yield func(*Chunk) bool) {
		r.flow(func(c *Chunk) bool {
			vectors := make([]*Vector, len(list))
			for i, e := range list {
				vectors[i] = e.node.eval(c)
			}
			more := true
			for i := range c.N {
				x := newExpansion(cols, list, index)
				b.q.tick(1 + x.row(vectors, i, limit, op.bagArrays, true))
				current = []*Chunk{x.chunk(c)}
				sub.flow(func(got *Chunk) bool {
					if got.N == 0 {
						return true
					}
					row := make([]int32, got.N)
					for k := range row {
						row[k] = int32(i)
					}
					made := &Chunk{N: got.N}
					left := c.pick(row)
					for _, at := range beside {
						made.Columns = append(made.Columns, left.Columns[at])
					}
					made.Columns = append(made.Columns, got.Columns...)
					more = yield(settle(made, out.cols))
					return more
				})
				if !more {
					return false
				}
			}
			return true
		})
	}
	return out
}
