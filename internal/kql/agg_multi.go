package kql

import (
	"math"
	"sort"
	"strings"
)

// multiAggregate binds an aggregate that gives several columns.
func (b *binder) multiAggregate(c *call, s *scope) []*aggregate {
	switch c.name {
	case "percentiles", "percentilesw":
		return b.percentiles(c, s)
	case "take_any", "any", "take_anyif", "anyif":
		return b.takeAny(c, s)
	}
	return b.argExtreme(c, s)
}

// bestRows keeps for each group where its best row is; columns of one arg_max
// share it.
type bestRows struct {
	q     *query
	by    *node // nil: the first row
	cond  *node
	sign  int
	best  []Value
	found []bool
	// won are the rows of the chunk that are now their group's best.
	won  []int32
	last *Chunk
}

func (r *bestRows) see(c *Chunk, groups []int32) []int32 {
	if r.last == c {
		return r.won
	}
	r.last, r.won = c, r.won[:0]
	var v, cond *Vector
	if r.by != nil {
		v = r.by.eval(c)
	}
	if r.cond != nil {
		cond = r.cond.eval(c)
	}
	at := map[int32]int{}
	for i, g := range groups {
		if g < 0 || cond != nil && (cond.Ints[cond.at(i)] == 0 || cond.Nulls.Has(cond.at(i))) {
			continue
		}
		if v == nil {
			if r.found[g] {
				continue
			}
		} else {
			j := v.at(i)
			if v.null(j) {
				if r.found[g] {
					continue
				}
			} else {
				one := v.At(j)
				if r.best[g].full && orderValues(one, r.best[g])*r.sign <= 0 {
					continue
				}
				r.best[g] = one
			}
		}
		r.found[g] = true
		if k, ok := at[g]; ok {
			r.won[k] = int32(i)
		} else {
			at[g] = len(r.won)
			r.won = append(r.won, int32(i))
		}
	}
	return r.won
}

// bestValues is one column of the best rows.
type bestValues struct {
	rows *bestRows
	x    *node
	vals []Value
}

func (a *bestValues) grow(n int) {
	for len(a.vals) < n {
		a.vals = append(a.vals, Null(a.x.kind))
	}
	a.rows.best, a.rows.found = grown(a.rows.best, n), grown(a.rows.found, n)
}

func (a *bestValues) add(c *Chunk, groups []int32) {
	won := a.rows.see(c, groups)
	if len(won) == 0 {
		return
	}
	v := a.x.eval(c)
	for _, i := range won {
		one := v.At(int(i))
		a.rows.q.hold(int64(len(one.text)))
		a.vals[groups[i]] = one
	}
}

func (a *bestValues) value(g int) Value { return a.vals[g] }

// shared makes the accumulators of several columns over one bestRows, anew for
// each run.
func (b *binder) shared(rows bestRows, nodes []*node, names []string, also []*column) []*aggregate {
	var current *bestRows
	out := make([]*aggregate, len(nodes))
	for i, n := range nodes {
		refs := append(append([]*column{}, n.refs...), also...)
		out[i] = &aggregate{kind: n.kind, name: names[i], refs: refs, make: func() accumulator {
			if i == 0 || current == nil {
				copied := rows
				current = &copied
			}
			return &bestValues{rows: current, x: n}
		}}
	}
	return out
}

// argExtreme is arg_max(by, a, b, …) or arg_max(by, *).
func (b *binder) argExtreme(c *call, s *scope) []*aggregate {
	if len(c.args) < 1 {
		b.fail(c.span, "SEM0219", "%s(): function expects at least 1 argument(s)", c.name)
	}
	by := b.scalar(c.args[0], s)
	nodes, names := []*node{by}, []string{by.name}
	if names[0] == "" {
		names[0] = strings.TrimPrefix(c.name, "arg_") + "_"
	}
	for _, a := range c.args[1:] {
		if _, ok := a.(*star); ok {
			for i, col := range s.cols {
				if by.column != col {
					nodes, names = append(nodes, columnNode(col, i)), append(names, col.name)
				}
			}
			continue
		}
		given := ""
		if n, ok := a.(*named); ok && len(n.names) == 1 {
			given, a = n.names[0], n.x
		}
		n := b.scalar(a, s)
		if given == "" {
			given = n.name
		}
		nodes, names = append(nodes, n), append(names, given)
	}
	sign := 1
	if strings.HasSuffix(c.name, "min") {
		sign = -1
	}
	return b.shared(bestRows{q: b.q, by: by, sign: sign}, nodes, names, by.refs)
}

// takeAny is take_any(a, b, …), take_any(*), and take_anyif(a, condition).
func (b *binder) takeAny(c *call, s *scope) []*aggregate {
	args := c.args
	rows := bestRows{q: b.q}
	var also []*column
	if strings.HasSuffix(c.name, "if") {
		b.arity(c, 2, 2)
		rows.cond = b.condition(args[1], s)
		also, args = rows.cond.refs, args[:1]
	}
	if len(args) == 0 {
		b.fail(c.span, "SEM0219", "%s(): function expects at least 1 argument(s)", c.name)
	}
	var nodes []*node
	var names []string
	for _, a := range args {
		if _, ok := a.(*star); ok {
			for i, col := range s.cols {
				nodes, names = append(nodes, columnNode(col, i)), append(names, col.name)
			}
			continue
		}
		n := b.scalar(a, s)
		given := n.name
		if strings.HasPrefix(c.name, "any") {
			given = "any_" + given
		}
		nodes, names = append(nodes, n), append(names, given)
	}
	if len(nodes) == 0 {
		b.fail(c.span, "SEM0219", "%s(): there are no columns", c.name)
	}
	if len(nodes) == 1 { // the first that is not null
		rows.by = nil
		if nodes[0].kind != String {
			rows.cond = both(rows.cond, lift(Bool, nodes, func(a []Value) Value { return BoolValue(a[0].full) }))
		}
	}
	return b.shared(rows, nodes, names, also)
}

