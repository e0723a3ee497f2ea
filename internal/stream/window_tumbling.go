package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// tumbling keeps the groups of a tumbling or snapshot window. Rows come in
// order, so one window is open at a time: (end-size, end]. A snapshot window is
// one tick long.
type tumbling struct {
	g      *group
	spec   *streamsql.WindowSpec
	size   int64
	offset int64
	end    int64 // of the open window, if groups is not empty
	groups *table
}

func newTumbling(g *group, spec *streamsql.WindowSpec) *tumbling {
	t := &tumbling{g: g, spec: spec, size: spec.Size, offset: spec.Offset, end: minTime, groups: newTable(g.aggs.width)}
	if spec.Kind == streamsql.Snapshot {
		t.size, t.offset = 1, 0
	}
	return t
}

// windowEnd is the end of the window of the grid that holds t; ends are
// included, starts are not.
func windowEnd(t, size, offset int64) int64 {
	m := (t - offset) % size
	switch {
	case m > 0:
		return t - m + size
	case m < 0:
		return t - m
	}
	return t
}

func (t *tumbling) add(row *streamsql.Row) error {
	if t.groups.size() == 0 {
		t.end = windowEnd(row.Time, t.size, t.offset)
	}
	id, err := t.g.id(t.groups)
	if err != nil {
		return err
	}
	return t.g.add(t.groups.state(id), row.Time)
}

func (t *tumbling) close(before int64) error {
	if t.end >= before || t.groups.size() == 0 {
		return nil
	}
	for id := range t.groups.cap() {
		if err := t.g.emit(t.spec, t.end, t.groups.tail(id), t.groups.state(id)); err != nil {
			return err
		}
	}
	if err := t.g.out.flush(); err != nil {
		return err
	}
	t.g.clear(t.groups)
	return nil
}

// clear forgets all groups of a table.
func (g *group) clear(t *table) {
	if !g.aggs.pool.empty() {
		for id := range t.cap() {
			if t.used(id) {
				g.aggs.release(t.state(id))
			}
		}
	}
	t.reset()
}

func (t *tumbling) save(w *stateWriter) {
	w.int(t.end)
	t.groups.save(w, t.g.aggs.saveState)
}

func (t *tumbling) load(r *stateReader) error {
	t.end = r.int()
	t.groups.load(r, t.g.aggs.loadState)
	return r.err()
}
