package seglog

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Tail is the memory that holds the newest groups of several logs, so that
// readers who keep up never touch a file. When it is full, the oldest chunk
// goes, whichever log it belongs to.
type Tail struct {
	limit int64

	mu   sync.Mutex // guards the rest
	used int64
	fifo []tailEntry // oldest first
}

type tailEntry struct {
	log   *Log
	chunk *chunk
}

// NewTail returns a tail of so many bytes. With 0 every reader reads files.
func NewTail(bytes int64) *Tail { return &Tail{limit: bytes} }

// chunk is a piece of the log in memory: whole groups, byte for byte as on
// disk. Below published it never changes, so readers need no lock. It is never
// reused: records point into it and keep it alive.
type chunk struct {
	buf       []byte
	first     int64        // sequence number of its first record
	published atomic.Int64 // bytes of buf that readers may see
	next      atomic.Pointer[chunk]
	evicted   atomic.Bool // no longer in the tail; next is nil then, so that it keeps only itself alive
}

const (
	minChunk = 16 << 10
	maxChunk = 1 << 20
)

// newChunk returns a chunk with room for size bytes and, as the traffic seems
// to be of that kind, for some more of them.
func newChunk(first int64, size int) *chunk {
	return &chunk{buf: make([]byte, max(size, min(max(4*size, minChunk), maxChunk))), first: first}
}

// add accounts for a new chunk of the log and evicts what is too much.
func (t *Tail) add(l *Log, c *chunk) {
	t.mu.Lock()
	t.fifo = append(t.fifo, tailEntry{l, c})
	t.used += int64(len(c.buf))
	var evicted []tailEntry
	for t.used > t.limit && len(t.fifo) > 0 {
		t.used -= int64(len(t.fifo[0].chunk.buf))
		evicted = append(evicted, t.fifo[0])
		t.fifo[0] = tailEntry{}
		t.fifo = t.fifo[1:]
	}
	t.mu.Unlock()
	for _, e := range evicted {
		e.log.evict(e.chunk)
	}
}

// release forgets the log's chunks.
func (t *Tail) release(l *Log) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.fifo[:0]
	for _, e := range t.fifo {
		if e.log == l {
			t.used -= int64(len(e.chunk.buf))
			continue
		}
		kept = append(kept, e)
	}
	clear(t.fifo[len(kept):])
	t.fifo = kept
}

// evict takes the chunk, and any older one, out of the log's tail.
func (l *Log) evict(c *chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	upTo := slices.Index(l.tail, c)
	for i, old := range l.tail[:upTo+1] {
		old.evicted.Store(true)
		old.next.Store(nil)
		l.tail[i] = nil
	}
	l.tail = l.tail[upTo+1:]
}