func both(x, y *node) *node {
	if x == nil {
		return y
	}
	return lift(Bool, []*node{x, y}, func(a []Value) Value {
		return BoolValue(a[0].full && a[1].full && a[0].Bool() && a[1].Bool())
	})
}

// ranks keep all values of a group for percentiles by nearest rank.
type ranks struct {
	q      *query
	x      *node
	values [][]float64
	ints   [][]int64
	sorted []bool
}

func (a *ranks) grow(n int) {
	a.values, a.ints, a.sorted = grown(a.values, n), grown(a.ints, n), grown(a.sorted, n)
}

func (a *ranks) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	a.q.hold(int64(16 * len(groups)))
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || v.Nulls.Has(j) {
			continue
		}
		if v.Kind == Real {
			a.values[g] = append(a.values[g], v.Reals[j])
		} else {
			a.ints[g] = append(a.ints[g], v.Ints[j])
		}
	}
}

func (a *ranks) at(g int, percent float64) Value {
	if !a.sorted[g] {
		a.sorted[g] = true
		sort.Float64s(a.values[g])
		l := a.ints[g]
		sort.Slice(l, func(i, j int) bool { return l[i] < l[j] })
	}
	n := max(len(a.values[g]), len(a.ints[g]))
	if n == 0 {
		return Null(a.x.kind)
	}
	i := int(math.Ceil(percent/100*float64(n)-1e-9)) - 1
	i = max(0, min(i, n-1))
	if a.x.kind == Real {
		return RealValue(a.values[g][i])
	}
	return IntValue(a.x.kind, a.ints[g][i])
}

// percentileValue is one percentile of ranks that may be shared.
type percentileValue struct {
	*ranks
	percent float64
	follows bool // another column fills the ranks
}

func (a *percentileValue) grow(n int) {
	if !a.follows {
		a.ranks.grow(n)
	}
}

func (a *percentileValue) add(c *Chunk, groups []int32) {
	if !a.follows {
		a.ranks.add(c, groups)
	}
}
func (a *percentileValue) value(g int) Value { return a.at(g, a.percent) }

// ranked makes an argument one of which there are percentiles.
func (b *binder) ranked(c *call, n *node) *node {
	if n.kind == Datetime {
		return n
	}
	if n = b.number(c, n); n.kind == Decimal {
		return n.to(Real)
	}
	return n
}

func (b *binder) percent(c *call, i int, n *node) float64 {
	if n.value == nil || !n.value.full {
		b.fail(c.args[i].where(), "SEM0006", "%s(): a percentile must be a constant", c.name)
	}
	p := n.to(Real).value.Real()
	if p < 0 || p > 100 || math.IsNaN(p) {
		b.fail(c.args[i].where(), "SEM0218", "%s(): a percentile is between 0 and 100", c.name)
	}
	return p
}

func percentName(p float64) string { return strings.ReplaceAll(realText(p), ".", "_") }

func bindPercentile(b *binder, c *call, a []*node) (Kind, func() accumulator) {
	x := b.ranked(c, a[0])
	p := b.percent(c, 1, a[1])
	return x.kind, func() accumulator { return &percentileValue{ranks: &ranks{q: b.q, x: x}, percent: p} }
}

func (b *binder) percentiles(c *call, s *scope) []*aggregate {
	if c.name == "percentilesw" {
		b.refuse(c.at, "the aggregate 'percentilesw'")
	}
	if len(c.args) < 2 {
		b.fail(c.span, "SEM0219", "percentiles(): function expects at least 2 argument(s)")
	}
	x := b.ranked(c, b.scalar(c.args[0], s))
	var current *ranks
	var out []*aggregate
	for i, a := range c.args[1:] {
		p := b.percent(c, i+1, b.argument(c, i+1, 'r', b.scalar(a, s)))
		out = append(out, &aggregate{kind: x.kind, name: "percentile_" + x.name + "_" + percentName(p), refs: x.refs, make: func() accumulator {
			if i == 0 || current == nil {
				current = &ranks{q: b.q, x: x}
			}
			return &percentileValue{ranks: current, percent: p, follows: i > 0}
		}})
	}
	return out
}

// percentileArray gives several percentiles as one array.
type percentileArray struct {
	*ranks
	percents []float64
}

func (a *percentileArray) value(g int) Value {
	out := make([]any, len(a.percents))
	for i, p := range a.percents {
		out[i] = toDynamic(a.at(g, p))
	}
	return DynamicValue(out)
}

func bindPercentilesArray(b *binder, c *call, a []*node) (Kind, func() accumulator) {
	x := b.ranked(c, a[0])
	var percents []float64
	for i, n := range a[1:] {
		if l, ok := n.value.list(); ok {
			for _, v := range l {
				percents = append(percents, b.percent(c, i+1, constantNode(fromDynamic(v))))
			}
			continue
		}
		percents = append(percents, b.percent(c, i+1, n))
	}
	return Dynamic, func() accumulator { return &percentileArray{&ranks{q: b.q, x: x}, percents} }
}

// list is the array of a constant that is one.
func (v *Value) list() ([]any, bool) {
	if v == nil {
		return nil, false
	}
	l, ok := v.dyn.([]any)
	return l, ok
}
