package blob

import "hash"

// A background hash sums on another goroutine, while the store writes: MD5 is the
// slowest part of a large Put Blob. What is written is copied, so that the writer may
// go on; a few pieces may wait. stop must be called, which ends the goroutine.
//
//	Write ── copy ──▶ ring of pieces ──▶ goroutine ──▶ sum
type backgroundHash struct {
	inner hash.Hash
	full  chan []byte
	free  chan []byte
	done  chan struct{}
	over  bool
}

const (
	backgroundFrom   = 1 << 20 // bytes from which another goroutine is worth it
	backgroundPieces = 4
)

func newBackgroundHash(inner hash.Hash) *backgroundHash {
	b := &backgroundHash{inner: inner, full: make(chan []byte, backgroundPieces), free: make(chan []byte, backgroundPieces), done: make(chan struct{})}
	for range backgroundPieces {
		b.free <- nil
	}
	go b.run()
	return b
}

func (b *backgroundHash) run() {
	defer close(b.done)
	for p := range b.full {
		b.inner.Write(p)
		b.free <- p[:0]
	}
}

// Write takes a copy of p.
func (b *backgroundHash) Write(p []byte) (int, error) {
	b.full <- append(<-b.free, p...)
	return len(p), nil
}

// stop waits until everything is summed up. It may be called again.
func (b *backgroundHash) stop() {
	if !b.over {
		b.over = true
		close(b.full)
	}
	<-b.done
}
