package kql

// At is the value of row i. A vector that is not loaded yet must be loaded
// before (see Vector.Load): chunks of a Result are.
func (v *Vector) At(i int) Value {
	if v.Same {
		i = 0
	}
	if v.Nulls.Has(i) {
		return Null(v.Kind)
	}
	switch v.Kind {
	case Bool, Int, Long, Datetime, Timespan:
		return Value{kind: v.Kind, full: true, num: uint64(v.Ints[i])}
	case Real:
		return RealValue(v.Reals[i])
	case Dynamic:
		if v.Dynamics != nil {
			return DynamicValue(v.Dynamics[i])
		}
		return DynamicValue(parseDynamic(v.text(i)))
	case None:
		return Value{}
	}
	return Value{kind: v.Kind, full: true, text: v.text(i)}
}

// text is the text of row i, through the dictionary where there is one.
func (v *Vector) text(i int) string {
	if v.Codes != nil {
		return v.Texts[v.Codes[i]]
	}
	return v.Texts[i]
}

// at is the row's index in the slices.
func (v *Vector) at(i int) int {
	if v.Same {
		return 0
	}
	return i
}

// null reports whether row i is null.
func (v *Vector) null(i int) bool {
	if v.Same {
		i = 0
	}
	if v.Kind == Dynamic {
		if v.Dynamics != nil {
			return v.Dynamics[i] == nil
		}
		if t := v.text(i); t == "" || t == "null" {
			return true
		}
	}
	return v.Nulls.Has(i)
}

// constant is a vector that has v in every row.
func constant(v Value) *Vector {
	b := newBuilder(v.kind, 1)
	b.add(v)
	out := b.vector()
	out.Same = true
	return out
}

// absent is a vector that nobody reads.
func absent(k Kind) *Vector { return &Vector{Kind: k, Load: nothing} }

func nothing() (*Vector, error) { return &Vector{Kind: None, Same: true, Nulls: Bitmap{1}}, nil }

// load gives the vector itself, loaded. Failures end the query.
func (v *Vector) load() *Vector {
	if v.Load == nil {
		return v
	}
	got, err := v.Load()
	if err != nil {
		panic(stop{err})
	}
	kind := v.Kind
	*v = *got
	if v.Kind != None {
		v.Kind = kind
	}
	return v
}

// gather is the vector of the rows at the indexes, in their order; -1 is null.
func (v *Vector) gather(rows []int32) *Vector {
	if v.Same {
		for _, r := range rows {
			if r < 0 {
				return v.spread(rows).gather(rows)
			}
		}
		return v
	}
	out := &Vector{Kind: v.Kind}
	hole := false
	switch {
	case v.Kind == Bool || v.Kind == Int || v.Kind == Long || v.Kind == Datetime || v.Kind == Timespan:
		out.Ints = make([]int64, len(rows))
		for i, r := range rows {
			if r < 0 {
				hole = true
				continue
			}
			out.Ints[i] = v.Ints[r]
		}
	case v.Kind == Real:
		out.Reals = make([]float64, len(rows))
		for i, r := range rows {
			if r < 0 {
				hole = true
				continue
			}
			out.Reals[i] = v.Reals[r]
		}
	case v.Dynamics != nil:
		out.Dynamics = make([]any, len(rows))
		for i, r := range rows {
			if r >= 0 {
				out.Dynamics[i] = v.Dynamics[r]
			}
		}
	case v.Codes != nil && !anyHole(rows):
		out.Texts, out.Codes = v.Texts, make([]uint32, len(rows))
		for i, r := range rows {
			out.Codes[i] = v.Codes[r]
		}
	default:
		out.Texts = make([]string, len(rows))
		for i, r := range rows {
			if r < 0 {
				hole = true
				continue
			}
			out.Texts[i] = v.text(int(r))
		}
	}
	if v.Kind == String {
		return out
	}
	if v.Nulls != nil || hole {
		out.Nulls = NewBitmap(len(rows))
		for i, r := range rows {
			if r < 0 || v.Nulls.Has(int(r)) {
				out.Nulls.Set(i)
			}
		}
	}
	return out
}

func anyHole(rows []int32) bool {
	for _, r := range rows {
		if r < 0 {
			return true
		}
	}
	return false
}

// spread gives a vector of one value as many rows as the largest index asks for.
func (v *Vector) spread(rows []int32) *Vector {
	n := 1
	for _, r := range rows {
		n = max(n, int(r)+1)
	}
	b := newBuilder(v.Kind, n)
	one := v.At(0)
	for range n {
		b.add(one)
	}
	return b.vector()
}

// pick is the chunk of the rows at the indexes; columns are gathered when they
// are needed.
func (c *Chunk) pick(rows []int32) *Chunk {
	out := &Chunk{N: len(rows), Columns: make([]*Vector, len(c.Columns))}
	for i, v := range c.Columns {
		if v.Same && v.Load == nil && !anyHole(rows) {
			out.Columns[i] = v
			continue
		}
		out.Columns[i] = &Vector{Kind: v.Kind, Load: func() (*Vector, error) { return v.load().gather(rows), nil }}
	}
	return out
}

// size is about what the vector holds in memory, dictionaries left out.
func (v *Vector) size() int64 {
	n := int64(8*len(v.Ints) + 8*len(v.Reals) + 4*len(v.Codes) + 8*len(v.Nulls))
	if v.Codes == nil {
		for _, t := range v.Texts {
			n += int64(16 + len(t))
		}
	}
	for _, d := range v.Dynamics {
		n += dynamicSize(d)
	}
	return n
}

// builder collects the values of a vector one by one.
type builder struct {
	v Vector
	n int
}

func newBuilder(k Kind, room int) *builder {
	b := &builder{v: Vector{Kind: k}}
	switch k {
	case Bool, Int, Long, Datetime, Timespan:
		b.v.Ints = make([]int64, 0, room)
	case Real:
		b.v.Reals = make([]float64, 0, room)
	case Dynamic:
		b.v.Dynamics = make([]any, 0, room)
	case None:
	default:
		b.v.Texts = make([]string, 0, room)
	}
	return b
}

// add puts a value of the builder's kind, or a null, at the end.
func (b *builder) add(v Value) {
	switch b.v.Kind {
	case Bool, Int, Long, Datetime, Timespan:
		b.v.Ints = append(b.v.Ints, int64(v.num))
	case Real:
		b.v.Reals = append(b.v.Reals, v.Real())
	case Dynamic:
		b.v.Dynamics = append(b.v.Dynamics, v.dyn)
	case None:
	default:
		b.v.Texts = append(b.v.Texts, v.text)
	}
	if !v.full && b.v.Kind != String && b.v.Kind != Dynamic {
		for len(b.v.Nulls)*64 <= b.n {
			b.v.Nulls = append(b.v.Nulls, 0)
		}
		b.v.Nulls.Set(b.n)
	}
	b.n++
}

// vector is what was collected.
func (b *builder) vector() *Vector {
	if b.v.Nulls != nil {
		for len(b.v.Nulls)*64 < b.n {
			b.v.Nulls = append(b.v.Nulls, 0)
		}
	}
	return &b.v
}
