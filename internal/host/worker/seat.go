package worker

import (
	"context"
	"sync"
)

// Seat is a running worker that can be held: one that gives way to another is
// asked nothing more, and ends when nobody holds it.
type Seat struct {
	Worker
	held sync.WaitGroup // Add with the supervisor's mu, while the seat is current
}

// Release gives back what Acquire gave.
func (s *Seat) Release() { s.held.Done() }

// Idle waits until nobody holds a worker that Swap took out of its place, at most
// until ctx ends.
func (s *Seat) Idle(ctx context.Context) {
	idle := make(chan struct{})
	go func() { defer close(idle); s.held.Wait() }()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
