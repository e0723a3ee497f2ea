package stream

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// sliding evaluates a group at each instant at which its content changes: when
// rows enter, and size later, when they leave.
//
// All changes of one instant are one evaluation. If rows enter at t, rows of
// age exactly size still count for it: [t-size, t], as in the vendor's oven
// example, where a value of three minutes ago is in SlidingWindow(minute, 3). If
// rows only leave at t, what is left is (t-size, t], as in the vendor's list of
// window ends (a row at 34 leaves a window of 5 at 39). A group without rows
// emits nothing.
type sliding struct {
	g       *group
	spec    *streamsql.WindowSpec
	groups  *table // one word: index in rollers
	rollers []*roller
	free    []int
	now     int64    // instant whose rows are coming in
	entered []uint32 // groups that rows have entered at now
	exits   []exit   // rows in order of time
	head    int
}

// exit says that rows of a time are in a group.
type exit struct {
	time int64
	id   uint32
}

func newSliding(g *group, spec *streamsql.WindowSpec) *sliding {
	return &sliding{g: g, spec: spec, groups: newTable(1), now: minTime}
}

func (s *sliding) add(row *streamsql.Row) error {
	s.now = row.Time
	id, err := s.g.id(s.groups)
	if err != nil {
		return err
	}
	word := s.groups.state(id)
	if word[0] == 0 {
		word[0] = s.newRoller()
	}
	r := s.rollers[word[0]-1]
	if r.len() == 0 || r.times[len(r.times)-1] != s.now {
		s.entered = append(s.entered, id)
		s.exits = append(s.exits, exit{s.now, id})
	}
	r.push(s.g.aggs, s.now)
	if err := s.g.env.boundState(s.g.aggs, s.g.name); err != nil {
		return err
	}
	return s.g.env.hold(1, s.g.name)
}

func (s *sliding) newRoller() uint64 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return uint64(i + 1)
	}
	s.rollers = append(s.rollers, &roller{})
	return uint64(len(s.rollers))
}

func (s *sliding) close(before int64) error {
	if len(s.entered) == 0 && s.head == len(s.exits) {
		return nil
	}
	for {
		t, ok := s.instant()
		if !ok || t >= before {
			return s.g.out.flush()
		}
		if err := s.evaluate(t); err != nil {
			return err
		}
	}
}

// instant is the next time at which something changes.
func (s *sliding) instant() (int64, bool) {
	switch {
	case s.head < len(s.exits) && (len(s.entered) == 0 || s.exits[s.head].time+s.spec.Size < s.now):
		return s.exits[s.head].time + s.spec.Size, true
	case len(s.entered) > 0:
		return s.now, true
	}
	return 0, false
}

func (s *sliding) evaluate(t int64) error {
	entered := len(s.entered) > 0 && s.now == t
	if entered {
		for _, id := range s.entered {
			s.drop(id, t-s.spec.Size)
			if err := s.emit(id, t); err != nil {
				return err
			}
		}
	}
	for s.head < len(s.exits) && s.exits[s.head].time+s.spec.Size <= t {
		id := s.exits[s.head].id
		s.head++
		left := s.drop(id, t-s.spec.Size+1)
		if left > 0 && !(entered && slices.Contains(s.entered, id)) {
			if err := s.emit(id, t); err != nil {
				return err
			}
		}
		if left == 0 {
			s.forget(id)
		}
	}
	if entered {
		s.entered = s.entered[:0]
	}
	if s.head > 1024 && s.head*2 > len(s.exits) {
		s.exits = append(s.exits[:0], s.exits[s.head:]...)
		s.head = 0
	}
	return nil
}

// drop removes a group's rows before t and returns how many are left.
func (s *sliding) drop(id uint32, t int64) int {
	r := s.rollers[s.groups.state(id)[0]-1]
	s.g.env.held -= r.popBefore(s.g.aggs, t)
	return r.len()
}

func (s *sliding) forget(id uint32) {
	s.free = append(s.free, int(s.groups.state(id)[0]-1))
	s.groups.remove(id)
}

func (s *sliding) emit(id uint32, t int64) error {
	state := s.g.scratch
	s.rollers[s.groups.state(id)[0]-1].result(s.g.aggs, state)
	err := s.g.emit(s.spec, t, s.groups.tail(id), state)
	if err == nil && !s.g.aggs.pool.empty() {
		err = s.g.out.flush()
	}
	s.g.aggs.release(state)
	return err
}

func (s *sliding) save(w *stateWriter) {
	w.int(s.now)
	s.groups.save(w, func(w *stateWriter, words []uint64) { s.rollers[words[0]-1].save(w, s.g.aggs) })
	w.uint(uint64(len(s.entered)))
	for _, id := range s.entered {
		w.uint(uint64(id))
	}
	w.uint(uint64(len(s.exits) - s.head))
	for _, e := range s.exits[s.head:] {
		w.int(e.time)
		w.uint(uint64(e.id))
	}
}

func (s *sliding) load(r *stateReader) error {
	s.now = r.int()
	s.groups.load(r, func(r *stateReader, words []uint64) {
		words[0] = s.newRoller()
		x := s.rollers[words[0]-1]
		x.load(r, s.g.aggs)
		s.g.env.held += x.len()
	})
	for range r.count(1) {
		s.entered = append(s.entered, s.loadID(r))
	}
	for range r.count(2) {
		s.exits = append(s.exits, exit{r.int(), s.loadID(r)})
	}
	return r.err()
}

func (s *sliding) loadID(r *stateReader) uint32 {
	id := uint32(r.uint())
	if id >= s.groups.cap() || !s.groups.used(id) {
		r.bad = true
	}
	return id
}
