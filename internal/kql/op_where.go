package kql

import "strconv"

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

// where keeps the rows for which a condition is true. Conditions joined by and
// are tested one after the other, each on the rows that are left.
func (b *binder) where(op *opWhere, r *relation) *relation {
	b.windowed = false
	s := &scope{cols: r.cols, rowed: true}
	var conditions []*node
	for _, e := range conjuncts(op.cond, nil) {
		conditions = append(conditions, b.condition(e, s))
	}
	for _, c := range conditions {
		for _, ref := range c.refs {
			ref.use()
		}
	}
	if b.windowed {
		conditions = []*node{allOf(conditions)}
		r = b.whole(r)
	}
	for _, c := range conditions {
		r.learn(c.facts)
	}
	in := r.flow
	out := &relation{cols: r.cols, scans: r.scans, mixed: r.mixed, ordered: r.ordered}
	out.flow = func(yield func(*Chunk) bool) {
		in(func(c *Chunk) bool {
			for _, cond := range conditions {
				if c = filter(c, cond.eval(c)); c.N == 0 {
					return true
				}
			}
			return yield(c)
		})
	}
	return out
}

// conjuncts are the parts of a and b and c.
func conjuncts(e expr, out []expr) []expr {
	if o, ok := e.(*operation); ok && o.op == "and" {
		return conjuncts(o.y, conjuncts(o.x, out))
	}
	return append(out, e)
}

func allOf(conditions []*node) *node {
	if len(conditions) == 1 {
		return conditions[0]
	}
	return lift(Bool, conditions, func(a []Value) Value {
		for _, v := range a {
			if !v.full || !v.Bool() {
				return BoolValue(false)
			}
		}
		return BoolValue(true)
	})
}

// filter is the chunk's rows for which v is true.
func filter(c *Chunk, v *Vector) *Chunk {
	if v.Same {
		if v.Ints[0] != 0 && !v.Nulls.Has(0) {
			return c
		}
		return &Chunk{Columns: c.Columns}
	}
	n := 0
	for _, x := range v.Ints[:c.N] {
		n += int(x)
	}
	if n == 0 {
		return &Chunk{Columns: c.Columns}
	}
	if n == c.N && v.Nulls == nil {
		return c
	}
	rows := make([]int32, 0, n)
	for i, x := range v.Ints[:c.N] {
		if x != 0 && !v.Nulls.Has(i) {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == 0 {
		return &Chunk{Columns: c.Columns}
	}
	return c.pick(rows)
}
