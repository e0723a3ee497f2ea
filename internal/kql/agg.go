package kql

import (
	"math"
	"math/big"
	"sort"
)

// accumulator collects one aggregate for many groups.
type accumulator interface {
	// grow makes room for groups below n.
	grow(n int)
	// add takes the rows of a chunk; a row of group -1 does not count.
	add(c *Chunk, groups []int32)
	value(group int) Value
}

// aggregate is an aggregate that is bound.
type aggregate struct {
	kind Kind
	name string // of an unnamed column
	refs []*column
	make func() accumulator
	out  *column
}

// aggregation is what summarize and its like bind aggregates in.
type aggregation struct {
	rows []*column // what they read
	keys int       // columns before the aggregates
	list []*aggregate
}

// aggregateNode is an aggregate within an expression of aggregates.
func (b *binder) aggregateNode(c *call, s *scope) *node {
	list := b.aggregates(c, s.aggs.rows)
	if len(list) != 1 {
		b.fail(c.at, "SEM0015", "the aggregate '%s' gives several columns: it stands alone", c.name)
	}
	return s.aggs.add(list[0])
}

// add gives the column in which the aggregate will be.
func (a *aggregation) add(one *aggregate) *node {
	one.out = &column{name: one.name, kind: one.kind, from: one.refs}
	a.list = append(a.list, one)
	return columnNode(one.out, a.keys+len(a.list)-1)
}

// aggregateSpec is how an aggregate's arguments are read, with the letters of fn,
// and what it makes.
type aggregateSpec struct {
	args   string
	prefix string // of the column's name; the aggregate's own where empty
	bind   func(b *binder, c *call, a []*node) (Kind, func() accumulator)
}

func (b *binder) isAggregate(name string) bool {
	if b.q.specs == nil {
		b.q.specs = aggregateSpecs()
	}
	_, ok := b.q.specs[name]
	return ok || multiAggregates[name]
}

func aggregateNames() []string {
	var names []string
	for n := range aggregateSpecs() {
		names = append(names, n)
	}
	for n := range multiAggregates {
		names = append(names, n)
	}
	return names
}

// multiAggregates give several columns.
var multiAggregates = map[string]bool{
	"arg_max": true, "arg_min": true, "argmax": true, "argmin": true, "take_any": true, "any": true, "take_anyif": true, "anyif": true,
	"percentiles": true, "percentilesw": true,
}

func aggregateSpecs() map[string]aggregateSpec {
	return map[string]aggregateSpec{
		"count":                {args: "?*", bind: bindCount},
		"countif":              {args: "b", bind: bindCountIf},
		"sum":                  {args: "*", bind: bindSum},
		"sumif":                {args: "*b", bind: onlyIf(bindSum)},
		"avg":                  {args: "*", bind: bindAvg},
		"avgif":                {args: "*b", bind: onlyIf(bindAvg)},
		"min":                  {args: "*", bind: bindExtreme(-1)},
		"max":                  {args: "*", bind: bindExtreme(1)},
		"minif":                {args: "*b", bind: onlyIf(bindExtreme(-1))},
		"maxif":                {args: "*b", bind: onlyIf(bindExtreme(1))},
		"dcount":               {args: "*?l", bind: bindDistinct},
		"dcountif":             {args: "*b?l", bind: onlyIf(bindDistinct)},
		"count_distinct":       {args: "*", bind: bindDistinct},
		"count_distinctif":     {args: "*b", bind: onlyIf(bindDistinct)},
		"make_list":            {args: "*?l", prefix: "list", bind: bindList(false, false)},
		"makelist":             {args: "*?l", prefix: "list", bind: bindList(false, false)},
		"make_list_if":         {args: "*b?l", prefix: "list", bind: onlyIf(bindList(false, false))},
		"make_list_with_nulls": {args: "*", prefix: "list", bind: bindList(false, true)},
		"make_set":             {args: "*?l", prefix: "set", bind: bindList(true, false)},
		"makeset":              {args: "*?l", prefix: "set", bind: bindList(true, false)},
		"make_set_if":          {args: "*b?l", prefix: "set", bind: onlyIf(bindList(true, false))},
		"make_bag":             {args: "d?l", prefix: "bag", bind: bindBag},
		"make_bag_if":          {args: "db?l", prefix: "bag", bind: onlyIf(bindBag)},
		"make_dictionary":      {args: "d?l", prefix: "bag", bind: bindBag},
		"percentile":           {args: "*r", bind: bindPercentile},
		"percentiles_array":    {args: "*+", bind: bindPercentilesArray},
		"stdev":                {args: "*", bind: bindSpread(true, true)},
		"stdevp":               {args: "*", bind: bindSpread(true, false)},
		"stdevif":              {args: "*b", bind: onlyIf(bindSpread(true, true))},
		"variance":             {args: "*", bind: bindSpread(false, true)},
		"variancep":            {args: "*", bind: bindSpread(false, false)},
		"varianceif":           {args: "*b", bind: onlyIf(bindSpread(false, true))},
		"hll":                  {args: "*?l", bind: bindHLL(false)},
		"hll_merge":            {args: "d", bind: bindHLL(true)},
		"binary_all_and":       {args: "l", bind: bindBits(-1, func(x, y int64) int64 { return x & y })},
		"binary_all_or":        {args: "l", bind: bindBits(0, func(x, y int64) int64 { return x | y })},
		"binary_all_xor":       {args: "l", bind: bindBits(0, func(x, y int64) int64 { return x ^ y })},
	}
}

