package kql

// window checks that a function that looks at other rows may stand here.
func (b *binder) window(c *call, s *scope) {
	if !s.rowed {
		b.fail(c.at, "SEM0022", "%s() looks at other rows: it belongs to extend, project, where and serialize", c.name)
	}
	b.windowed = true
}

// rowNumber is row_number([start[, restart]]).
func (b *binder) rowNumber(c *call, s *scope) *node {
	b.window(c, s)
	b.arity(c, 0, 2)
	start := int64(1)
	if len(c.args) > 0 {
		v := convert(b.constant(c.args[0], "the first number"), Long)
		start = v.Int()
	}
	restart := b.restart(c, 1, s)
	return over(Long, restart, func(n int, again func(i int) bool, b *builder) {
		next := start
		for i := range n {
			if again(i) {
				next = start
			}
			b.add(IntValue(Long, next))
			next++
		}
	})
}

// restart binds the condition at which a count begins anew.
func (b *binder) restart(c *call, i int, s *scope) *node {
	if len(c.args) <= i {
		return nil
	}
	return b.condition(c.args[i], s)
}

// over makes a node of a walk over all rows.
func over(kind Kind, restart *node, walk func(n int, again func(i int) bool, b *builder)) *node {
	out := &node{kind: kind}
	if restart != nil {
		out.refs = restart.refs
	}
	out.eval = func(c *Chunk) *Vector {
		again := func(int) bool { return false }
		if restart != nil {
			v := restart.eval(c)
			again = func(i int) bool { j := v.at(i); return v.Ints[j] != 0 && !v.Nulls.Has(j) }
		}
		b := newBuilder(kind, c.N)
		walk(c.N, again, b)
		return b.vector()
	}
	return out
}

// rowSum is row_cumsum(x[, restart]).
func (b *binder) rowSum(c *call, s *scope) *node {
	b.window(c, s)
	b.arity(c, 1, 2)
	x := b.number(c, b.scalar(c.args[0], s))
	if x.kind == Decimal {
		x = x.to(Real)
	}
	restart := b.restart(c, 1, s)
	out := &node{kind: x.kind, refs: x.refs}
	if restart != nil {
		out.refs = append(append([]*column{}, x.refs...), restart.refs...)
	}
	out.eval = func(ch *Chunk) *Vector {
		v := x.eval(ch)
		return over(x.kind, restart, func(n int, again func(i int) bool, b *builder) {
			whole, real := int64(0), 0.0
			for i := range n {
				if again(i) {
					whole, real = 0, 0
				}
				one := v.At(i)
				if x.kind == Real {
					if one.full {
						real += one.Real()
					}
					b.add(RealValue(real))
					continue
				}
				whole += one.Int()
				b.add(IntValue(x.kind, whole))
			}
		}).eval(ch)
	}
	return out
}

// rowRank is row_rank_dense(x[, restart]) and row_rank_min.
func (b *binder) rowRank(c *call, s *scope) *node {
	b.window(c, s)
	b.arity(c, 1, 2)
	x := b.scalar(c.args[0], s)
	restart := b.restart(c, 1, s)
	dense := c.name == "row_rank_dense"
	out := &node{kind: Long, refs: x.refs}
	if restart != nil {
		out.refs = append(append([]*column{}, x.refs...), restart.refs...)
	}
	out.eval = func(ch *Chunk) *Vector {
		v := x.eval(ch)
		return over(Long, restart, func(n int, again func(i int) bool, b *builder) {
			rank, seen := int64(0), int64(0)
			for i := range n {
				if again(i) {
					rank, seen = 0, 0
				}
				seen++
				if one := v.At(i); rank == 0 || one.full != v.At(i-1).full || one.full && orderValues(one, v.At(i-1)) != 0 {
					if rank++; !dense {
						rank = seen
					}
				}
				b.add(IntValue(Long, rank))
			}
		}).eval(ch)
	}
	return out
}

func (b *binder) prev(c *call, s *scope) *node { return b.neighbour(c, s, -1) }
func (b *binder) next(c *call, s *scope) *node { return b.neighbour(c, s, 1) }

// neighbour is prev(x[, offset[, default]]) and next.
func (b *binder) neighbour(c *call, s *scope, sign int) *node {
	b.window(c, s)
	b.arity(c, 1, 3)
	x := b.scalar(c.args[0], s)
	offset := 1
	if len(c.args) > 1 {
		offset = b.count(c.args[1], "the offset")
	}
	missing := Null(x.kind)
	if len(c.args) > 2 {
		missing = convert(b.constant(c.args[2], "the default"), x.kind)
	}
	out := &node{kind: x.kind, refs: x.refs}
	out.eval = func(ch *Chunk) *Vector {
		v := x.eval(ch)
		b := newBuilder(x.kind, ch.N)
		for i := range ch.N {
			if at := i + sign*offset; at >= 0 && at < ch.N {
				b.add(v.At(at))
			} else {
				b.add(missing)
			}
		}
		return b.vector()
	}
	return out
}
