package kql

// column is a column of an operator's output while the query is bound. Only
// columns that something reads are asked of tables and kept by operators.
type column struct {
	name string
	kind Kind
	used bool
	from []*column // what it is made of
	// origins are the columns of tables that it is, unchanged: conditions on it
	// are told to them.
	origins []origin
}

// origin is a column of a scan.
type origin struct {
	scan  *scan
	index int
}

// use says that something reads the column, and so what it is made of.
func (c *column) use() {
	if c.used {
		return
	}
	c.used = true
	for _, f := range c.from {
		f.use()
	}
}

// pass is the same column in the next operator, perhaps under another name.
func (c *column) pass(name string) *column {
	return &column{name: name, kind: c.kind, from: []*column{c}, origins: c.origins}
}

func useAll(cols []*column) {
	for _, c := range cols {
		c.use()
	}
}

// flow yields chunks until yield says no. Errors end it by a panic (see stop).
type flow func(yield func(*Chunk) bool)

// relation is a tabular expression, bound.
type relation struct {
	cols []*column
	flow flow
	// scans, while not nil, are the tables whose rows reach this point one by
	// one: what holds for the rows here holds for theirs.
	scans []*scan
	// ordered says that the order of rows means something: after sort, top and
	// serialize.
	ordered bool
	// mixed says that rows come from elsewhere than scans too.
	mixed  bool
	render *Render
}

func (r *relation) find(name string) (int, *column) {
	for i, c := range r.cols {
		if c.name == name {
			return i, c
		}
	}
	return -1, nil
}

// passAll is all columns as they are, for operators that keep them.
func passAll(cols []*column) []*column {
	out := make([]*column, len(cols))
	for i, c := range cols {
		out[i] = c.pass(c.name)
	}
	return out
}

// settle loads what is used, and drops the rest, so that the chunk no longer
// holds what it came from.
func settle(c *Chunk, cols []*column) *Chunk {
	out := &Chunk{N: c.N, Columns: make([]*Vector, len(c.Columns))}
	for i, v := range c.Columns {
		if cols[i].used {
			out.Columns[i] = v.load()
		} else {
			out.Columns[i] = absent(v.Kind)
		}
	}
	return out
}

func (c *Chunk) size() int64 {
	n := int64(64)
	for _, v := range c.Columns {
		if v.Load == nil {
			n += v.size()
		}
	}
	return n
}

// collect settles everything that a relation gives, within the memory limit.
func (q *query) collect(r *relation) []*Chunk {
	var chunks []*Chunk
	r.flow(func(c *Chunk) bool {
		q.tick(c.N)
		if c.N > 0 {
			c = settle(c, r.cols)
			q.hold(c.size())
			chunks = append(chunks, c)
		}
		return true
	})
	return chunks
}

// rowsOf is a flow of chunks that are there already.
func rowsOf(chunks []*Chunk) flow {
	return func(yield func(*Chunk) bool) {
		for _, c := range chunks {
			if !yield(c) {
				return
			}
		}
	}
}

// join makes one chunk of many. Columns that are absent stay so.
func joinChunks(chunks []*Chunk, kinds []Kind) *Chunk {
	if len(chunks) == 1 {
		return chunks[0]
	}
	out := &Chunk{Columns: make([]*Vector, len(kinds))}
	for _, c := range chunks {
		out.N += c.N
	}
	for i, k := range kinds {
		if len(chunks) > 0 && chunks[0].Columns[i].Load != nil {
			out.Columns[i] = absent(k)
			continue
		}
		out.Columns[i] = concat(chunks, i, k, out.N)
	}
	return out
}

// concat makes one vector of a column of many chunks.
func concat(chunks []*Chunk, i int, k Kind, n int) *Vector {
	out := &Vector{Kind: k}
	at := 0
	null := func(row int) {
		if out.Nulls == nil {
			out.Nulls = NewBitmap(n)
		}
		out.Nulls.Set(row)
	}
	for _, c := range chunks {
		v := c.Columns[i].load()
		for r := range c.N {
			switch k {
			case Bool, Int, Long, Datetime, Timespan:
				if out.Ints == nil {
					out.Ints = make([]int64, n)
				}
				if !v.Nulls.Has(v.at(r)) {
					out.Ints[at] = v.Ints[v.at(r)]
				} else {
					null(at)
				}
			case Real:
				if out.Reals == nil {
					out.Reals = make([]float64, n)
				}
				if !v.Nulls.Has(v.at(r)) {
					out.Reals[at] = v.Reals[v.at(r)]
				} else {
					null(at)
				}
			case Dynamic:
				if out.Dynamics == nil {
					out.Dynamics = make([]any, n)
				}
				out.Dynamics[at] = v.At(r).dyn
			default:
				if out.Texts == nil {
					out.Texts = make([]string, n)
				}
				if v.Nulls.Has(v.at(r)) {
					null(at)
				} else {
					out.Texts[at] = v.text(v.at(r))
				}
			}
			at++
		}
	}
	return out
}

func kindsOf(cols []*column) []Kind {
	kinds := make([]Kind, len(cols))
	for i, c := range cols {
		kinds[i] = c.kind
	}
	return kinds
}
