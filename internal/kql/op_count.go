package kql

// count1 is the operator count: one row with the number of rows.
func (b *binder) count1(r *relation) *relation {
	out := &relation{cols: []*column{{name: "Count", kind: Long}}}
	out.flow = func(yield func(*Chunk) bool) {
		n := int64(0)
		r.flow(func(c *Chunk) bool {
			b.q.tick(c.N)
			n += int64(c.N)
			return true
		})
		yield(&Chunk{N: 1, Columns: []*Vector{constant(IntValue(Long, n))}})
	}
	return out
}

// schema is getschema: a row for each column.
func (b *binder) schema(r *relation) *relation {
	cols := []*column{{name: "ColumnName", kind: String}, {name: "ColumnOrdinal", kind: Int}, {name: "DataType", kind: String}, {name: "ColumnType", kind: String}}
	types := map[Kind]string{
		Bool: "System.SByte", Int: "System.Int32", Long: "System.Int64", Real: "System.Double", String: "System.String", Datetime: "System.DateTime",
		Timespan: "System.TimeSpan", GUID: "System.Guid", Decimal: "System.Data.SqlTypes.SqlDecimal", Dynamic: "System.Object",
	}
	out := newRows(cols)
	for i, c := range r.cols {
		out.add(TextValue(String, c.name), IntValue(Int, int64(i)), TextValue(String, types[c.kind]), TextValue(String, c.kind.String()))
	}
	return &relation{cols: cols, flow: rowsOf([]*Chunk{out.chunk()}), ordered: true}
}

// rows builds a chunk row by row.
type rows struct{ builders []*builder }

func newRows(cols []*column) *rows {
	out := &rows{}
	for _, c := range cols {
		out.builders = append(out.builders, newBuilder(c.kind, 16))
	}
	return out
}

func (r *rows) add(values ...Value) {
	for i, v := range values {
		r.builders[i].add(v)
	}
}

func (r *rows) chunk() *Chunk {
	c := &Chunk{}
	for _, b := range r.builders {
		c.N = b.n
		c.Columns = append(c.Columns, b.vector())
	}
	return c
}

// render is a hint for who draws the result.
func (b *binder) render(op *opRender, r *relation) *relation {
	out := *r
	out.render = &Render{Kind: op.kind, Properties: op.properties}
	return &out
}

// as gives the rows a name for the rest of the query's operators.
func (b *binder) as(op *opAs, r *relation) *relation {
	useAll(r.cols)
	var chunks []*Chunk
	done := false
	load := func() []*Chunk {
		if !done {
			chunks, done = b.q.collect(r), true
		}
		return chunks
	}
	again := func() *relation {
		out := kept(nil, r.cols)
		out.flow = func(yield func(*Chunk) bool) { rowsOf(load())(yield) }
		return out
	}
	b.env.names[op.name] = &binding{table: again}
	out := again()
	out.ordered = r.ordered
	return out
}

// consume reads everything and gives nothing.
func (b *binder) consume(r *relation) *relation {
	out := &relation{}
	out.flow = func(func(*Chunk) bool) {
		r.flow(func(c *Chunk) bool {
			b.q.tick(c.N)
			return true
		})
	}
	return out
}

// invoke calls a function whose first parameter is the table.
func (b *binder) invoke(op *opInvoke, r *relation) *relation {
	v := b.env.find(op.call.name)
	if v == nil || v.function == nil || len(v.function.parameters) == 0 || !v.function.parameters[0].table {
		b.fail(op.call.at, "SEM0260", "Unknown function: '%s': a function whose first parameter is a table is expected", op.call.name)
	}
	// The body may name the table several times, with conditions that hold for
	// one use alone: nothing is told to what feeds it.
	shared := *r
	shared.scans = nil
	input := b.env.inner()
	input.names["$input"] = &binding{table: func() *relation { return &shared }}
	var out *relation
	b.in(input, func() {
		c := op.call
		c.args = append([]expr{&name{op.span, "$input", true}}, c.args...)
		out = b.tableCall(&c)
	})
	return out
}
