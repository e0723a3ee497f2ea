package stream

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// match is MATCH_RECOGNIZE. Every row may begin a match, so for every row that
// fits the beginning of the pattern there is a search (matchSearch); a match is
// emitted when its search is over, in order of the times of the last rows.
//
// A match that has been found but might grow holds the watermark back to its
// last row. It is settled at the latest when the watermark passes LIMIT DURATION
// after its first row.
//
// A partition exists while a search of it is open. One with a single open search
// costs about 500 bytes with its key (BenchmarkMatchKeys), a further search about
// 300, and 8 bytes and 4 for each aggregate for each of its partial matches.
type match struct {
	env  *env
	node *streamsql.MatchRecognize
	out  emitter
	name string

	step     *matchStepper
	keys     *table
	parts    []*matchPart // by id of keys
	searches matchList    // byFirst: those that are not over
	due      matchList    // byLast: those that have found a match
	partials int          // of all searches
	bytes    int64        // of all searches
	key      []byte

	last  streamsql.Row     // of a match, decoded
	slots []streamsql.Value // of a row for emission
	names []string          // of symbols, as JSON

	spareParts    []*matchPart
	spareSearches []*matchSearch
}

// matchPart is a partition: the rows of its open searches, and these by their
// first rows.
type matchPart struct {
	rows     matchRows
	searches []*matchSearch
}

func newMatch(e *env, node *streamsql.MatchRecognize, next port, name string) *match {
	m := &match{
		env: e, node: node, out: newEmitter(e, next, node.Schema().Width), name: name,
		step: newMatchStepper(e, node), keys: newTable(0), searches: matchList{which: byFirst}, due: matchList{which: byLast},
		last:  streamsql.Row{Slots: make([]streamsql.Value, node.Input.Schema().Width), Scratch: &e.scratch},
		slots: make([]streamsql.Value, node.Schema().Width),
	}
	for _, s := range node.Symbols {
		m.names = append(m.names, string(streamsql.StringValue(s.Name).AppendJSON(nil)))
	}
	return m
}

func (m *match) process(rows []streamsql.Row) error {
	for i := range rows {
		if err := m.env.alive(); err != nil { // a row can take a million partial matches on
			return err
		}
		if err := m.row(&rows[i]); err != nil {
			return err
		}
	}
	return m.out.flush()
}

func (m *match) advance(wm int64) error {
	if err := m.expire(wm); err != nil {
		return err
	}
	if err := m.out.flush(); err != nil {
		return err
	}
	if m.due.first != nil {
		wm = min(wm, m.due.first.lastTime)
	}
	return m.out.next.advance(wm)
}

// row gives a row to the searches of its partition and begins one with it. A row
// whose key or columns have a data error is in no match.
func (m *match) row(row *streamsql.Row) error {
	if err := m.expire(row.Time); err != nil {
		return err
	}
	m.key = m.key[:0]
	for _, x := range m.node.PartitionBy {
		m.key = x.Eval(row).AppendKey(m.key)
	}
	m.step.eval(row)
	if m.env.dataError(row) {
		return nil
	}
	id := m.keys.find(m.key)
	var part *matchPart
	if id != missing {
		part = m.parts[id]
	} else {
		part = take(&m.spareParts)
	}
	m.step.begin(row, &part.rows)
	if err := m.search(part, row); err != nil {
		return err
	}
	if err := m.settleOver(part); err != nil {
		return err
	}
	if n := len(part.searches); n > 0 {
		if id == missing {
			if m.keys.size() >= m.env.limits.Keys {
				return tooManyKeys(m.name, m.env.limits.Keys)
			}
			id, _ = m.keys.insert(m.key, nil)
			*byID(&m.parts, id) = part
		}
		part.searches[n-1].part = id // if it is new
	}
	m.prune(id, part)
	return m.emitDue()
}

