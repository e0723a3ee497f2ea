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
// With TIMESTAMP BY … OVER each key has a watermark of its own. Rows are then
// held until no key may be further behind, which the late tolerance bounds.
type timeline struct {
	policy    TimePolicy
	byArrival bool
	over      *table // one word: watermark of the key; nil without OVER
	env       *env
	numbers   *feedCounters
	clocks    *clocks // nil: another timeline tells of the same events
	wm        int64   // no later row has a lower time
	seq       uint64
	sorting   timeHeap[batchRow] // rows above the watermark, if rows may be out of order
	queue     []entry            // rows in order
	head      int
	sweep     int64
}

// entry is a row that waits.
type entry = moment[batchRow]

// batchRow is row i of a batch.
type batchRow struct {
	b *inBatch
	i int32
}

func newTimeline(e *env, p TimePolicy, n *streamsql.Source, f *feed) *timeline {
	t := &timeline{
		policy: p, byArrival: n.Timestamp == nil, env: e, numbers: &f.numbers, clocks: f.clocks,
		wm: minTime, sweep: minTime,
	}
	if len(n.Over) > 0 {
		t.over = newTable(1)
	}
	return t
}

func (t *timeline) holds() bool { return !t.byArrival && (t.policy.OutOfOrder > 0 || t.over != nil) }

// place decides on the time of an event, or that it is dropped.
func (t *timeline) place(time, arrival int64, key []byte) (int64, bool, error) {
	c := t.numbers
	if t.byArrival {
		t.wm = max(t.wm, arrival)
		return t.wm, true, nil
	}
	late := ticksOf(t.policy.Late)
	if !t.policy.Unlimited {
		if time > arrival+ticksOf(EarlyLimit) {
			c.early.Add(1)
			return 0, false, nil
		}
		if t.policy.Late >= 0 && arrival-time > late {
			c.late.Add(1)
			if t.policy.Drop {
				c.dropped.Add(1)
				return 0, false, nil
			}
			time = arrival - late
		}
	}
	own := &t.wm
	if t.over != nil {
		if !t.policy.Unlimited {
			t.wm = max(t.wm, arrival-late)
		}
		id := t.over.find(key)
		if id == missing {
			if t.over.size() >= t.env.limits.Keys {
				return 0, false, tooManyKeys("TIMESTAMP BY … OVER", t.env.limits.Keys)
			}
			id, _ = t.over.insert(key, nil)
			first := int64(minTime)
			t.over.state(id)[0] = uint64(first)
		}
		wm := int64(t.over.state(id)[0])
		own = &wm
		defer func() { t.over.state(id)[0] = uint64(wm) }()
	}
	if low := max(*own, t.wm); time < low {
		c.outOfOrder.Add(1)
		if t.policy.Drop {
			c.dropped.Add(1)
			return 0, false, nil
		}
		time = low
	}
	*own = max(*own, time-ticksOf(t.policy.OutOfOrder))
	return time, true, nil
}

// add takes row i of a batch.
func (t *timeline) add(b *inBatch, i int, time, arrival int64, key []byte) error {
	if !t.byArrival && !t.policy.Unlimited && t.clocks != nil {
		t.clocks.check(t.policy, time-arrival, b, i)
	}
	time, ok, err := t.place(time, arrival, key)
	if err != nil || !ok {
		return err
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

// settle moves the rows that the watermark has passed to the queue.
func (t *timeline) settle() {
	for len(t.sorting) > 0 && t.sorting[0].time <= t.wm {
		t.queue = append(t.queue, t.sorting.pop())
	}
	if t.over != nil && t.wm >= t.sweep && t.wm != endOfTime {
		t.sweep = t.wm + streamsql.TicksPerMinute
		for id := range t.over.cap() {
			if t.over.used(id) && int64(t.over.state(id)[0]) <= t.wm {
				t.over.remove(id)
			}
		}
	}
}

// idle moves the watermark on while no event comes.
func (t *timeline) idle(wm int64) { t.wm = max(t.wm, wm) }

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
	w.int(t.sweep)
	w.uint(t.seq)
	w.bool(t.over != nil)
	if t.over != nil {
		t.over.save(w, saveWords)
	}
	var q rowQueue
	for _, list := range [][]entry{t.queue[t.head:], t.sorting} {
		w.uint(uint64(len(list)))
		q.reset()
		for _, e := range list {
			w.uint(e.seq)
			row := e.v.b.rows[e.v.i]
			row.Time = e.time
			q.push(&row)
		}
		q.save(w)
	}
}

// load restores the timeline; width is the number of slots of its rows.
func (t *timeline) load(r *stateReader, width int) {
	t.wm, t.sweep, t.seq = r.int(), r.int(), r.uint()
	if r.bool() {
		if t.over == nil {
			r.bad = true
			return
		}
		t.over.load(r, loadWords)
	}
	for pass := range 2 {
		n := r.count(1)
		seqs := make([]uint64, n)
		for i := range seqs {
			seqs[i] = r.uint()
		}
		b := &inBatch{}
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
