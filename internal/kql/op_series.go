package kql

import "math"

// mostSeries bounds the length of a series.
const mostSeries = 1_048_576

// makeSeries gives, for each group, arrays of an aggregate at every step.
func (b *binder) makeSeries(op *opMakeSeries, r *relation) *relation {
	s := &scope{cols: r.cols}
	taken := map[string]bool{}
	by := b.projection(op.by, s, taken)
	b.groupable(by, op.by)
	axis := b.projection([]expr{op.on}, s, map[string]bool{})[0]
	step := b.constant(op.step, "the step")
	k := axis.node.kind
	stepKind := Timespan
	switch {
	case k == Datetime || k == Timespan:
		if step.kind != Timespan {
			b.fail(op.step.where(), "SEM0027", "a step of a %s is a timespan, not a %s", k, step.kind)
		}
	case isNumber(k):
		if k = Long; axis.node.kind == Real || step.kind == Real || axis.node.kind == Decimal {
			k = Real
		}
		stepKind = k
	default:
		b.fail(op.on.where(), "SEM0027", "a series runs along a datetime, a timespan or a number, not a %s", k)
	}
	step = convert(step, stepKind)
	if !step.full || stepKind == Real && step.Real() <= 0 || stepKind != Real && step.Int() <= 0 {
		b.fail(op.step.where(), "SEM0027", "the step must be more than 0")
	}
	axisNode := axis.node.to(k)
	from, to := b.seriesEnd(op.from, k), b.seriesEnd(op.to, k)
	useRefs(append(append([]projected{}, by...), axis))
	aggs := &aggregation{rows: r.cols, keys: len(by) + 1}
	keyCols := make([]*column, 0, len(by)+1)
	for i := range by {
		c := by[i].columnOf()
		c.origins = nil
		keyCols = append(keyCols, c)
	}
	var outputs []projected
	var defaults []Value
	for _, a := range op.aggregates {
		p := b.projection([]expr{a.x}, &scope{cols: keyCols, aggs: aggs}, taken)[0]
		d := IntValue(Long, 0)
		if a.defaultValue != nil {
			d = b.constant(a.defaultValue, "the default")
		}
		outputs, defaults = append(outputs, p), append(defaults, convert(d, p.node.kind))
	}
	useRefs(outputs)
	for _, a := range aggs.list {
		a.out.use()
	}
	out := &relation{}
	for _, c := range keyCols {
		out.cols = append(out.cols, c.pass(c.name))
	}
	for _, p := range outputs {
		out.cols = append(out.cols, &column{name: p.name, kind: Dynamic})
	}
	out.cols = append(out.cols, &column{name: uniqueName(axis.name, taken), kind: Dynamic})
	m := &series{b: b, op: op, kind: k, by: by, axis: axisNode, step: step, from: from, to: to, aggs: aggs, outputs: outputs, defaults: defaults}
	out.flow = func(yield func(*Chunk) bool) { m.run(r, yield) }
	return out
}

// seriesEnd is from or to; without it the data's own ends are taken.
func (b *binder) seriesEnd(e expr, k Kind) Value {
	if e == nil {
		return Null(k)
	}
	v := b.constant(e, "an end of the series")
	if v.kind != k && !(isNumber(v.kind) && isNumber(k)) {
		b.fail(e.where(), "SEM0027", "an end of the series is a %s, not a %s", k, v.kind)
	}
	return convert(v, k)
}

// series is make-series that runs: rows are grouped by the keys and the step
// they are in; then each group's steps become arrays.
type series struct {
	b              *binder
	op             *opMakeSeries
	kind           Kind
	by             []projected
	axis           *node
	step, from, to Value
	aggs           *aggregation
	outputs        []projected
	defaults       []Value
}

func (m *series) number(v Value) float64 {
	if m.kind == Real {
		return v.Real()
	}
	return float64(v.Int())
}

// slot is which step a value is in.
func (m *series) slot(v, start Value) int64 {
	if m.kind == Real {
		return int64(math.Floor((v.Real() - start.Real()) / m.step.Real()))
	}
	d := v.Int() - start.Int()
	n := d / m.step.Int()
	if d%m.step.Int() < 0 {
		n--
	}
	return n
}