// aggregates binds a call of an aggregate: several for those with several columns.
func (b *binder) aggregates(c *call, rows []*column) []*aggregate {
	s := &scope{cols: rows}
	if multiAggregates[c.name] {
		return b.multiAggregate(c, s)
	}
	spec := b.q.specs[c.name]
	call2 := *c
	if c.name == "count" && len(c.args) == 1 {
		if _, ok := c.args[0].(*star); ok {
			call2.args = nil
		}
	}
	args := b.arguments(&fn{name: c.name, args: spec.args}, &call2, s)
	kind, mk := spec.bind(b, c, args)
	prefix := spec.prefix
	if prefix == "" {
		prefix = c.name
	}
	n := prefix + "_"
	if len(args) > 0 && c.name != "countif" && c.name != "count" {
		n += args[0].name
	}
	if c.name == "percentile" && args[1].value != nil {
		n += "_" + percentName(args[1].value.Real())
	}
	return []*aggregate{{kind: kind, name: n, refs: refsOf(args), make: mk}}
}

// onlyIf makes an aggregate one over the rows for which the second argument is true.
func onlyIf(bind func(*binder, *call, []*node) (Kind, func() accumulator)) func(*binder, *call, []*node) (Kind, func() accumulator) {
	return func(b *binder, c *call, a []*node) (Kind, func() accumulator) {
		kind, mk := bind(b, c, append([]*node{a[0]}, a[2:]...))
		return kind, func() accumulator { return &ifAccumulator{accumulator: mk(), cond: a[1]} }
	}
}

type ifAccumulator struct {
	accumulator
	cond *node
	kept []int32
}

func (a *ifAccumulator) add(c *Chunk, groups []int32) {
	v := a.cond.eval(c)
	a.kept = append(a.kept[:0], groups...)
	for i := range a.kept {
		if j := v.at(i); v.Ints[j] == 0 || v.Nulls.Has(j) {
			a.kept[i] = -1
		}
	}
	a.accumulator.add(c, a.kept)
}

func grown[T any](s []T, n int) []T {
	for len(s) < n {
		var zero T
		s = append(s, zero)
	}
	return s
}

// counts counts rows.
type counts struct{ n []int64 }

func (a *counts) grow(n int) { a.n = grown(a.n, n) }
func (a *counts) add(_ *Chunk, groups []int32) {
	for _, g := range groups {
		if g >= 0 {
			a.n[g]++
		}
	}
}
func (a *counts) value(g int) Value { return IntValue(Long, a.n[g]) }

func bindCount(_ *binder, _ *call, _ []*node) (Kind, func() accumulator) {
	return Long, func() accumulator { return &counts{} }
}

func bindCountIf(_ *binder, _ *call, a []*node) (Kind, func() accumulator) {
	return Long, func() accumulator { return &ifAccumulator{accumulator: &counts{}, cond: a[0]} }
}

