package kv

import "sync"

// underway holds the commits that are in the log but perhaps not on the disk yet,
// oldest first. Pebble's wait for the disk has no end but its own. So one
// goroutine does it for all, in the order of the log, and those who wait for it
// can be told sooner that the disk is full.
type underway struct {
	mu             sync.Mutex // guards the rest, and the batches' next and told
	some           sync.Cond  // signalled when there is something to do for settle
	oldest, newest *Batch
	full           error // what commits are told while the log waits for room
	closed         bool
}

func newUnderway() *underway {
	u := &underway{}
	u.some.L = &u.mu
	return u
}

// add takes a commit in. Commits come in the order of the log.
func (u *underway) add(b *Batch) {
	b.durable.Add(1)
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.closed:
		b.tell(refuse(nil, "it is closing; whether this write is kept is not known"))
		return
	case u.full != nil:
		b.tell(u.full)
	}
	if u.oldest == nil {
		u.oldest = b
		u.some.Signal()
	} else {
		u.newest.next = b
	}
	u.newest = b
}

// tell wakes who waits for the commit, the first time. underway.mu is held.
func (b *Batch) tell(err error) {
	if !b.told {
		b.told, b.err = true, err
		b.durable.Done()
	}
}

// settle tells of each commit when wait has returned for it, until there is none
// left after close.
func (u *underway) settle(wait func(*Batch) error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for {
		for u.oldest == nil && !u.closed {
			u.some.Wait()
		}
		b := u.oldest
		if b == nil {
			return
		}
		u.mu.Unlock()
		err := wait(b)
		u.mu.Lock()
		u.oldest, b.next = b.next, nil
		b.tell(err)
	}
}

// stopFor tells all commits, and those that come, that the log waits for room.
func (u *underway) stopFor(full error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.full = full
	for b := u.oldest; b != nil; b = b.next {
		b.tell(full)
	}
}

// goOn is the end of what stopFor began.
func (u *underway) goOn() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.full = nil
}

// close lets settle end. No commit is taken in afterwards.
func (u *underway) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	u.some.Signal()
}
