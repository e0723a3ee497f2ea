package seglog

import (
	"context"
	"sync"
)

// queue holds the appends that wait for the writer, bounded by their bytes.
type queue struct {
	limit int64
	ready chan struct{} // holds a token when the writer should look
	done  chan struct{} // closed by close

	mu     sync.Mutex // guards the rest
	items  []pending
	bytes  int64
	room   chan struct{} // closed when bytes went down, or by close; nil when nobody waits
	closed bool
}

// admission is what a queue says to an append.
type admission uint8

const (
	queued admission = iota
	queueFull
	queueClosed
)

// pending is an append with its encoded size.
type pending struct {
	Append
	size int
}

func (q *queue) init(limit int64) {
	q.limit = limit
	q.ready = make(chan struct{}, 1)
	q.done = make(chan struct{})
}

// offer adds an append if there is room. One that is larger than the whole limit
// has room when nothing waits.
func (q *queue) offer(p pending) admission {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return queueClosed
	case q.bytes > 0 && q.bytes+int64(p.size) > q.limit:
		return queueFull
	}
	q.items = append(q.items, p)
	q.bytes += int64(p.size)
	q.wake()
	return queued
}

// put adds an append, waiting while the queue is full, and says what became of
// it: queueFull when ctx ended first.
func (q *queue) put(ctx context.Context, p pending) admission {
	for {
		if said := q.offer(p); said != queueFull {
			return said
		}
		room := q.roomier()
		if said := q.offer(p); said != queueFull { // what was written since the first try
			return said
		}
		select {
		case <-room:
		case <-ctx.Done():
			return queueFull
		}
	}
}

// roomier returns a channel that is closed the next time that room is given back
// or the queue is closed.
func (q *queue) roomier() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.room == nil {
		q.room = make(chan struct{})
		if q.closed {
			close(q.room)
		}
	}
	return q.room
}

// tellRoom wakes all who wait for room. mu is held.
func (q *queue) tellRoom() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// wake makes the writer look.
func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// takeAll moves everything that waits to the empty slice dst, whose memory
// becomes the queue's.
func (q *queue) takeAll(dst []pending) []pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	dst, q.items = q.items, dst[:0]
	return dst
}

// written gives the room of appends back that have been dealt with.
func (q *queue) written(bytes int) {
	q.mu.Lock()
	q.bytes -= int64(bytes)
	q.tellRoom()
	q.mu.Unlock()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.done)
		q.tellRoom()
	}
}