// number makes an argument one that can be summed.
func (b *binder) number(c *call, n *node) *node {
	switch n.kind {
	case Real, Long, Decimal, Timespan:
		return n
	case Int:
		return n.to(Long)
	case Dynamic:
		return n.to(Real)
	}
	b.fail(c.args[0].where(), "SEM0218", "%s(): argument #1 expected to be a number expression, not %s", c.name, n.kind)
	return nil
}

// sums adds numbers.
type sums struct {
	x     *node
	ints  []int64
	reals []float64
	exact []big.Rat
}

func (a *sums) grow(n int) {
	switch a.x.kind {
	case Real:
		a.reals = grown(a.reals, n)
	case Decimal:
		a.exact = grown(a.exact, n)
	default:
		a.ints = grown(a.ints, n)
	}
}

func (a *sums) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || v.Nulls.Has(j) {
			continue
		}
		switch v.Kind {
		case Real:
			a.reals[g] += v.Reals[j]
		case Decimal:
			if r, ok := decimalOf(v.text(j)); ok {
				a.exact[g].Add(&a.exact[g], r)
			}
		default:
			a.ints[g] += v.Ints[j]
		}
	}
}

func (a *sums) value(g int) Value {
	switch a.x.kind {
	case Real:
		return RealValue(a.reals[g])
	case Decimal:
		return TextValue(Decimal, decimalText(&a.exact[g]))
	}
	return IntValue(a.x.kind, a.ints[g])
}

func bindSum(b *binder, c *call, a []*node) (Kind, func() accumulator) {
	x := b.number(c, a[0])
	return x.kind, func() accumulator { return &sums{x: x} }
}

// means are averages: reals of numbers, timespans and datetimes of theirs.
type means struct {
	x    *node
	kind Kind
	sum  []float64
	n    []int64
}

func (a *means) grow(n int) { a.sum, a.n = grown(a.sum, n), grown(a.n, n) }
func (a *means) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || v.Nulls.Has(j) {
			continue
		}
		if v.Kind == Real {
			a.sum[g] += v.Reals[j]
		} else {
			a.sum[g] += float64(v.Ints[j])
		}
		a.n[g]++
	}
}

func (a *means) value(g int) Value {
	if a.n[g] == 0 {
		return Null(a.kind)
	}
	f := a.sum[g] / float64(a.n[g])
	if a.kind == Real {
		return RealValue(f)
	}
	return IntValue(a.kind, roundTicks(f))
}

func bindAvg(b *binder, c *call, a []*node) (Kind, func() accumulator) {
	x := a[0]
	kind := x.kind
	if kind != Timespan && kind != Datetime {
		if x = b.number(c, x); x.kind == Decimal {
			x = x.to(Real)
		}
		kind = Real
	}
	return kind, func() accumulator { return &means{x: x, kind: kind} }
}

// extremes keep the largest or the least.
type extremes struct {
	x    *node
	sign int
	best []Value
}

func (a *extremes) grow(n int) {
	for len(a.best) < n {
		a.best = append(a.best, Value{kind: a.x.kind})
	}
}

func (a *extremes) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || v.null(j) {
			continue
		}
		best := &a.best[g]
		switch v.Kind {
		case Real:
			if f := v.Reals[j]; !best.full || orderReals(f, best.Real())*a.sign > 0 {
				*best = RealValue(f)
			}
		case Bool, Int, Long, Datetime, Timespan:
			if n := v.Ints[j]; !best.full || a.sign > 0 && n > int64(best.num) || a.sign < 0 && n < int64(best.num) {
				best.num, best.full = uint64(n), true
			}
		default:
			if one := v.At(j); !best.full || orderValues(one, *best)*a.sign > 0 {
				*best = one
			}
		}
	}
}

func (a *extremes) value(g int) Value {
	if !a.best[g].full {
		return Null(a.x.kind)
	}
	return a.best[g]
}

func bindExtreme(sign int) func(*binder, *call, []*node) (Kind, func() accumulator) {
	return func(_ *binder, _ *call, a []*node) (Kind, func() accumulator) {
		return a[0].kind, func() accumulator { return &extremes{x: a[0], sign: sign} }
	}
}

