package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// save writes the keys, the rows of each partition, the searches by their first
// rows, and the matches that have been found by their last rows:
//
//	keys · for each key: number of the first row, rows · searches · for each
//	match: 0, search | 1, time, emitted row
func (m *match) save(w *stateWriter) {
	m.keys.save(w, saveWords)
	for id := range m.keys.cap() {
		if m.keys.used(id) {
			m.parts[id].rows.save(w)
		}
	}
	n := 0
	for s := m.searches.first; s != nil; s = m.searches.next(s) {
		s.index = n
		n++
	}
	w.uint(uint64(n))
	for s := m.searches.first; s != nil; s = m.searches.next(s) {
		s.save(w)
	}
	n = 0
	for s := m.due.first; s != nil; s = m.due.next(s) {
		n++
	}
	w.uint(uint64(n))
	for s := m.due.first; s != nil; s = m.due.next(s) {
		w.bool(s.settled)
		if s.settled {
			w.int(s.lastTime)
			w.bytes(s.out)
		} else {
			w.uint(uint64(s.index))
		}
	}
}

func (m *match) load(r *stateReader) error {
	m.keys.load(r, loadWords)
	for id := range m.keys.cap() {
		part := byID(&m.parts, id)
		if m.keys.used(id) {
			*part = &matchPart{}
			(*part).rows.load(r, m.step)
			m.env.held += (*part).rows.len()
		}
	}
	var searches []*matchSearch
	for range r.count(8) {
		s := &matchSearch{}
		s.load(r, len(m.node.Aggregates))
		if !m.fits(s) {
			r.bad = true
			return r.err()
		}
		searches = append(searches, s)
		m.searches.push(s)
		m.parts[s.part].searches = append(m.parts[s.part].searches, s)
		m.partials += len(s.open)
		m.bytes += s.size()
	}
	m.loadDue(r, searches)
	return r.err()
}

// loadDue reads the matches that have been found. Every search with one must
// come once.
func (m *match) loadDue(r *stateReader, searches []*matchSearch) {
	found := 0
	for _, s := range searches {
		if s.found {
			found++
		}
	}
	for range r.count(2) {
		s := &matchSearch{found: true, settled: r.bool()}
		if s.settled {
			s.lastTime, s.out = r.int(), append([]byte(nil), r.bytes()...)
			r.bad = r.bad || !isRow(s.out, len(m.slots))
			m.env.held++
		} else {
			i := r.uint()
			if i >= uint64(len(searches)) || !searches[i].found || searches[i].index > 0 {
				r.bad = true
				return
			}
			s = searches[i]
			s.index = 1
			found--
		}
		m.due.push(s)
	}
	r.bad = r.bad || found != 0
}

// fits says whether what was read can be a search of this operator.
func (m *match) fits(s *matchSearch) bool {
	if s.part >= m.keys.cap() || !m.keys.used(s.part) {
		return false
	}
	part := m.parts[s.part]
	rows, least := &part.rows, part.rows.base
	if n := len(part.searches); n > 0 {
		least = part.searches[n-1].first + 1
	}
	n := rows.next() - s.first
	if s.first < least || n < 1 {
		return false
	}
	if s.found && (s.last < 0 || int64(s.last) >= n || !isRow(rows.at(s.first+int64(s.last)).whole, len(m.last.Slots))) {
		return false
	}
	for _, ref := range append(s.refs[:len(s.refs):len(s.refs)], s.foundRefs...) {
		if int64(ref) >= n {
			return false
		}
	}
	for _, p := range s.open {
		if p.place < 0 || int(p.place) >= len(m.step.pattern.next) || int(p.step) >= len(s.trail) {
			return false
		}
	}
	for i, t := range s.trail {
		if int(t.before) >= i || int(t.symbol) >= len(m.node.Symbols) {
			return false
		}
	}
	return int(s.lastStep) < len(s.trail) || m.node.ClassifierSlot < 0
}

// isRow says whether appendRow may have written b, of a row with so many slots.
func isRow(b []byte, slots int) bool {
	if len(b) < 8 {
		return false
	}
	r := stateReader{b: b[8:]}
	r.int()
	r.int()
	if r.uint() != uint64(slots) {
		return false
	}
	for range slots {
		r.value()
	}
	return !r.bad && len(r.b) == 0
}

func (m *matchRows) save(w *stateWriter) {
	w.int(m.base)
	w.uint(uint64(m.len()))
	for _, row := range m.rows[m.head:] {
		w.bytes(row.whole)
		for _, v := range row.args {
			w.b = appendValue(w.b, v)
		}
	}
}

func (m *matchRows) load(r *stateReader, step *matchStepper) {
	m.base = r.int()
	for range r.count(1) {
		row := matchRow{args: make([]streamsql.Value, len(step.args)), hashes: make([]uint64, len(step.hashes))}
		if whole := r.bytes(); len(whole) > 0 {
			row.whole = append([]byte(nil), whole...)
		}
		for i := range row.args {
			row.args[i] = r.value().Clone()
		}
		step.hash(row.args, row.hashes)
		m.rows = append(m.rows, row)
	}
}

func (s *matchSearch) save(w *stateWriter) {
	w.uint(uint64(s.part))
	w.int(s.first)
	w.int(s.time)
	w.uint(uint64(len(s.open)))
	for _, p := range s.open {
		w.int(int64(p.place))
		w.int(int64(p.step))
	}
	for _, ref := range s.refs {
		w.int(int64(ref))
	}
	w.uint(uint64(len(s.trail)))
	for _, t := range s.trail {
		w.int(int64(t.before))
		w.int(int64(t.symbol))
	}
	w.bool(s.found)
	if s.found {
		w.int(int64(s.last))
		w.int(s.lastTime)
		w.int(int64(s.lastStep))
		for _, ref := range s.foundRefs {
			w.int(int64(ref))
		}
	}
}

func (s *matchSearch) load(r *stateReader, aggregates int) {
	s.part, s.first, s.time = uint32(r.uint()), r.int(), r.int()
	for range r.count(2) {
		s.open = append(s.open, matchPartial{int32(r.int()), int32(r.int())})
	}
	for range len(s.open) * aggregates {
		s.refs = append(s.refs, int32(r.int()))
	}
	for range r.count(2) {
		s.trail = append(s.trail, matchStep{int32(r.int()), int32(r.int())})
	}
	if s.found = r.bool(); s.found {
		s.last, s.lastTime, s.lastStep = int32(r.int()), r.int(), int32(r.int())
		for range aggregates {
			s.foundRefs = append(s.foundRefs, int32(r.int()))
		}
	}
}
