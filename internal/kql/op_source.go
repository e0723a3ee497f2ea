package kql

// chunkRows is how many rows chunks have that are made here.
const chunkRows = 4096

// print is one row of expressions.
func (b *binder) print(op *opPrint) *relation {
	var list []projected
	taken := map[string]bool{}
	for i, e := range op.list {
		x := e
		given := "print_" + string(appendInt(nil, i))
		if n, ok := e.(*named); ok {
			if len(n.names) > 1 {
				list = append(list, b.projection([]expr{e}, &scope{}, taken)...)
				continue
			}
			given, x = n.names[0], n.x
		}
		n := b.scalar(x, &scope{})
		list = append(list, projected{name: uniqueName(given, taken), node: n})
	}
	return project(&relation{flow: rowsOf([]*Chunk{{N: 1}})}, list)
}

// rangeTable is range x from a to b step c.
func (b *binder) rangeTable(op *opRange) *relation {
	from, to, step := b.constant(op.from, "the first value"), b.constant(op.to, "the last value"), b.constant(op.step, "the step")
	k := from.kind
	switch {
	case k == Datetime && to.kind == Datetime && step.kind == Timespan, k == Timespan && to.kind == Timespan && step.kind == Timespan:
	case (isNumber(k) || k == Dynamic) && (isNumber(to.kind) || to.kind == Dynamic) && isNumber(step.kind):
		if k = Long; !isWhole(from.kind) || !isWhole(step.kind) || to.kind == Real {
			k = Real
		}
		from, to, step = convert(from, k), convert(to, k), convert(step, k)
	default:
		b.fail(op.span, "SEM0218", "there is no range from %s to %s by %s", from.kind, to.kind, step.kind)
	}
	if !step.full || step.num == 0 {
		b.fail(op.step.where(), "SEM0218", "the step must not be 0")
	}
	out := &relation{cols: []*column{{name: op.name, kind: k}}, ordered: true}
	out.flow = func(yield func(*Chunk) bool) {
		if !from.full || !to.full {
			return
		}
		builder := newBuilder(k, chunkRows)
		more := true
		flush := func() bool {
			n := builder.n
			if n == 0 {
				return true
			}
			b.q.tick(n)
			v := builder.vector()
			builder = newBuilder(k, chunkRows)
			more = yield(&Chunk{N: n, Columns: []*Vector{v}})
			return more
		}
		steps(from, to, step, func(v Value) bool {
			builder.add(v)
			return builder.n < chunkRows || flush()
		})
		if more {
			flush()
		}
	}
	return out
}

// datatable is a table of constants.
func (b *binder) datatable(op *opDatatable) *relation {
	out := &relation{ordered: true}
	taken := map[string]bool{}
	for _, c := range op.columns {
		if taken[c.Name] {
			b.fail(op.span, "SEM0017", "the column '%s' is defined twice", c.Name)
		}
		taken[c.Name] = true
		out.cols = append(out.cols, &column{name: c.Name, kind: c.Kind})
	}
	if len(op.columns) == 0 || len(op.values)%len(op.columns) != 0 {
		b.fail(op.span, "SEM0019", "%d values do not fill rows of %d columns", len(op.values), len(op.columns))
	}
	made := newRows(out.cols)
	for i, e := range op.values {
		col := out.cols[i%len(out.cols)]
		v := b.constant(e, "a value of a datatable")
		switch {
		case v.kind == col.kind:
		case !v.full, isNumber(v.kind) && isNumber(col.kind), col.kind == Dynamic, v.kind == Dynamic, v.kind == String, isWhole(v.kind) && col.kind == Bool:
			v = convert(v, col.kind)
		default:
			b.fail(e.where(), "SEM0020", "the column '%s' is a %s, not a %s", col.name, col.kind, v.kind)
		}
		made.builders[i%len(out.cols)].add(v)
	}
	out.flow = rowsOf([]*Chunk{made.chunk()})
	return out
}
