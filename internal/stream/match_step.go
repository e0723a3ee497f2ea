package stream

import (
	"errors"
	"hash/maphash"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// matchStepper takes searches on by one row. It belongs to one operator; what it
// holds is of the row in hand.
type matchStepper struct {
	env     *env
	node    *streamsql.MatchRecognize
	pattern *matchPattern
	seed    maphash.Seed

	row    *streamsql.Row
	rows   *matchRows // of the row's partition, the row itself last
	args   []streamsql.Value
	hashes []uint64
	tests  []int8 // by symbol, for conditions that read no aggregate: 0 not tested, 1 true, -1 not
	failed bool   // a condition had a data error

	// of the search in hand
	open []matchPartial
	refs []int32
	tick uint64
	seen []uint64 // by place without reads: the tick in which a partial came to it
	same map[matchFuture]int32
}

// errNoRoom says that a search would hold more partial matches than are allowed.
var errNoRoom = errors.New("too many partial matches")

// matchFuture identifies partial matches that may be the same from now on.
type matchFuture struct {
	place int32
	hash  uint64 // of what the conditions may still read
}

func newMatchStepper(e *env, n *streamsql.MatchRecognize) *matchStepper {
	p := newMatchPattern(n)
	return &matchStepper{
		env: e, node: n, pattern: p, seed: maphash.MakeSeed(), tests: make([]int8, len(n.Symbols)),
		args: make([]streamsql.Value, len(n.Aggregates)), hashes: make([]uint64, len(n.Aggregates)),
		seen: make([]uint64, len(p.next)), same: map[matchFuture]int32{},
	}
}

// eval reads what aggregates need from a row.
func (m *matchStepper) eval(row *streamsql.Row) {
	for a, agg := range m.node.Aggregates {
		m.args[a] = agg.Arg.Eval(row)
	}
}

// begin puts the row that searches take next at the end of rows.
func (m *matchStepper) begin(row *streamsql.Row, rows *matchRows) {
	m.hash(m.args, m.hashes)
	rows.rows = append(rows.rows, matchRow{args: m.args, hashes: m.hashes})
	m.row, m.rows, m.failed = row, rows, false
	clear(m.tests)
}

// hash makes the hashes of the args that conditions read from the first place on.
func (m *matchStepper) hash(args []streamsql.Value, hashes []uint64) {
	for _, a := range m.pattern.reads[0] {
		hashes[a] = maphash.Comparable(m.seed, args[a])
	}
}

// here is the number of the row within a search.
func (m *matchStepper) here(s *matchSearch) int32 { return int32(m.rows.next() - 1 - s.first) }

// step gives the row to a search, which may have at most room partial matches
// after it. It says whether the search took the row: otherwise nothing of the
// search is open any more.
func (m *matchStepper) step(s *matchSearch, room int) (took bool, err error) {
	m.open, m.refs = m.open[:0], m.refs[:0]
	m.tick++
	if len(m.same) > 0 {
		clear(m.same)
	}
	n := len(m.node.Aggregates)
	for i := 0; i < len(s.open); i++ {
		from, refs := s.open[i], s.refs[i*n:(i+1)*n]
		for _, place := range m.pattern.next[from.place] {
			ok, found := m.take(s, place, refs, from.step)
			if took = took || ok; found {
				i = len(s.open)
				break
			}
			if len(m.open) > room {
				return took, errNoRoom
			}
		}
	}
	s.open, s.refs = append(s.open[:0], m.open...), append(s.refs[:0], m.refs...)
	return took, nil
}

// take lets the row be taken at a place, after a partial match with refs. found
// says that a match ends here; all that is tried later is preferred less.
func (m *matchStepper) take(s *matchSearch, place int32, refs []int32, step int32) (took, found bool) {
	reads := m.pattern.reads[place]
	if len(reads) == 0 && m.seen[place] == m.tick || !m.test(s, place, refs) {
		return false, false
	}
	here := m.here(s)
	own := len(m.refs)
	m.refs = append(m.refs, refs...)
	m.update(s, m.symbolAt(place), m.refs[own:], here)
	if !m.isNew(s, place, m.refs[own:]) {
		m.refs = m.refs[:own]
		return false, false
	}
	if m.node.ClassifierSlot >= 0 {
		s.trail = append(s.trail, matchStep{before: step, symbol: m.symbolAt(place)})
		step = int32(len(s.trail) - 1)
	}
	if found = m.pattern.ends[place]; found {
		s.found, s.last, s.lastTime, s.lastStep = true, here, m.row.Time, step
		s.foundRefs = append(s.foundRefs[:0], m.refs[own:]...)
	}
	if len(m.pattern.next[place]) > 0 {
		m.open = append(m.open, matchPartial{place, step})
	} else {
		m.refs = m.refs[:own]
	}
	return true, found
}

func (m *matchStepper) symbolAt(place int32) int32 { return m.pattern.symbol[place] }

// test says whether the row fits a place. A condition with a data error is not
// true; that is counted once for the row.
func (m *matchStepper) test(s *matchSearch, place int32, refs []int32) bool {
	symbol := m.symbolAt(place)
	if symbol < 0 || m.node.Symbols[symbol].Cond == nil {
		return true
	}
	sym := &m.node.Symbols[symbol]
	if len(sym.Reads) == 0 {
		if m.tests[symbol] == 0 {
			m.tests[symbol] = -1
			if m.fits(sym.Cond) {
				m.tests[symbol] = 1
			}
		}
		return m.tests[symbol] > 0
	}
	here := m.here(s)
	for _, a := range sym.Reads {
		ref := refs[a]
		if m.node.Aggregates[a].Symbol == int(symbol) {
			ref = m.better(s, a, ref, here)
		}
		m.row.Slots[m.node.Aggregates[a].Slot] = m.value(s, a, ref)
	}
	return m.fits(sym.Cond)
}

func (m *matchStepper) fits(cond *streamsql.Expr) bool {
	ok := cond.Test(m.row)
	if m.row.Err == nil {
		return ok
	}
	if m.failed {
		m.row.Err = nil
	}
	m.env.dataError(m.row)
	m.failed = true
	return false
}

// value is an aggregate's value at a row of the search.
func (m *matchStepper) value(s *matchSearch, a int, ref int32) streamsql.Value {
	if ref < 0 {
		return streamsql.NullValue
	}
	return m.rows.at(s.first + int64(ref)).args[a]
}

// update lets the aggregates of a symbol take the row in.
func (m *matchStepper) update(s *matchSearch, symbol int32, refs []int32, here int32) {
	for a, agg := range m.node.Aggregates {
		if agg.Symbol == int(symbol) {
			refs[a] = m.better(s, a, refs[a], here)
		}
	}
}

// better is the row that has the value of an aggregate, of the row that has had
// it and the one that is taken in.
func (m *matchStepper) better(s *matchSearch, a int, old, here int32) int32 {
	f := m.node.Aggregates[a].Func
	switch f {
	case streamsql.MatchLast:
		return here
	case streamsql.MatchFirst:
		if old >= 0 {
			return old
		}
		return here
	case streamsql.MatchMin, streamsql.MatchMax:
	}
	v := m.value(s, a, here)
	if v.IsNull() {
		return old
	}
	if old < 0 {
		return here
	}
	order, ok := streamsql.Compare(v, m.value(s, a, old))
	if ok && (f == streamsql.MatchMin && order < 0 || f == streamsql.MatchMax && order > 0) {
		return here
	}
	return old
}

// isNew says whether no partial match before this one has the same future, and
// remembers it.
func (m *matchStepper) isNew(s *matchSearch, place int32, refs []int32) bool {
	reads := m.pattern.reads[place]
	if len(reads) == 0 {
		m.seen[place] = m.tick
		return true
	}
	future := matchFuture{place: place}
	for _, a := range reads {
		h := uint64(1)
		if refs[a] >= 0 {
			h = m.rows.at(s.first + int64(refs[a])).hashes[a]
		}
		future.hash = (future.hash ^ h) * 0x9e3779b97f4a7c15
	}
	i, ok := m.same[future]
	if !ok {
		m.same[future] = int32(len(m.open))
		return true
	}
	n := len(m.node.Aggregates)
	other := m.refs[int(i)*n : (int(i)+1)*n]
	for _, a := range reads {
		switch x, y := refs[a], other[a]; {
		case x == y:
		case x < 0 || y < 0 || m.value(s, int(a), x) != m.value(s, int(a), y):
			return true // equal by chance only
		}
	}
	return false
}
