package stream

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// matchRows are the rows of a partition that its open matches have taken,
// numbered from 0 on as they come. Of a row it keeps the arguments of the
// aggregates; the whole row only if a match may end with it.
type matchRows struct {
	rows []matchRow
	head int   // index of the first row
	base int64 // its number
}

type matchRow struct {
	args   []streamsql.Value // of each aggregate
	hashes []uint64          // of the args that conditions read
	whole  []byte            // the row as appendRow writes it, or nil
}

func (m *matchRows) len() int { return len(m.rows) - m.head }

func (m *matchRows) at(n int64) *matchRow { return &m.rows[m.head+int(n-m.base)] }

// next is the number of the next row.
func (m *matchRows) next() int64 { return m.base + int64(m.len()) }

// keep gives the last row values of its own; until then they are the event's. It
// is kept whole if a match may end with it.
func (m *matchRows) keep(whole *streamsql.Row) {
	r := &m.rows[len(m.rows)-1]
	r.args, r.hashes = slices.Clone(r.args), slices.Clone(r.hashes)
	for i, v := range r.args {
		r.args[i] = v.Clone()
	}
	if whole != nil {
		r.whole = appendRow(nil, whole)
	}
}

// drop takes the last row back.
func (m *matchRows) drop() {
	n := len(m.rows) - 1
	m.rows[n] = matchRow{}
	m.rows = m.rows[:n]
}

// forgetBefore drops rows below a number and says how many.
func (m *matchRows) forgetBefore(n int64) int {
	gone := max(int(n-m.base), 0)
	clear(m.rows[m.head : m.head+gone])
	m.head += gone
	m.base += int64(gone)
	if m.head > len(m.rows)/2 { // so that a row is moved once, on average
		kept := copy(m.rows, m.rows[m.head:])
		clear(m.rows[max(kept, m.head):])
		m.rows, m.head = m.rows[:kept], 0
	}
	return gone
}
