package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// group is GROUP BY: it evaluates keys and arguments of each row once and gives
// them to its windows, which keep the groups.
type group struct {
	env     *env
	node    *streamsql.Aggregate
	aggs    *aggregates
	windows []window
	out     emitter
	order   *orderer // between windows and next, if there are several windows
	next    port
	time    int64 // of the last row: earlier results are out
	key     []byte
	tail    []byte
	values  []streamsql.Value // of the keys
	scratch []uint64          // one state, zero between uses
	name    string
}

// window keeps the groups of one window of a group operator.
type window interface {
	// add takes the row whose key and arguments the group has evaluated.
	add(row *streamsql.Row) error
	// close emits, in order, all results that are stamped before t: every row
	// that counts for them has come.
	close(t int64) error
	stateful
}

func newGroup(e *env, node *streamsql.Aggregate, next port, name string) *group {
	g := &group{env: e, node: node, next: next, aggs: newAggregates(node.Calls), time: minTime, name: name}
	g.values = make([]streamsql.Value, len(node.Keys))
	g.scratch = make([]uint64, g.aggs.width)
	if len(node.Windows) > 1 {
		g.order = newOrderer(e, next, node.Schema().Width, name)
		next = g.order
	}
	g.out = newEmitter(e, next, node.Schema().Width)
	for i := range node.Windows {
		g.windows = append(g.windows, newWindow(g, &node.Windows[i]))
	}
	return g
}

func newWindow(g *group, spec *streamsql.WindowSpec) window {
	switch spec.Kind {
	case streamsql.Hopping:
		if spec.Hop == spec.Size {
			return newTumbling(g, spec)
		}
		return newHopping(g, spec)
	case streamsql.Sliding:
		return newSliding(g, spec)
	case streamsql.Session:
		return newSession(g, spec)
	default:
		return newTumbling(g, spec)
	}
}

func (g *group) process(rows []streamsql.Row) error {
	for i := range rows {
		row := &rows[i]
		if row.Time > g.time {
			if err := g.close(row.Time); err != nil {
				return err
			}
		}
		g.key = g.key[:0]
		for k, x := range g.node.Keys {
			g.values[k] = x.Eval(row)
			g.key = g.values[k].AppendKey(g.key)
		}
		g.aggs.eval(row)
		if g.env.dataError(row) {
			continue
		}
		for _, w := range g.windows {
			if err := w.add(row); err != nil {
				return err
			}
		}
	}
	return g.handOn()
}

// handOn passes on the results of several windows that are complete. None may be
// kept back: a snapshot could follow, in which they count as written.
func (g *group) handOn() error {
	if g.order == nil {
		return nil
	}
	return g.order.flush()
}

func (g *group) advance(wm int64) error {
	if wm > g.time {
		if err := g.close(wm); err != nil {
			return err
		}
	}
	return g.next.advance(wm)
}

func (g *group) close(t int64) error {
	g.time = t
	for _, w := range g.windows {
		if err := w.close(t); err != nil {
			return err
		}
	}
	return g.handOn()
}

// id returns the id of the current row's key in a table of groups, whose tail
// holds the values of the keys as first seen.
func (g *group) id(t *table) (uint32, error) {
	if id := t.find(g.key); id != missing {
		return id, nil
	}
	g.tail = g.tail[:0]
	for _, v := range g.values {
		g.tail = appendValue(g.tail, v)
	}
	if t.size() >= g.env.limits.Keys {
		return 0, tooManyKeys(g.name, g.env.limits.Keys)
	}
	if len(t.arena) > arenaLimit || t.bytes() > g.env.limits.StateSize {
		return 0, tooMuchState(g.name, g.env.limits.StateSize)
	}
	id, _ := t.insert(g.key, g.tail)
	return id, nil
}

// add adds the row whose arguments were read to a group's state. It stops a job
// that collects without bound.
func (g *group) add(state []uint64, time int64) error {
	g.aggs.add(state, time)
	return g.env.boundState(g.aggs, g.name)
}

// emit adds a result row for a group, with its keys in tail. A result that has
// no value is a data error of the row, which is dropped and counted.
func (g *group) emit(spec *streamsql.WindowSpec, end int64, tail []byte, state []uint64) error {
	row, err := g.out.add(end)
	if err != nil {
		return err
	}
	clear(row.Slots)
	for k := range g.node.Keys {
		row.Slots[k], tail = readValue(tail)
	}
	for i, c := range g.aggs.calls {
		if row.Slots[c.Slot], err = g.aggs.result(i, state, g.env); err != nil {
			g.env.counters.dataError(err)
			g.out.undo()
			return nil
		}
	}
	if g.node.WindowIDSlot >= 0 && spec.ID != "" {
		row.Slots[g.node.WindowIDSlot] = streamsql.StringValue(spec.ID)
	}
	return nil
}

func (g *group) save(w *stateWriter) {
	w.int(g.time)
	for _, x := range g.windows {
		x.save(w)
	}
}

func (g *group) load(r *stateReader) error {
	g.time = r.int()
	for _, x := range g.windows {
		if err := x.load(r); err != nil {
			return err
		}
	}
	return r.err()
}

// orderer puts the results of several windows, which come in order for each,
// into one order. It keeps copies until flush.
type orderer struct {
	rows rowQueue
	out  emitter
	name string
}

func newOrderer(e *env, next port, width int, name string) *orderer {
	return &orderer{out: newEmitter(e, next, width), name: name}
}

func (o *orderer) process(rows []streamsql.Row) error {
	for i := range rows {
		o.rows.push(&rows[i])
	}
	if e := o.out.env; int64(o.rows.size()) > e.limits.StateSize {
		return tooManyRowBytes(o.name, e.limits.StateSize)
	}
	return nil
}

func (o *orderer) advance(int64) error { return nil }

func (o *orderer) flush() error {
	if o.rows.len() == 0 {
		return nil
	}
	for _, at := range o.rows.byTime() {
		row, err := o.out.add(0)
		if err != nil {
			return err
		}
		o.rows.read(at, row)
	}
	err := o.out.flush()
	o.rows.reset()
	return err
}
