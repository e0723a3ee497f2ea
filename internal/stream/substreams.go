package stream

import (
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// substreams runs a query whose inputs have TIMESTAMP BY … OVER: for each key as
// if its events were the only ones. A key has lines of time of its own and its own
// operators, so what one device sends never waits for another. The language sees
// to it that this is what the query means: all inputs have OVER, and its columns
// are keys of every GROUP BY and JOIN.
//
// Events come in order of arrival, which is an order of the inputs alone; an event
// that is in order within its key goes on at once. Among keys results are out of
// order of time. A key that sends nothing is moved on by the others: no key may be
// further behind the newest arrival than the late tolerance, which base is. It
// moves in steps, and always through each of them, so that results come in the
// same order wherever the process was interrupted.
type substreams struct {
	env     *env
	policy  TimePolicy
	sources []*overSource
	make    func() (*pipeline, error)
	shared  *pipeline // of a query that keeps nothing: all keys have this one
	every   int64     // step of base
	reach   int64     // how long an event can matter to its key

	base  int64
	index map[string]*substream
	order []*substream // in the order in which the keys came
	key   []byte
}

// overSource is a Source node with OVER.
type overSource struct {
	node    *streamsql.Source
	numbers map[int32]*feedCounters // by partition
}

// pipeline is the operators of one key, or of all.
type pipeline struct {
	ports []port // by source
	ops   []stateful
}

// substream is one key.
type substream struct {
	key   string
	lines []overLine // by source
	*pipeline
}

// overLine is the time of one key in one source.
type overLine struct {
	wm   int64 // no later row has a lower time
	last int64 // the greatest time of a row
	sent int64 // the last watermark that was passed on
	seq  uint64
	held timeHeap[*streamsql.Row] // rows above wm, if rows may be out of order
}

func newSubstreams(e *env, p TimePolicy, reach int64) *substreams {
	return &substreams{
		env: e, policy: p, reach: reach, base: minTime, index: map[string]*substream{},
		every: max(streamsql.TicksPerSecond, ticksOf(max(p.Late, 0))/60, reach/1000),
	}
}

// process takes rows of one source, whose Time is the event's and whose Arrival is
// their place in the order of all sources.
func (s *substreams) process(source int, rows []streamsql.Row) error {
	passed := rows[:0]
	for i := range rows {
		row := &rows[i]
		if err := s.step(row.Arrival); err != nil {
			return err
		}
		sub, err := s.find(source, row)
		if err != nil {
			return err
		}
		if !s.place(&sub.lines[source], source, row) {
			continue
		}
		if s.shared != nil && s.policy.OutOfOrder == 0 {
			passed = append(passed, *row)
			continue
		}
		if s.policy.OutOfOrder > 0 {
			err = s.hold(&sub.lines[source], row)
		} else {
			err = sub.ports[source].process(rows[i : i+1 : i+1])
		}
		if err == nil {
			err = sub.settle(s, source)
		}
		if err != nil {
			return err
		}
	}
	if len(passed) > 0 {
		return s.shared.ports[source].process(passed)
	}
	return nil
}

// find returns the substream of a row, making it if it is new.
func (s *substreams) find(source int, row *streamsql.Row) (*substream, error) {
	s.key = s.key[:0]
	for _, x := range s.sources[source].node.Over {
		s.key = x.Eval(row).AppendKey(s.key)
	}
	if sub := s.index[string(s.key)]; sub != nil {
		return sub, nil
	}
	if len(s.order) >= s.env.limits.Keys {
		return nil, tooManyKeys("TIMESTAMP BY … OVER", s.env.limits.Keys)
	}
	return s.add(string(s.key))
}

func (s *substreams) add(key string) (*substream, error) {
	sub := &substream{key: key, lines: make([]overLine, len(s.sources)), pipeline: s.shared}
	for i := range sub.lines {
		sub.lines[i] = overLine{wm: minTime, last: minTime, sent: minTime}
	}
	if sub.pipeline == nil {
		p, err := s.make()
		if err != nil {
			return nil, err
		}
		sub.pipeline = p
	}
	s.index[key] = sub
	s.order = append(s.order, sub)
	return sub, nil
}

// place gives a row its time among those of its key; false drops it.
func (s *substreams) place(l *overLine, source int, row *streamsql.Row) bool {
	if low := max(l.wm, s.base); row.Time < low {
		c := s.sources[source].numbers[row.Partition]
		c.outOfOrder.Add(1)
		if s.policy.Drop {
			c.dropped.Add(1)
			return false
		}
		row.Time = low
	}
	l.last = max(l.last, row.Time)
	l.wm = max(l.wm, row.Time-ticksOf(s.policy.OutOfOrder))
	return true
}

// hold keeps a copy of a row until its time has come.
func (s *substreams) hold(l *overLine, row *streamsql.Row) error {
	kept := *row
	kept.Slots = make([]streamsql.Value, len(row.Slots))
	for i, v := range row.Slots {
		kept.Slots[i] = v.Clone()
	}
	l.seq++
	l.held.push(moment[*streamsql.Row]{time: row.Time, seq: l.seq, v: &kept})
	return s.env.hold(1, "out-of-order tolerance")
}

// settle hands on the rows that the watermark of a source has passed, and it.
func (sub *substream) settle(s *substreams, source int) error {
	l, next := &sub.lines[source], sub.ports[source]
	for len(l.held) > 0 && l.held[0].time <= l.wm {
		row := l.held.pop()
		s.env.held--
		row.v.Time, row.v.Scratch = row.time, &s.env.scratch
		if err := next.process([]streamsql.Row{*row.v}); err != nil {
			return err
		}
	}
	if l.wm <= l.sent || s.shared != nil {
		return nil
	}
	l.sent = l.wm
	return next.advance(l.wm)
}

// step moves base on towards the late tolerance before a place in the order of
// arrival, and all keys with it.
func (s *substreams) step(arrival int64) error {
	if s.policy.Unlimited || s.policy.Late == WaitForever || arrival <= minTime {
		return nil
	}
	target := arrival - ticksOf(s.policy.Late)
	target -= target % s.every
	if s.base == minTime {
		s.base = target
	}
	for s.base < target {
		if len(s.order) == 0 {
			s.base = target
			return nil
		}
		s.base += s.every
		if err := s.moveAll(s.base); err != nil {
			return err
		}
		s.forget()
	}
	return nil
}

// moveAll moves all keys to a time at least.
func (s *substreams) moveAll(wm int64) error {
	for _, sub := range s.order {
		if err := s.env.look(); err != nil {
			return err
		}
		for source := range sub.lines {
			l := &sub.lines[source]
			if l.wm >= wm {
				continue
			}
			l.wm = wm
			if err := sub.settle(s, source); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget drops the keys whose last event is so long ago that nothing of it is
// left: with the next one they begin anew.
func (s *substreams) forget() {
	kept := s.order[:0]
	for _, sub := range s.order {
		if sub.last()+s.reach+s.every >= s.base {
			kept = append(kept, sub)
		} else {
			delete(s.index, sub.key)
		}
	}
	clear(s.order[len(kept):])
	s.order = kept
}

func (sub *substream) last() int64 {
	last := int64(minTime)
	for i := range sub.lines {
		last = max(last, sub.lines[i].last)
	}
	return last
}

// advance moves base on after an arrival before which no row will come.
func (s *substreams) advance(arrival int64) error {
	if arrival == endOfTime {
		return s.moveAll(endOfTime)
	}
	return s.step(arrival)
}

func (s *substreams) save(w *stateWriter) {
	w.int(s.base)
	w.uint(uint64(len(s.order)))
	var q rowQueue
	for _, sub := range s.order {
		w.text(sub.key)
		for i := range sub.lines {
			l := &sub.lines[i]
			w.int(l.wm)
			w.int(l.last)
			w.int(l.sent)
			w.uint(l.seq)
			w.uint(uint64(len(l.held)))
			q.reset()
			for _, m := range l.held {
				w.int(m.time)
				w.uint(m.seq)
				q.push(m.v)
			}
			q.save(w)
		}
		if s.shared == nil {
			for _, op := range sub.ops {
				op.save(w)
			}
		}
	}
}

func (s *substreams) load(r *stateReader) error {
	s.base = r.int()
	for range r.count(1) {
		sub, err := s.add(r.text())
		if err != nil {
			return err
		}
		for i := range sub.lines {
			sub.lines[i].load(s, r, s.sources[i].node.Schema().Width)
		}
		if s.shared != nil {
			continue
		}
		for _, op := range sub.ops {
			if err := op.load(r); err != nil {
				return err
			}
		}
	}
	return r.err()
}

func (l *overLine) load(s *substreams, r *stateReader, width int) {
	l.wm, l.last, l.sent, l.seq = r.int(), r.int(), r.int(), r.uint()
	l.held = make(timeHeap[*streamsql.Row], r.count(1))
	for i := range l.held {
		l.held[i].time, l.held[i].seq = r.int(), r.uint()
	}
	var q rowQueue
	q.load(r)
	if r.bad || q.len() != len(l.held) {
		r.bad, l.held = true, nil
		return
	}
	at := 0
	for i := range l.held { // a heap's order is kept
		row := &streamsql.Row{Slots: make([]streamsql.Value, width)}
		at = q.read(at, row)
		l.held[i].v = row
	}
	s.env.held += len(l.held)
}
