package kql

// node is a scalar expression, bound: it gives a vector for a chunk.
type node struct {
	kind  Kind
	value *Value // of a constant
	eval  func(c *Chunk) *Vector
	refs  []*column // what it reads
	// column is what it is, if it is just a column; index is where.
	column *column
	index  int
	// names is how an unnamed column with this expression is called.
	name string
	// facts hold for every row for which a condition is true.
	facts []fact
}

// fact is a comparison of a column with a constant.
type fact struct {
	column *column
	op     string
	value  Value
}

func constantNode(v Value) *node {
	vec := constant(v)
	return &node{kind: v.kind, value: &v, eval: func(*Chunk) *Vector { return vec }}
}

func columnNode(c *column, index int) *node {
	return &node{kind: c.kind, column: c, index: index, name: c.name, refs: []*column{c}, eval: func(ch *Chunk) *Vector { return ch.Columns[index].load() }}
}

func refsOf(args []*node) []*column {
	if len(args) == 1 {
		return args[0].refs
	}
	var refs []*column
	for _, a := range args {
		refs = append(refs, a.refs...)
	}
	return refs
}

// rowFunc computes one row. It must keep nothing of args.
type rowFunc func(args []Value) Value

// lift makes a row function one over vectors. Where one argument is a
// dictionary and the others are constant it is computed once per text; where all
// are constant, once.
func lift(kind Kind, args []*node, f rowFunc) *node {
	out := &node{kind: kind, refs: refsOf(args)}
	var memo textMemo
	out.eval = func(c *Chunk) *Vector {
		vectors := make([]*Vector, len(args))
		coded, moving := -1, 0
		for i, a := range args {
			vectors[i] = a.eval(c)
			if !vectors[i].Same {
				moving++
				if vectors[i].Codes != nil {
					coded = i
				}
			}
		}
		values := make([]Value, len(args))
		if moving == 0 {
			for i, v := range vectors {
				values[i] = v.At(0)
			}
			return constant(f(values))
		}
		if moving == 1 && coded >= 0 && memo.fits(vectors[coded], c.N) {
			return memo.eval(kind, vectors, coded, values, c.N, f)
		}
		b := newBuilder(kind, c.N)
		for r := range c.N {
			for i, v := range vectors {
				values[i] = v.At(r)
			}
			b.add(f(values))
		}
		return b.vector()
	}
	return fold(out, args)
}

// fold computes an expression of constants at once.
func fold(n *node, args []*node) *node {
	for _, a := range args {
		if a.value == nil {
			return n
		}
	}
	out := constantNode(n.eval(&Chunk{N: 1}).At(0))
	out.kind = n.kind
	return out
}

// textMemo keeps what a function gave for the texts of a dictionary.
type textMemo struct {
	texts   *string // the dictionary's first
	size    int
	done    []bool
	results *builder
	places  []uint32 // of a text's result in results
}

// fits reports whether the dictionary is the last one, or small beside n rows.
func (m *textMemo) fits(v *Vector, n int) bool {
	if len(v.Texts) == 0 {
		return false
	}
	return m.texts == &v.Texts[0] && m.size == len(v.Texts) || len(v.Texts) <= 4*n
}

func (m *textMemo) eval(kind Kind, vectors []*Vector, coded int, values []Value, n int, f rowFunc) *Vector {
	v := vectors[coded]
	if m.texts != &v.Texts[0] || m.size != len(v.Texts) {
		*m = textMemo{texts: &v.Texts[0], size: len(v.Texts), done: make([]bool, len(v.Texts)+1), results: newBuilder(kind, 16), places: make([]uint32, len(v.Texts)+1)}
	}
	for i, o := range vectors {
		values[i] = o.At(0)
	}
	places := make([]uint32, n)
	for r := range n {
		code := int(v.Codes[r])
		null := v.Nulls.Has(r)
		if null {
			code = len(v.Texts)
		}
		if !m.done[code] {
			m.done[code] = true
			values[coded] = v.At(r)
			m.places[code] = uint32(m.results.n)
			m.results.add(f(values))
		}
		places[r] = m.places[code]
	}
	return m.results.vector().take(places)
}

// take is the vector of the entries at places; texts stay a dictionary.
func (v *Vector) take(places []uint32) *Vector {
	out := &Vector{Kind: v.Kind}
	switch v.Kind {
	case Bool, Int, Long, Datetime, Timespan:
		out.Ints = make([]int64, len(places))
		for i, p := range places {
			out.Ints[i] = v.Ints[p]
		}
	case Real:
		out.Reals = make([]float64, len(places))
		for i, p := range places {
			out.Reals[i] = v.Reals[p]
		}
	case Dynamic:
		out.Dynamics = make([]any, len(places))
		for i, p := range places {
			out.Dynamics[i] = v.Dynamics[p]
		}
	default:
		out.Texts, out.Codes = v.Texts[:len(v.Texts):len(v.Texts)], places
	}
	if v.Nulls != nil {
		out.Nulls = NewBitmap(len(places))
		for i, p := range places {
			if int(p>>6) < len(v.Nulls) && v.Nulls.Has(int(p)) {
				out.Nulls.Set(i)
			}
		}
	}
	return out
}

// to converts an expression to a kind, as the functions tolong() and so on do.
func (n *node) to(kind Kind) *node {
	if n.kind == kind {
		return n
	}
	if n.value != nil {
		out := constantNode(convert(*n.value, kind))
		out.name = n.name
		return out
	}
	out := &node{kind: kind, refs: n.refs, name: n.name}
	if (n.kind == Int || n.kind == Bool || n.kind == Long || n.kind == Timespan) && kind == Long || n.kind == Int && kind == Long {
		out.eval = func(c *Chunk) *Vector {
			v := *n.eval(c)
			v.Kind = kind
			return &v
		}
		return out
	}
	if (n.kind == Int || n.kind == Long) && kind == Real {
		out.eval = func(c *Chunk) *Vector {
			v := n.eval(c)
			reals := make([]float64, len(v.Ints))
			for i, x := range v.Ints {
				reals[i] = float64(x)
			}
			return &Vector{Kind: Real, Reals: reals, Nulls: v.Nulls, Same: v.Same}
		}
		return out
	}
	lifted := lift(kind, []*node{n}, func(a []Value) Value { return convert(a[0], kind) })
	lifted.name = n.name
	return lifted
}
