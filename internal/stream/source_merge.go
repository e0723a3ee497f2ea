package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// sourceMerge puts the partitions of a Source node into one order: by time,
// then partition, then offset. A row goes on when no other partition can send
// one before it, so the order does not depend on which partition was read
// first.
//
// With TIMESTAMP BY … OVER one merge puts all partitions of all sources into the
// order of arrival.
type sourceMerge struct {
	env    *env
	lines  []*timeline
	next   port
	over   *substreams // instead of next
	source int         // of rows, with over
	rows   []streamsql.Row
	used   []*inBatch // of rows: one for each run
	runs   []int
	sent   int64
}

// drain hands on all rows that are settled, and then the watermark.
func (m *sourceMerge) drain() error {
	for _, t := range m.lines {
		t.settle()
	}
	for {
		at, first, limit := 0, m.lines[0].bound(), endOfTime
		for i, t := range m.lines[1:] {
			switch b := t.bound(); {
			case b < first:
				limit = first - 1 // the other is of a lower number and goes first at the same time
				at, first = i+1, b
			case b < limit:
				limit = b
			}
		}
		// limit may be too low by now, never too high: then the run is
		// shorter than it could be.
		t := m.lines[at]
		if t.empty() {
			if err := m.flush(); err != nil {
				return err
			}
			if first > m.sent {
				m.sent = first
				if m.over != nil {
					return m.over.advance(first)
				}
				return m.next.advance(first)
			}
			return nil
		}
		if err := m.take(t, max(limit, first)); err != nil {
			return err
		}
	}
}

// take moves the run of rows up to limit from a timeline.
func (m *sourceMerge) take(t *timeline, limit int64) error {
	if m.source != t.source {
		if err := m.flush(); err != nil {
			return err
		}
		m.source = t.source
	}
	for t.head < len(t.queue) && t.queue[t.head].time <= limit {
		e := &t.queue[t.head]
		t.head++
		m.env.held--
		n := len(m.rows)
		m.rows = append(m.rows, e.v.b.rows[e.v.i])
		m.rows[n].Time, m.rows[n].Scratch, m.rows[n].Err = e.time, &m.env.scratch, nil
		if t.over {
			t.row(e, &m.rows[n])
			m.rows[n].Scratch = &m.env.scratch
		}
		if k := len(m.used); k > 0 && m.used[k-1] == e.v.b {
			m.runs[k-1]++
		} else {
			m.used, m.runs = append(m.used, e.v.b), append(m.runs, 1)
		}
		if len(m.rows) == batchRows {
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	t.trim()
	return nil
}

func (m *sourceMerge) flush() error {
	if len(m.rows) == 0 {
		return nil
	}
	var err error
	if m.over != nil {
		err = m.over.process(m.source, m.rows)
	} else {
		err = m.next.process(m.rows)
	}
	m.rows = m.rows[:0]
	for i, b := range m.used {
		b.release(m.runs[i])
	}
	m.used, m.runs = m.used[:0], m.runs[:0]
	return err
}
