package store

import (
	"sync"
	"unsafe"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// queue is what waits for the writer. It never blocks who puts.
type queue struct {
	maxItems int
	maxBytes int64
	woken    chan struct{} // has room for one: something is there, or it is closed

	shut chan struct{} // closed with the queue

	mu      sync.Mutex // guards the rest
	items   []*item.Item
	bytes   int64
	flushes []chan<- error
	dropped int64
	closed  bool
}

func (q *queue) init(items int, bytes int64) {
	q.maxItems, q.maxBytes = items, bytes
	q.woken, q.shut = make(chan struct{}, 1), make(chan struct{})
}

func (q *queue) put(items []*item.Item) (taken int) {
	sizes := int64(0)
	for _, i := range items {
		sizes += weigh(i)
	}
	q.mu.Lock()
	if !q.closed && len(q.items)+len(items) <= q.maxItems && q.bytes+sizes <= q.maxBytes {
		q.items, q.bytes, taken = append(q.items, items...), q.bytes+sizes, len(items)
	} else {
		for _, i := range items {
			size := weigh(i)
			if q.closed || len(q.items) >= q.maxItems || q.bytes+size > q.maxBytes {
				break
			}
			q.items, q.bytes, taken = append(q.items, i), q.bytes+size, taken+1
		}
		q.dropped += int64(len(items) - taken)
	}
	q.mu.Unlock()
	q.wake()
	return taken
}

// ask has the writer answer when what is queued now is on disk; false when no
// writer will.
func (q *queue) ask(done chan<- error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.flushes = append(q.flushes, done)
	q.wake()
	return true
}

// take empties the queue into the slices that it is given.
func (q *queue) take(items []*item.Item) (_ []*item.Item, flushes []chan<- error, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.items
	q.items, q.bytes = items[:0], 0
	flushes, q.flushes = q.flushes, nil
	return taken, flushes, q.closed
}

func (q *queue) close() {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.shut)
	}
	q.mu.Unlock()
	q.wake()
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *queue) wake() {
	select {
	case q.woken <- struct{}{}:
	default:
	}
}

func (q *queue) state() (waiting int, dropped int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items), q.dropped
}

// weigh is roughly how much memory an item takes.
func weigh(i *item.Item) int64 {
	n := int(unsafe.Sizeof(*i)) + 200 + len(i.Operation.Name) + len(i.Operation.ID) + len(i.Operation.ParentID) + 24*len(i.Measurements)
	for _, p := range i.Properties {
		n += 32 + len(p.Name) + len(p.Value)
	}
	switch b := i.Body.(type) {
	case *item.Request:
		n += len(b.Name) + len(b.URL) + len(b.Source)
	case *item.Dependency:
		n += len(b.Name) + len(b.Data) + len(b.Target)
	case *item.Trace:
		n += len(b.Message)
	case *item.Exception:
		for _, c := range b.Chain {
			n += 100 + len(c.Message) + len(c.Stack)
			for _, f := range c.Frames {
				n += 64 + len(f.Method) + len(f.Assembly) + len(f.File)
			}
		}
	case *item.Availability:
		n += len(b.Message) + len(b.Name)
	case *item.PageView:
		n += len(b.Name) + len(b.URL)
	case *item.BrowserTiming:
		n += len(b.Name) + len(b.URL)
	}
	return int64(n)
}
