package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// merger puts the rows of several streams into one order of time; of rows with
// the same time those of the earlier stream go first. Join and Union stand
// behind one. It holds rows until no other stream can send an earlier one.
type merger struct {
	env   *env
	sides []*side
	row   streamsql.Row
	sent  int64
	// take gets each row in order; it is valid until take returns.
	take func(side int, row *streamsql.Row) error
	// flush hands on what take has emitted: the values of its rows are about
	// to be overwritten.
	flush func() error
	// pass gets the watermark of all streams together, when it has moved.
	pass func(wm int64) error
	name string
}

// side is one stream's port of a merger.
type side struct {
	m     *merger
	width int
	wm    int64
	rows  rowQueue
}

func newMerger(e *env, name string, widths ...int) *merger {
	m := &merger{env: e, sent: minTime, name: name}
	m.row.Slots = []streamsql.Value{} // of a row without columns: nil would be no row
	for _, w := range widths {
		m.sides = append(m.sides, &side{m: m, width: w, wm: minTime})
		m.row.Slots = append(m.row.Slots, make([]streamsql.Value, max(w-len(m.row.Slots), 0))...)
	}
	m.row.Scratch = &e.scratch
	return m
}

func (s *side) process(rows []streamsql.Row) error {
	if err := s.m.env.hold(len(rows), s.m.name); err != nil {
		return err
	}
	before := s.rows.size()
	for i := range rows {
		r := rows[i]
		r.Slots = r.Slots[:s.width]
		s.rows.push(&r)
	}
	return s.m.env.holdBytes(s.rows.size()-before, s.m.name)
}

func (s *side) advance(wm int64) error {
	if wm <= s.wm {
		return nil
	}
	s.wm = wm
	return s.m.drain()
}

// bound is the least time the side's next row can have.
func (s *side) bound() int64 {
	if s.rows.len() > 0 {
		return s.rows.time()
	}
	return s.wm
}

func (m *merger) drain() error {
	for {
		if err := m.env.look(); err != nil {
			return err
		}
		first, at := m.sides[0].bound(), 0
		for i, s := range m.sides[1:] {
			if b := s.bound(); b < first {
				first, at = b, i+1
			}
		}
		s := m.sides[at]
		if s.rows.len() == 0 {
			if err := m.flush(); err != nil || first <= m.sent {
				return err
			}
			m.release()
			m.sent = first
			return m.pass(first)
		}
		slots := m.row.Slots
		m.row.Slots = slots[:s.width]
		size := s.rows.size()
		s.rows.pop(&m.row)
		m.env.held--
		m.env.heldBytes -= int64(size - s.rows.size())
		err := m.take(at, &m.row)
		m.row.Slots, m.row.Err = slots, nil
		if err != nil {
			return err
		}
	}
}

// release gives back what many rows at once have left behind.
func (m *merger) release() {
	for _, s := range m.sides {
		if s.rows.len() == 0 {
			s.rows.release()
		}
	}
}

func (m *merger) save(w *stateWriter) {
	w.int(m.sent)
	for _, s := range m.sides {
		w.int(s.wm)
		s.rows.save(w)
	}
}

func (m *merger) load(r *stateReader) {
	m.sent = r.int()
	for _, s := range m.sides {
		s.wm = r.int()
		s.rows.load(r)
		m.env.held += s.rows.len()
		m.env.heldBytes += int64(s.rows.size())
	}
}

// union passes the rows of all branches in order of time (UNION).
type union struct {
	*merger
	node *streamsql.Union
	out  emitter
}

func newUnion(e *env, node *streamsql.Union, next port, name string) *union {
	widths := make([]int, len(node.Branches))
	for i, b := range node.Branches {
		widths[i] = b.Schema().Width
	}
	u := &union{merger: newMerger(e, name, widths...), node: node, out: newEmitter(e, next, node.Schema().Width)}
	u.take, u.flush, u.pass = u.emit, u.out.flush, next.advance
	return u
}

func (u *union) emit(branch int, in *streamsql.Row) error {
	// A queue's buffer is not written to while its rows are drained, so the
	// values live until the batch is handed on.
	row, err := u.out.add(in.Time)
	if err != nil {
		return err
	}
	row.Arrival, row.Partition = in.Arrival, in.Partition
	for i := range row.Slots {
		row.Slots[i] = streamsql.NullValue
	}
	for i, s := range u.node.Slots[branch] {
		if s >= 0 {
			row.Slots[i] = in.Slots[s]
		}
	}
	return nil
}

func (u *union) save(w *stateWriter) { u.merger.save(w) }

func (u *union) load(r *stateReader) error {
	u.merger.load(r)
	return r.err()
}
