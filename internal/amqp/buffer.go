package amqp

import (
	"math/bits"
	"sync"
)

// buffers lends byte slices in powers of two, so that payloads and out
// buffers are recycled. It is safe for concurrent use.
type buffers struct {
	classes [maxClass - minClass + 1]sync.Pool // of *buffer
}

const (
	minClass = 9  // 512 B
	maxClass = 24 // 16 MiB; larger ones are not recycled
)

// buffer is a lent slice.
type buffer struct{ b []byte }

// get returns a buffer whose slice is empty with room for n bytes.
func (p *buffers) get(n int) *buffer {
	class := max(bits.Len(uint(max(n, 1)-1)), minClass)
	if class > maxClass {
		return &buffer{b: make([]byte, 0, n)}
	}
	if b, ok := p.classes[class-minClass].Get().(*buffer); ok {
		return b
	}
	return &buffer{b: make([]byte, 0, 1<<class)}
}

// put takes a buffer back. One whose slice was moved by append is dropped
// unless it still has the size of a class.
func (p *buffers) put(b *buffer) {
	if b == nil {
		return
	}
	n := cap(b.b)
	class := bits.Len(uint(n) - 1)
	if n == 0 || n != 1<<class || class < minClass || class > maxClass {
		return
	}
	b.b = b.b[:0]
	p.classes[class-minClass].Put(b)
}

// grow makes sure that n more bytes fit, moving to a larger buffer when they
// do not, and returns the buffer to use from now on.
func (p *buffers) grow(b *buffer, n int) *buffer {
	if b == nil {
		return p.get(n)
	}
	need := len(b.b) + n
	if need <= cap(b.b) {
		return b
	}
	larger := p.get(need)
	larger.b = append(larger.b, b.b...)
	p.put(b)
	return larger
}
