package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// lag is LAG and LAST: a ring of the latest values of each partition for which
// WHEN was true. LAG answers before the row enters the ring, LAST after.
type lag struct {
	call  *streamsql.AnalyticCall
	depth int
	rings []lagRing
	arg   streamsql.Value
	def   streamsql.Value
	when  bool
}

type lagRing struct {
	entries []lagEntry // the oldest at next once it is full
	next    int
}

// lagEntry keeps its buffer when it is overwritten.
type lagEntry struct {
	time  int64
	value []byte
}

func newLag(c *streamsql.AnalyticCall) *lag {
	l := &lag{call: c, depth: 1}
	if c.Func == streamsql.Lag {
		l.depth = max(c.Offset, 1)
	}
	return l
}

func (l *lag) eval(row *streamsql.Row) {
	l.arg = l.call.Arg.Eval(row)
	l.when = l.call.When == nil || l.call.When.Test(row)
	l.def = streamsql.NullValue
	if l.call.Default != nil {
		l.def = l.call.Default.Eval(row)
	}
}

func (l *lag) next(id uint32, row *streamsql.Row) error {
	ring := byID(&l.rings, id)
	if l.call.Func == streamsql.Last {
		l.push(ring, row.Time)
		row.Slots[l.call.Slot] = l.value(ring, row)
		return nil
	}
	row.Slots[l.call.Slot] = l.value(ring, row)
	l.push(ring, row.Time)
	return nil
}

// value is the oldest value of a full ring, if it is young enough. It is copied
// to the scratch of the row only if it is text, whose buffer may be overwritten
// before the row is done with.
func (l *lag) value(ring *lagRing, row *streamsql.Row) streamsql.Value {
	if len(ring.entries) < l.depth {
		return l.def
	}
	e := &ring.entries[ring.next]
	if row.Time-e.time > l.call.Duration {
		return l.def
	}
	v, _ := readValue(e.value)
	return row.Scratch.Copy(v)
}

func (l *lag) push(ring *lagRing, time int64) {
	if !l.when {
		return
	}
	if len(ring.entries) < l.depth {
		ring.entries = append(ring.entries, lagEntry{time, appendValue(nil, l.arg)})
		return
	}
	e := &ring.entries[ring.next]
	e.time, e.value = time, appendValue(e.value[:0], l.arg)
	ring.next = (ring.next + 1) % l.depth
}

func (l *lag) forget(id uint32) {
	if int(id) < len(l.rings) {
		l.rings[id] = lagRing{}
	}
}

func (l *lag) saveID(w *stateWriter, id uint32) {
	ring := byID(&l.rings, id)
	w.uint(uint64(len(ring.entries)))
	w.uint(uint64(ring.next))
	for _, e := range ring.entries {
		w.int(e.time)
		w.bytes(e.value)
	}
}

func (l *lag) loadID(r *stateReader, id uint32) {
	ring := byID(&l.rings, id)
	n := r.count(2)
	ring.next = int(r.uint())
	for range n {
		ring.entries = append(ring.entries, lagEntry{r.int(), append([]byte(nil), r.bytes()...)})
	}
	if n > l.depth || ring.next >= l.depth {
		r.bad = true
	}
}

// isFirst is ISFIRST: 1 for the first row of each interval, for which WHEN is
// true. The intervals lie on one grid for all partitions: (start, end] as for
// windows.
type isFirst struct {
	call *streamsql.AnalyticCall
	last []int64 // end of the interval of the last first row, plus one; 0: none
	when bool
}

func (f *isFirst) eval(row *streamsql.Row) { f.when = f.call.When == nil || f.call.When.Test(row) }

func (f *isFirst) next(id uint32, row *streamsql.Row) error {
	last := byID(&f.last, id)
	first := int64(0)
	if end := windowEnd(row.Time, f.call.Duration, 0) + 1; f.when && *last != end {
		*last, first = end, 1
	}
	row.Slots[f.call.Slot] = streamsql.BigIntValue(first)
	return nil
}

func (f *isFirst) forget(id uint32) {
	if int(id) < len(f.last) {
		f.last[id] = 0
	}
}

func (f *isFirst) saveID(w *stateWriter, id uint32) { w.int(*byID(&f.last, id)) }

func (f *isFirst) loadID(r *stateReader, id uint32) { *byID(&f.last, id) = r.int() }
