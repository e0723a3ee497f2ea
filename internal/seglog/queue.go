package seglog

import "sync"

// queue holds the appends that wait for the writer, bounded by their bytes.
type queue struct {
	limit int64
	ready chan struct{} // holds a token when the writer should look
	done  chan struct{} // closed by close

	mu     sync.Mutex // guards the rest
	room   sync.Cond
	items  []pending
	bytes  int64
	closed bool
}

// pending is an append with its encoded size.
type pending struct {
	Append
	size int
}

func (q *queue) init(limit int64) {
	q.limit = limit
	q.ready = make(chan struct{}, 1)
	q.done = make(chan struct{})
	q.room.L = &q.mu
}

// put adds an append, waiting while the queue is full. It reports false when
// the queue is closed.
func (q *queue) put(p pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && q.bytes > 0 && q.bytes+int64(p.size) > q.limit {
		q.room.Wait()
	}
	if q.closed {
		return false
	}
	q.items = append(q.items, p)
	q.bytes += int64(p.size)
	q.wake()
	return true
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
	q.mu.Unlock()
	q.room.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.done)
		q.room.Broadcast()
	}
}