func (m *series) run(r *relation, yield func(*Chunk) bool) {
	q := m.b.q
	start, end := m.from, m.to
	input := r
	if !start.full || !end.full {
		chunks := q.collect(r)
		input = &relation{cols: r.cols, flow: rowsOf(chunks)}
		least, most := m.ends(chunks)
		if !start.full {
			if start = least; least.full { // aligned to the step
				start = m.aligned(least)
			}
		}
		if !end.full {
			end = most
			m = &series{m.b, m.op, m.kind, m.by, m.axis, m.step, start, end, m.aggs, m.outputs, m.defaults}
			m.op = &opMakeSeries{inclusive: true}
		}
		if !start.full || !end.full {
			return
		}
	}
	n := m.slot(end, start)
	if m.op.inclusive || m.number(end) > m.number(m.at(start, n)) {
		n++
	}
	if n <= 0 || n > mostSeries {
		if n > mostSeries {
			panic(limitError("E_RUNAWAY_QUERY", "a series has more than 1,048,576 steps"))
		}
		return
	}
	keys := append(append([]projected{}, m.by...), projected{node: lift(Long, []*node{m.axis}, func(a []Value) Value {
		if !a[0].full || m.number(a[0]) < m.number(start) || !m.op.inclusive && m.number(a[0]) >= m.number(end) {
			return Null(Long)
		}
		return IntValue(Long, m.slot(a[0], start))
	})})
	var grouped *Chunk
	q.group(input, keys, m.aggs.list, false, func(c *Chunk) bool {
		grouped = c
		return true
	})
	if grouped == nil {
		if len(m.by) > 0 {
			return
		}
		grouped = &Chunk{}
	}
	yield(m.arrays(grouped, start, int(n)))
}

// at is the beginning of step n.
func (m *series) at(start Value, n int64) Value {
	if m.kind == Real {
		return RealValue(start.Real() + float64(n)*m.step.Real())
	}
	return IntValue(m.kind, start.Int()+n*m.step.Int())
}

func (m *series) aligned(v Value) Value {
	if m.kind == Real {
		return RealValue(math.Floor(v.Real()/m.step.Real()) * m.step.Real())
	}
	zero := IntValue(m.kind, 0)
	return m.at(zero, m.slot(v, zero))
}

func (m *series) ends(chunks []*Chunk) (least, most Value) {
	for _, c := range chunks {
		v := m.axis.eval(c)
		for i := range c.N {
			one := v.At(i)
			if !one.full {
				continue
			}
			if !least.full || orderValues(one, least) < 0 {
				least = one
			}
			if !most.full || orderValues(one, most) > 0 {
				most = one
			}
		}
	}
	return least, most
}

// arrays turns rows of (keys, step, values) into rows of (keys, arrays).
func (m *series) arrays(c *Chunk, start Value, n int) *Chunk {
	q := m.b.q
	g := newGrouper(q, kindsOfProjected(m.by))
	var groups []int32
	if c.N > 0 || len(m.by) > 0 {
		groups = append(groups, g.add(c.Columns[:len(m.by)], c.N)...)
	}
	if len(m.by) == 0 {
		g.n = 1
	}
	q.hold(int64(g.n) * int64(n) * int64(16*len(m.outputs)))
	out := &Chunk{N: g.n, Columns: g.vectors()}
	for k, p := range m.outputs {
		lists := make([]any, g.n)
		for i := range lists {
			l := make([]any, n)
			for j := range l {
				l[j] = toDynamic(m.defaults[k])
			}
			lists[i] = l
		}
		if c.N > 0 {
			v, slots := p.node.eval(c), c.Columns[len(m.by)]
			for i := range c.N {
				if slot := slots.At(i); slot.full && slot.Int() < int64(n) {
					lists[groups[i]].([]any)[slot.Int()] = toDynamic(v.At(i))
				}
			}
		}
		out.Columns = append(out.Columns, &Vector{Kind: Dynamic, Dynamics: lists})
	}
	axis := make([]any, n)
	for j := range axis {
		axis[j] = toDynamic(m.at(start, int64(j)))
	}
	out.Columns = append(out.Columns, constant(DynamicValue(axis)))
	return out
}

func kindsOfProjected(list []projected) []Kind {
	out := make([]Kind, len(list))
	for i, p := range list {
		out[i] = p.node.kind
	}
	return out
}
