package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// over takes a search out of those that go on.
func (m *match) over(s *matchSearch) {
	m.searches.remove(s)
	m.partials -= len(s.open)
	m.bytes -= s.size()
}

// settle ends a search. The row of its match is emitted at once if no other
// match may still come before it.
func (m *match) settle(s *matchSearch, rows *matchRows) error {
	m.over(s)
	switch {
	case !s.found:
		give(&m.spareSearches, s)
		return nil
	case m.due.first == s:
		m.done(s)
		row, err := m.out.add(0)
		if err != nil {
			return err
		}
		if !m.measure(s, rows, row) {
			m.out.undo()
		}
		return nil
	}
	row := streamsql.Row{Slots: m.slots}
	if !m.measure(s, rows, &row) {
		m.done(s)
		return nil
	}
	s.settled, s.out = true, appendRow(s.out[:0], &row)
	return m.env.hold(1, m.name)
}

func (m *match) done(s *matchSearch) {
	m.due.remove(s)
	give(&m.spareSearches, s)
}

// emitDue emits the settled matches that no match can come before any more.
func (m *match) emitDue() error {
	for s := m.due.first; s != nil && s.settled; s = m.due.first {
		row, err := m.out.add(0)
		if err != nil {
			return err
		}
		// The next use of s.out is not before these rows have been handed on.
		q := rowQueue{buf: s.out}
		q.read(0, row)
		s.out = nil
		m.env.held--
		m.done(s)
	}
	return nil
}

// measure writes the row of a match; false says that a measure has a data error,
// which is counted.
func (m *match) measure(s *matchSearch, rows *matchRows, out *streamsql.Row) bool {
	q := rowQueue{buf: rows.at(s.first + int64(s.last)).whole}
	q.read(0, &m.last)
	for a, agg := range m.node.Aggregates {
		v := streamsql.NullValue
		if ref := s.foundRefs[a]; ref >= 0 {
			v = rows.at(s.first + int64(ref)).args[a]
		}
		m.last.Slots[agg.Slot] = v
	}
	if slot := m.node.ClassifierSlot; slot >= 0 {
		m.last.Slots[slot] = m.classifier(s)
	}
	out.Time, out.Arrival, out.Partition = m.last.Time, m.last.Arrival, m.last.Partition
	for i, x := range m.node.Emit {
		out.Slots[i] = streamsql.NullValue
		if x != nil { // nil is reserved for an analytic function of a later step
			out.Slots[i] = x.Eval(&m.last)
		}
	}
	return !m.env.dataError(&m.last)
}

// classifier is the array of what the rows of a match were taken as.
func (m *match) classifier(s *matchSearch) streamsql.Value {
	var symbols []int32
	for i := s.lastStep; i >= 0; i = s.trail[i].before {
		symbols = append(symbols, s.trail[i].symbol)
	}
	text := []byte{'['}
	for i := len(symbols) - 1; i >= 0; i-- {
		if symbols[i] < 0 {
			text = append(text, `"."`...)
		} else {
			text = append(text, m.names[symbols[i]]...)
		}
		if i > 0 {
			text = append(text, ',')
		}
	}
	return streamsql.ArrayValue(string(append(text, ']')))
}