// search takes all searches of a partition on and begins one.
func (m *match) search(part *matchPart, row *streamsql.Row) error {
	n := part.rows.next() - 1
	taken, ends := false, false
	for _, s := range part.searches {
		took, err := m.stepOne(s)
		if err != nil {
			return err
		}
		taken = taken || took
		ends = ends || s.found && s.first+int64(s.last) == n
	}
	s := take(&m.spareSearches)
	s.reset(n, row.Time, len(m.node.Aggregates))
	m.searches.push(s)
	m.partials++
	m.bytes += s.size()
	took, err := m.stepOne(s)
	if err != nil {
		return err
	}
	if took {
		part.searches = append(part.searches, s)
	} else {
		m.over(s)
		give(&m.spareSearches, s)
	}
	if !taken && !took {
		part.rows.drop()
		return nil
	}
	var whole *streamsql.Row
	if ends || s.found {
		whole = m.clearReserved(row)
	}
	part.rows.keep(whole)
	return m.env.hold(1, m.name)
}

// stepOne takes a search on by a row and keeps count of it.
func (m *match) stepOne(s *matchSearch) (took bool, err error) {
	open, size, found, last := len(s.open), s.size(), s.found, s.last
	took, err = m.step.step(s, m.env.limits.Partials-m.partials)
	if err != nil {
		return false, tooManyPartials(m.name, m.env.limits.Partials)
	}
	m.partials += len(s.open) - open
	m.bytes += s.size() - size
	if m.partials > m.env.limits.Partials {
		return false, tooManyPartials(m.name, m.env.limits.Partials)
	}
	if m.bytes > m.env.limits.StateSize {
		return false, tooMuchState(m.name, m.env.limits.StateSize)
	}
	if s.found && (!found || s.last != last) {
		if found {
			m.due.remove(s)
		}
		m.due.push(s)
	}
	return took, nil
}

// clearReserved makes the slots NULL that the operator writes itself.
func (m *match) clearReserved(row *streamsql.Row) *streamsql.Row {
	for _, agg := range m.node.Aggregates {
		row.Slots[agg.Slot] = streamsql.NullValue
	}
	if slot := m.node.ClassifierSlot; slot >= 0 {
		row.Slots[slot] = streamsql.NullValue
	}
	return row
}

// expire ends the searches whose duration is over at t, the earliest time that
// rows still come with.
func (m *match) expire(t int64) error {
	for s := m.searches.first; s != nil && (t == endOfTime || s.time+m.node.Duration < t); s = m.searches.first {
		part := m.parts[s.part]
		part.searches = slices.Delete(part.searches, 0, 1) // all of its searches before it are over
		if err := m.settle(s, &part.rows); err != nil {
			return err
		}
		m.prune(s.part, part)
	}
	return m.emitDue()
}

// settleOver ends the searches that nothing of is open any more.
func (m *match) settleOver(part *matchPart) error {
	live := part.searches[:0]
	for _, s := range part.searches {
		if len(s.open) > 0 {
			live = append(live, s)
		} else if err := m.settle(s, &part.rows); err != nil {
			return err
		}
	}
	clear(part.searches[len(live):])
	part.searches = live
	return nil
}

// prune forgets the rows before the first search, and a partition without one.
func (m *match) prune(id uint32, part *matchPart) {
	if len(part.searches) > 0 {
		m.env.held -= part.rows.forgetBefore(part.searches[0].first)
		return
	}
	m.env.held -= part.rows.forgetBefore(part.rows.next())
	if id != missing {
		m.keys.remove(id)
		m.parts[id] = nil
	}
	give(&m.spareParts, part)
}

// take returns a used thing, or a new one.
func take[T any](spare *[]*T) *T {
	n := len(*spare) - 1
	if n < 0 {
		return new(T)
	}
	t := (*spare)[n]
	*spare = (*spare)[:n]
	return t
}

// maxSpare bounds the used things that are kept.
const maxSpare = 4096

func give[T any](spare *[]*T, t *T) {
	if len(*spare) < maxSpare {
		*spare = append(*spare, t)
	}
}