// distinct counts distinct values, exactly.
type distinct struct {
	q    *query
	x    *node
	keys *grouper // of values
	sets []map[int32]struct{}
}

func (a *distinct) grow(n int) { a.sets = grown(a.sets, n) }
func (a *distinct) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	ids := a.keys.add([]*Vector{v}, len(groups))
	for i, g := range groups {
		if g < 0 || v.null(v.at(i)) {
			continue
		}
		if a.sets[g] == nil {
			a.sets[g] = map[int32]struct{}{}
		}
		if _, ok := a.sets[g][ids[i]]; !ok {
			a.q.hold(16)
			a.sets[g][ids[i]] = struct{}{}
		}
	}
}
func (a *distinct) value(g int) Value { return IntValue(Long, int64(len(a.sets[g]))) }

func bindDistinct(b *binder, _ *call, a []*node) (Kind, func() accumulator) {
	return Long, func() accumulator {
		return &distinct{q: b.q, x: a[0], keys: newGrouper(b.q, []Kind{a[0].kind})}
	}
}

// lists collect values, or distinct values.
type lists struct {
	q      *query
	x      *node
	most   int64
	nulls  bool
	unique bool
	lists  [][]any
	seen   []map[string]struct{}
}

func (a *lists) grow(n int) {
	a.lists = grown(a.lists, n)
	if a.unique {
		a.seen = grown(a.seen, n)
	}
}

func (a *lists) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	var key []byte
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || int64(len(a.lists[g])) >= a.most || !a.nulls && v.null(j) {
			continue
		}
		d := toDynamic(v.At(j))
		if a.unique {
			if a.seen[g] == nil {
				a.seen[g] = map[string]struct{}{}
			}
			key = appendJSON(key[:0], d)
			if _, ok := a.seen[g][string(key)]; ok {
				continue
			}
			a.q.hold(int64(60 + len(key)))
			a.seen[g][string(key)] = struct{}{}
		}
		a.q.hold(dynamicSize(d))
		a.lists[g] = append(a.lists[g], d)
	}
}

func (a *lists) value(g int) Value {
	if a.lists[g] == nil {
		return DynamicValue([]any{})
	}
	return DynamicValue(a.lists[g])
}

func bindList(unique, nulls bool) func(*binder, *call, []*node) (Kind, func() accumulator) {
	return func(b *binder, c *call, a []*node) (Kind, func() accumulator) {
		most := int64(longestArray)
		if len(a) > 1 {
			if a[1].value == nil {
				b.fail(c.span, "SEM0006", "%s(): the number of values must be a constant", c.name)
			}
			most = min(most, a[1].value.Int())
		}
		return Dynamic, func() accumulator { return &lists{q: b.q, x: a[0], most: most, nulls: nulls, unique: unique} }
	}
}

// bags merge bags: the first to name a key has it.
type bags struct {
	q    *query
	x    *node
	bags []*Bag
	seen []map[string]struct{}
}

func (a *bags) grow(n int) { a.bags, a.seen = grown(a.bags, n), grown(a.seen, n) }
func (a *bags) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		if g < 0 {
			continue
		}
		bag, ok := v.At(i).dyn.(*Bag)
		if !ok {
			continue
		}
		if a.bags[g] == nil {
			a.bags[g], a.seen[g] = &Bag{}, map[string]struct{}{}
		}
		for j, n := range bag.Names {
			if _, has := a.seen[g][n]; !has && len(a.seen[g]) < longestArray {
				a.seen[g][n] = struct{}{}
				a.q.hold(int64(80+2*len(n)) + dynamicSize(bag.Values[j]))
				a.bags[g].Names, a.bags[g].Values = append(a.bags[g].Names, n), append(a.bags[g].Values, bag.Values[j])
			}
		}
	}
}

func (a *bags) value(g int) Value {
	if a.bags[g] == nil {
		return DynamicValue(&Bag{})
	}
	return DynamicValue(a.bags[g])
}

func bindBag(b *binder, _ *call, a []*node) (Kind, func() accumulator) {
	return Dynamic, func() accumulator { return &bags{q: b.q, x: a[0]} }
}

