package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// session keeps the groups of session windows. A session begins with a row,
// goes on while the next row comes less than timeout after the last one, and
// ends, timeout after its last row. The longest duration is checked at
// multiples of itself only: at the first multiple that lies at least that long
// after the start the session ends there, so it may last up to twice as long.
//
// Each value of OVER(PARTITION BY …) has sessions of its own; each session has
// its own groups.
type session struct {
	g        *group
	spec     *streamsql.WindowSpec
	keys     *table // of OVER(PARTITION BY …); one word: index in open
	open     []*sessionState
	free     []int
	ends     timeHeap[int] // ends that were right when pushed, by index in open; later rows may have moved them on
	key      []byte
	sequence uint64
	groups   int
}

type sessionState struct {
	id          uint32 // in keys
	begin, last int64
	order       uint64 // of the session among all
	groups      *table
}

func newSession(g *group, spec *streamsql.WindowSpec) *session {
	return &session{g: g, spec: spec, keys: newTable(1)}
}

func (s *session) add(row *streamsql.Row) error {
	s.key = s.key[:0]
	for _, x := range s.spec.SessionKeys {
		s.key = x.Eval(row).AppendKey(s.key)
	}
	if s.g.env.dataError(row) {
		return nil
	}
	id := s.keys.find(s.key)
	if id == missing {
		if s.keys.size() >= s.g.env.limits.Keys {
			return tooManyKeys(s.g.name, s.g.env.limits.Keys)
		}
		id, _ = s.keys.insert(s.key, nil)
		s.begin(id, row.Time)
	}
	st := s.open[s.keys.state(id)[0]]
	if row.Time >= s.end(st) && row.Time > st.last {
		// Its end is this very instant: close has left it open, because rows
		// at the end of a duration still count. Those at a timeout do not.
		if row.Time-st.last >= s.spec.Timeout {
			if err := s.finish(st, row.Time); err != nil {
				return err
			}
			id, _ = s.keys.insert(s.key, nil)
			s.begin(id, row.Time)
			st = s.open[s.keys.state(id)[0]]
		}
	}
	st.last = row.Time
	before := st.groups.size()
	group, err := s.g.id(st.groups)
	if err != nil {
		return err
	}
	s.groups += st.groups.size() - before
	if s.groups > s.g.env.limits.Keys {
		return tooManyKeys(s.g.name, s.g.env.limits.Keys)
	}
	return s.g.add(st.groups.state(group), row.Time)
}

func (s *session) begin(id uint32, t int64) {
	i := len(s.open)
	if n := len(s.free); n > 0 {
		i, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.open = append(s.open, &sessionState{groups: newTable(s.g.aggs.width)})
	}
	st := s.open[i]
	s.sequence++
	st.id, st.begin, st.last, st.order = id, t, t, s.sequence
	s.keys.state(id)[0] = uint64(i)
	s.ends.push(moment[int]{s.end(st), st.order, i})
}

// end is when the session ends if no further row comes.
func (s *session) end(st *sessionState) int64 {
	return min(st.last+s.spec.Timeout, s.check(st.begin))
}

// check is the first multiple of the longest duration that lies at least that
// long after begin.
func (s *session) check(begin int64) int64 {
	if s.spec.Size <= 0 {
		return maxTime
	}
	return windowEnd(begin, s.spec.Size, 0) + s.spec.Size
}

func (s *session) close(before int64) error {
	if len(s.ends) == 0 || s.ends[0].time >= before {
		return nil
	}
	for len(s.ends) > 0 && s.ends[0].time < before {
		e := s.ends.pop()
		st := s.open[e.v]
		if st.order != e.seq || st.groups.size() == 0 {
			continue // ended already
		}
		if end := s.end(st); end > e.time {
			s.ends.push(moment[int]{end, e.seq, e.v})
			continue
		}
		if err := s.finish(st, e.time); err != nil {
			return err
		}
	}
	return s.g.out.flush()
}

// finish emits a session and forgets it.
func (s *session) finish(st *sessionState, end int64) error {
	for id := range st.groups.cap() {
		if err := s.g.emit(s.spec, end, st.groups.tail(id), st.groups.state(id)); err != nil {
			return err
		}
	}
	if err := s.g.out.flush(); err != nil {
		return err
	}
	s.groups -= st.groups.size()
	s.g.clear(st.groups)
	s.free = append(s.free, int(s.keys.state(st.id)[0]))
	s.keys.remove(st.id)
	return nil
}

func (s *session) save(w *stateWriter) {
	w.uint(s.sequence)
	s.keys.save(w, func(w *stateWriter, words []uint64) {
		st := s.open[words[0]]
		w.int(st.begin)
		w.int(st.last)
		w.uint(st.order)
		st.groups.save(w, s.g.aggs.saveState)
	})
}

func (s *session) load(r *stateReader) error {
	sequence := r.uint()
	var loaded []*sessionState
	s.keys.load(r, func(r *stateReader, words []uint64) {
		st := &sessionState{begin: r.int(), last: r.int(), order: r.uint(), groups: newTable(s.g.aggs.width)}
		st.groups.load(r, s.g.aggs.loadState)
		words[0] = uint64(len(loaded))
		loaded = append(loaded, st)
	})
	s.open, s.sequence = loaded, sequence
	for id := range s.keys.cap() {
		if s.keys.used(id) {
			i := int(s.keys.state(id)[0])
			st := loaded[i]
			st.id = id
			s.groups += st.groups.size()
			s.ends.push(moment[int]{s.end(st), st.order, i})
		}
	}
	return r.err()
}
