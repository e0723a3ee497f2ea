package worker

import (
	"context"
	"sync"
	"sync/atomic"
)

// Seat is a running worker that can be held: one that gives way to another is
// asked nothing more, and ends when nobody holds it.
type Seat struct {
	Worker
	held    sync.WaitGroup // Add with the pool's mu, while the seat is in a slot
	holders atomic.Int64   // the same, counted

	doomed bool   // it will end, by us; guarded by the pool's mu
	reason string // why; guarded by the pool's mu
	wanted bool   // it is no failure: somebody asked for a restart; guarded by the pool's mu
}

// hold counts one more holder. The caller has the pool's mu.
func (s *Seat) hold() {
	s.held.Add(1)
	s.holders.Add(1)
}

// Release gives back what Acquire gave.
func (s *Seat) Release() {
	s.holders.Add(-1)
	s.held.Done()
}

// Idle waits until nobody holds a worker that is in no slot any more, at most until
// ctx ends.
func (s *Seat) Idle(ctx context.Context) {
	idle := make(chan struct{})
	go func() { defer close(idle); s.held.Wait() }()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// isLost reports whether the worker can no longer be invoked.
func (s *Seat) isLost() bool {
	select {
	case <-s.Lost():
		return true
	default:
		return false
	}
}