// spreads are deviations and variances (Welford).
type spreads struct {
	x            *node
	root, sample bool
	n            []int64
	mean, m2     []float64
}

func (a *spreads) grow(n int) {
	a.n, a.mean, a.m2 = grown(a.n, n), grown(a.mean, n), grown(a.m2, n)
}

func (a *spreads) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || v.Nulls.Has(j) {
			continue
		}
		a.n[g]++
		d := v.Reals[j] - a.mean[g]
		a.mean[g] += d / float64(a.n[g])
		a.m2[g] += d * (v.Reals[j] - a.mean[g])
	}
}

func (a *spreads) value(g int) Value {
	n := float64(a.n[g])
	if n == 0 {
		return Null(Real)
	}
	if a.sample {
		n--
	}
	variance := 0.0
	if n > 0 {
		variance = a.m2[g] / n
	}
	if a.root {
		variance = math.Sqrt(variance)
	}
	return RealValue(variance)
}

func bindSpread(root, sample bool) func(*binder, *call, []*node) (Kind, func() accumulator) {
	return func(b *binder, c *call, a []*node) (Kind, func() accumulator) {
		x := b.number(c, a[0]).to(Real)
		return Real, func() accumulator { return &spreads{x: x, root: root, sample: sample} }
	}
}

// bitwise joins the bits of numbers.
type bitwise struct {
	x     *node
	start int64
	join  func(x, y int64) int64
	bits  []int64
	any   []bool
}

func (a *bitwise) grow(n int) {
	for len(a.bits) < n {
		a.bits = append(a.bits, a.start)
	}
	a.any = grown(a.any, n)
}

func (a *bitwise) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		if j := v.at(i); g >= 0 && !v.Nulls.Has(j) {
			a.bits[g], a.any[g] = a.join(a.bits[g], v.Ints[j]), true
		}
	}
}

func (a *bitwise) value(g int) Value {
	if !a.any[g] {
		return Null(Long)
	}
	return IntValue(Long, a.bits[g])
}

func bindBits(start int64, join func(x, y int64) int64) func(*binder, *call, []*node) (Kind, func() accumulator) {
	return func(_ *binder, _ *call, a []*node) (Kind, func() accumulator) {
		return Long, func() accumulator { return &bitwise{x: a[0], start: start, join: join} }
	}
}

// sketches are what hll() gives: here the distinct hashes, so counts are exact.
type sketches struct {
	q     *query
	x     *node
	merge bool
	sets  []map[int64]struct{}
}

func (a *sketches) grow(n int) { a.sets = grown(a.sets, n) }
func (a *sketches) put(g int32, h int64) {
	if a.sets[g] == nil {
		a.sets[g] = map[int64]struct{}{}
	}
	if _, ok := a.sets[g][h]; !ok {
		a.q.hold(24)
		a.sets[g][h] = struct{}{}
	}
}

func (a *sketches) add(c *Chunk, groups []int32) {
	v := a.x.eval(c)
	for i, g := range groups {
		j := v.at(i)
		if g < 0 || v.null(j) {
			continue
		}
		if !a.merge {
			a.put(g, int64(xxhash64(appendKey(nil, v.At(j)))))
			continue
		}
		l, _ := v.At(j).dyn.([]any)
		for _, h := range l {
			if n, ok := h.(int64); ok {
				a.put(g, n)
			}
		}
	}
}

func (a *sketches) value(g int) Value {
	hashes := make([]int64, 0, len(a.sets[g]))
	for h := range a.sets[g] {
		hashes = append(hashes, h)
	}
	sort.Slice(hashes, func(i, j int) bool { return hashes[i] < hashes[j] })
	l := make([]any, len(hashes))
	for i, h := range hashes {
		l[i] = h
	}
	return DynamicValue(l)
}

func bindHLL(merge bool) func(*binder, *call, []*node) (Kind, func() accumulator) {
	return func(b *binder, _ *call, a []*node) (Kind, func() accumulator) {
		return Dynamic, func() accumulator { return &sketches{q: b.q, x: a[0], merge: merge} }
	}
}
