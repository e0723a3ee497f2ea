package kql

import (
	"sort"
	"strings"
)

// boundKey is a key of an order.
type boundKey struct {
	node *node
	sortKey
}

func (b *binder) sortKeysOf(keys []sortKey, cols []*column) []boundKey {
	out := make([]boundKey, len(keys))
	for i, k := range keys {
		x := k.x
		if n, ok := x.(*named); ok {
			x = n.x
		}
		out[i] = boundKey{b.scalar(x, &scope{cols: cols}), k}
		for _, ref := range out[i].node.refs {
			ref.use()
		}
	}
	return out
}

// comparer compares two rows of a key's vector.
func (k boundKey) comparer(v *Vector) func(i, j int) int {
	sign := -1
	if k.ascending {
		sign = 1
	}
	var compare func(i, j int) int
	switch {
	case v.Same:
		return func(_, _ int) int { return 0 }
	case v.Kind == Real:
		compare = func(i, j int) int { return orderReals(v.Reals[i], v.Reals[j]) }
	case v.Kind == String || v.Kind == GUID:
		compare = func(i, j int) int {
			if v.Codes != nil && v.Codes[i] == v.Codes[j] {
				return 0
			}
			return strings.Compare(v.text(i), v.text(j))
		}
	case v.Kind == Decimal || v.Kind == Dynamic:
		compare = func(i, j int) int { return orderValues(v.At(i), v.At(j)) }
	case v.Kind == None:
		return func(_, _ int) int { return 0 }
	default:
		compare = func(i, j int) int {
			switch x, y := v.Ints[i], v.Ints[j]; {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	if v.Nulls == nil && v.Kind != Dynamic {
		return func(i, j int) int { return sign * compare(i, j) }
	}
	first := 1
	if k.nullsFirst {
		first = -1
	}
	return func(i, j int) int {
		switch p, q := v.null(i), v.null(j); {
		case p && q:
			return 0
		case p:
			return first
		case q:
			return -first
		}
		return sign * compare(i, j)
	}
}

// ordered are the indexes of the chunk's rows in the order of the keys.
func orderedRows(c *Chunk, keys []boundKey) []int32 {
	compares := make([]func(i, j int) int, len(keys))
	for i, k := range keys {
		compares[i] = k.comparer(k.node.eval(c).load())
	}
	rows := make([]int32, c.N)
	for i := range rows {
		rows[i] = int32(i)
	}
	sort.SliceStable(rows, func(i, j int) bool {
		for _, compare := range compares {
			if d := compare(int(rows[i]), int(rows[j])); d != 0 {
				return d < 0
			}
		}
		return false
	})
	return rows
}

// sort orders all rows; most bounds how many are given, -1 is all.
func (b *binder) sort(keys []sortKey, r *relation, most int) *relation {
	bound := b.sortKeysOf(keys, r.cols)
	out := &relation{cols: r.cols, ordered: true}
	out.flow = func(yield func(*Chunk) bool) {
		chunks := b.q.collect(r)
		if len(chunks) == 0 {
			return
		}
		c := joinChunks(chunks, kindsOf(r.cols))
		rows := orderedRows(c, bound)
		if most >= 0 && most < len(rows) {
			rows = rows[:most]
		}
		yield(c.pick(rows))
	}
	return out
}

// top keeps the n best rows: it never holds many more than that.
func (b *binder) top(op *opTop, r *relation) *relation {
	n := b.count(op.n, "the number of rows")
	return b.best(n, b.sortKeysOf(op.keys, r.cols), r)
}

func (b *binder) best(n int, keys []boundKey, r *relation) *relation {
	q := b.q
	var floors []*scan
	if k := keys[0]; n > 0 && k.node.column != nil && !k.ascending && !k.nullsFirst && timeOfAll(r, k.node.column) {
		floors = r.scans
		for _, s := range floors {
			s.ask.Newest, s.bounds = true, true
		}
	}
	out := &relation{cols: r.cols, ordered: true}
	out.flow = func(yield func(*Chunk) bool) {
		if n == 0 {
			return
		}
		for _, s := range floors {
			s.floor = 0
		}
		var held []*Chunk
		count := 0
		var worst *Chunk // the worst of n rows, as a chunk of one
		compact := func() {
			c := joinChunks(held, kindsOf(r.cols))
			rows := orderedRows(c, keys)
			if len(rows) > n {
				rows = rows[:n]
			}
			c = settle(c.pick(rows), r.cols)
			held, count = []*Chunk{c}, c.N
			if c.N < n {
				return
			}
			worst = settle(c.pick([]int32{int32(n - 1)}), r.cols)
			for _, s := range floors {
				if v := keys[0].node.eval(worst).At(0); v.full {
					s.floor = v.Int()
				}
			}
		}
		r.flow(func(c *Chunk) bool {
			q.tick(c.N)
			if worst != nil {
				c = better(c, worst, keys)
			}
			if c.N == 0 {
				return true
			}
			if c.N > n { // only the best of a chunk matter
				c = c.pick(orderedRows(c, keys)[:n])
			}
			held = append(held, settle(c, r.cols))
			if count += c.N; count >= 2*n || worst == nil && count >= n {
				compact()
			}
			return true
		})
		if len(held) > 0 {
			compact()
			q.hold(held[0].size())
			yield(held[0])
		}
	}
	return out
}

// timeOfAll reports whether a column is the time of every table that feeds r.
func timeOfAll(r *relation, c *column) bool {
	if len(r.scans) == 0 || r.mixed {
		return false
	}
	for _, s := range r.scans {
		found := false
		for _, o := range c.origins {
			found = found || o.scan == s && o.index == s.time
		}
		if !found {
			return false
		}
	}
	return true
}

// better are the rows of c that may come before the one row of worst.
func better(c, worst *Chunk, keys []boundKey) *Chunk {
	k := keys[0]
	limit := k.node.eval(worst).At(0)
	v := k.node.eval(c)
	if !limit.full || v.Same || v.Nulls != nil || v.Kind == Dynamic {
		return c
	}
	var rows []int32
	for i := range c.N {
		d := 0
		switch v.Kind {
		case Real:
			d = orderReals(v.Reals[i], limit.Real())
		case Bool, Int, Long, Datetime, Timespan:
			if x, y := v.Ints[i], limit.Int(); x < y {
				d = -1
			} else if x > y {
				d = 1
			}
		default:
			d = orderValues(v.At(i), limit)
		}
		if k.ascending && d <= 0 || !k.ascending && d >= 0 {
			rows = append(rows, int32(i))
		}
	}
	return c.pick(rows)
}

// take gives n rows. Of tables with times it gives the newest.
func (b *binder) take(op *opTake, r *relation) *relation {
	n := b.count(op.n, "the number of rows")
	if !r.ordered && len(r.scans) > 0 {
		for i, c := range r.cols {
			if timeOfAll(r, c) {
				c.use()
				return b.best(n, []boundKey{{columnNode(c, i), sortKey{}}}, r)
			}
		}
	}
	out := &relation{cols: r.cols, ordered: r.ordered}
	out.flow = func(yield func(*Chunk) bool) {
		left := n
		if left == 0 {
			return
		}
		r.flow(func(c *Chunk) bool {
			c = c.first(left)
			left -= c.N
			return (c.N == 0 || yield(c)) && left > 0
		})
	}
	return out
}
