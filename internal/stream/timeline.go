package stream

import (
	"math"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// noTime marks an event whose TIMESTAMP BY has no value.
const noTime = int64(math.MinInt64)

// timeline gives the events of one partition their place in time, in the eyes
// of one Source node. The checks go early, late, out of order; see TimePolicy.
// The watermark is the greatest time seen less the out-of-order tolerance, or,
// while nothing comes, the estimated arrival time less the late tolerance.
//
// With TIMESTAMP BY … OVER order is the affair of each key (substreams): here rows
// keep the order in which they arrived, and the watermark is one of arrival.
type timeline struct {
	policy    TimePolicy
	byArrival bool
	over      bool
	source    int // of substreams.sources, with over
	node      int // of the feed
	env       *env
	numbers   *feedCounters
	clocks    *clocks // nil: another timeline tells of the same events
	wm        int64   // no later row has a lower time
	seq       uint64
	sorting   timeHeap[batchRow] // rows above the watermark, if rows may be out of order
	queue     []entry            // rows in order
	head      int
}

// entry is a row that waits.
type entry = moment[batchRow]

// batchRow is row i of a batch.
type batchRow struct {
	b *inBatch
	i int32
}

func newTimeline(e *env, p TimePolicy, n *streamsql.Source, f *feed) *timeline {
	return &timeline{
		policy: p, byArrival: n.Timestamp == nil, over: len(n.Over) > 0, env: e, numbers: &f.numbers, clocks: f.clocks, wm: minTime,
	}
}

func (t *timeline) holds() bool { return !t.byArrival && !t.over && t.policy.OutOfOrder > 0 }

// admit applies the early and the late policy: the time that an event has then,
// or that it is dropped.
func (t *timeline) admit(time, arrival int64) (int64, bool) {
	c := t.numbers
	if t.policy.Unlimited {
		return time, true
	}
	if time > arrival+ticksOf(EarlyLimit) {
		c.early.Add(1)
		return 0, false
	}
	if late := ticksOf(t.policy.Late); t.policy.Late >= 0 && arrival-time > late {
		c.late.Add(1)
		if t.policy.Drop {
			c.dropped.Add(1)
			return 0, false
		}
		time = arrival - late
	}
	return time, true
}

// place decides on the time of an event, or that it is dropped.
func (t *timeline) place(time, arrival int64) (int64, bool) {
	if t.byArrival {
		t.wm = max(t.wm, arrival)
		return t.wm, true
	}
	time, ok := t.admit(time, arrival)
	if !ok {
		return 0, false
	}
	if time < t.wm {
		t.numbers.outOfOrder.Add(1)
		if t.policy.Drop {
			t.numbers.dropped.Add(1)
			return 0, false
		}
		time = t.wm
	}
	t.wm = max(t.wm, time-ticksOf(t.policy.OutOfOrder))
	return time, true
}

// add takes row i of a batch.
func (t *timeline) add(b *inBatch, i int, time, arrival int64) error {
	if !t.byArrival && !t.policy.Unlimited && t.clocks != nil {
		t.clocks.check(t.policy, time-arrival, b, i)
	}
	var ok bool
	if t.over {
		if b.times[t.node][i], ok = t.admit(time, arrival); ok {
			t.wm = max(t.wm, arrival)
			time = t.wm
		}
	} else {
		time, ok = t.place(time, arrival)
	}
	if !ok {
		return nil
	}
	t.seq++
	b.refs++
	e := entry{time: time, seq: t.seq, v: batchRow{b, int32(i)}}
	if t.holds() {
		t.sorting.push(e)
	} else {
		t.queue = append(t.queue, e)
	}
	return t.env.hold(1, "out-of-order tolerance")
}

// row writes the row of an entry. With OVER its Time is the event's, and its
// Arrival what it is ordered by.
func (t *timeline) row(e *entry, out *streamsql.Row) {
	*out = e.v.b.rows[e.v.i]
	out.Time = e.time
	if t.over {
		out.Time, out.Arrival = e.v.b.times[t.node][e.v.i], e.time
	}
}

// settle moves the rows that the watermark has passed to the queue.
func (t *timeline) settle() {
	for len(t.sorting) > 0 && t.sorting[0].time <= t.wm {
		t.queue = append(t.queue, t.sorting.pop())
	}
}

// idle moves the watermark on while no event comes; arrival is the estimate.
func (t *timeline) idle(arrival int64) {
	switch {
	case t.over:
		t.wm = max(t.wm, arrival-overSlack)
	case t.policy.Late >= 0:
		t.wm = max(t.wm, arrival-ticksOf(t.policy.Late))
	}
}

// end says that no event comes any more.
func (t *timeline) end() { t.wm = endOfTime }

// bound is the least time that the next row can have.
func (t *timeline) bound() int64 {
	if t.head < len(t.queue) {
		return t.queue[t.head].time
	}
	return t.wm
}

func (t *timeline) empty() bool { return t.head == len(t.queue) }

// trim reuses the queue's memory.
func (t *timeline) trim() {
	if t.head == len(t.queue) {
		t.queue, t.head = t.queue[:0], 0
	} else if t.head > 4096 && t.head*2 > len(t.queue) {
		t.queue = append(t.queue[:0], t.queue[t.head:]...)
		t.head = 0
	}
}

func (t *timeline) save(w *stateWriter) {
	w.int(t.wm)
	w.uint(t.seq)
	var q rowQueue
	for _, list := range [][]entry{t.queue[t.head:], t.sorting} {
		w.uint(uint64(len(list)))
		q.reset()
		for _, e := range list {
			w.uint(e.seq)
			var row streamsql.Row
			t.row(&e, &row)
			q.push(&row)
		}
		q.save(w)
	}
}

// load restores the timeline; width is the number of slots of its rows.
func (t *timeline) load(r *stateReader, width int) {
	t.wm, t.seq = r.int(), r.uint()
	for pass := range 2 {
		n := r.count(1)
		seqs := make([]uint64, n)
		for i := range seqs {
			seqs[i] = r.uint()
		}
		b := &inBatch{times: make([][]int64, t.node+1)}
		q := &b.kept
		q.load(r)
		if r.bad || q.len() != n {
			r.bad = true
			return
		}
		t.env.held += n
		at := 0
		for i := range n {
			row := streamsql.Row{Slots: make([]streamsql.Value, width)}
			at = q.read(at, &row)
			b.rows = append(b.rows, row)
			b.times[t.node] = append(b.times[t.node], row.Time)
			if t.over {
				row.Time = row.Arrival
			}
			e := entry{time: row.Time, seq: seqs[i], v: batchRow{b, int32(i)}}
			if pass == 0 {
				t.queue = append(t.queue, e)
			} else {
				t.sorting = append(t.sorting, e)
			}
		}
		b.refs = n
	}
}
