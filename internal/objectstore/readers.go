package objectstore

import "container/list"

// readers are the contents that are open, in the order of opening. A file goes
// only when no reader is left that began before its last byte died. extents.mu
// guards them.
type readers struct {
	last uint64    // the number of the newest
	open list.List // of uint64, ascending
}

// reader is one of them.
type reader = list.Element

// begin takes a reader in.
func (x *extents) begin() *reader {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.readers.last++
	return x.readers.open.PushBack(x.readers.last)
}

// end lets a reader go.
func (x *extents) end(r *reader) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.readers.open.Remove(r)
}

// passed reports whether all readers up to a number are gone. extents.mu is held.
func (r *readers) passed(number uint64) bool {
	oldest := r.open.Front()
	return oldest == nil || oldest.Value.(uint64) > number
}
