package stream

// matchSearch looks for the match that begins with one row. It follows all ways
// to read the rows at once, as partial matches, the preferred one first; a way
// that is preferred less and has the same future as another is dropped, so that
// patterns such as (A*)*B cost no more than A*B.
//
// It is over when no partial match is left, or when the duration has passed.
type matchSearch struct {
	part uint32 // id of the partition
	// first is the number of the first row and time its time; other rows are
	// numbered from it.
	first int64
	time  int64

	open  []matchPartial
	refs  []int32     // of each open one, for each aggregate: the row with its value, -1 if none
	trail []matchStep // only for Classifier()

	// found is the best match so far: those that are still open and preferred
	// to it may take its place.
	found     bool
	settled   bool // over; out waits for searches with an earlier last row
	last      int32
	lastTime  int64
	lastStep  int32
	foundRefs []int32
	out       []byte

	index int // while state is saved
	links [2]struct{ prev, next *matchSearch }
}

// matchPartial is a way to read the rows so far that may become a match.
type matchPartial struct {
	place int32 // of the pattern, that took the latest row
	step  int32 // of the trail, -1 without one
}

// matchStep is a row of a partial match and what it was taken as.
type matchStep struct {
	before int32 // step of the row before, -1 for the first
	symbol int32 // -1: any
}

// Lists that a search is in.
const (
	byFirst = iota // all that are not over, by their first row
	byLast         // those that have found a match, by its last row
)

// matchSearchBytes is about what a search costs besides its slices.
const matchSearchBytes = 256

func (s *matchSearch) size() int64 {
	return int64(matchSearchBytes + cap(s.open)*8 + (cap(s.refs)+cap(s.foundRefs))*4 + cap(s.trail)*8)
}

// reset begins a search with the row of a number: one partial match before the
// first place.
func (s *matchSearch) reset(first, time int64, aggregates int) {
	*s = matchSearch{
		first: first, time: time,
		open: append(s.open[:0], matchPartial{step: -1}), refs: s.refs[:0], trail: s.trail[:0],
		foundRefs: s.foundRefs[:0], out: s.out[:0],
	}
	for range aggregates {
		s.refs = append(s.refs, -1)
	}
}

// matchList is a doubly linked list.
type matchList struct {
	which       int
	first, last *matchSearch
}

// push adds a search at the end.
func (l *matchList) push(s *matchSearch) {
	link := &s.links[l.which]
	link.prev, link.next = l.last, nil
	if l.last == nil {
		l.first = s
	} else {
		l.last.links[l.which].next = s
	}
	l.last = s
}

func (l *matchList) remove(s *matchSearch) {
	link := &s.links[l.which]
	if link.prev == nil {
		l.first = link.next
	} else {
		link.prev.links[l.which].next = link.next
	}
	if link.next == nil {
		l.last = link.prev
	} else {
		link.next.links[l.which].prev = link.prev
	}
	link.prev, link.next = nil, nil
}

func (l *matchList) next(s *matchSearch) *matchSearch { return s.links[l.which].next }
