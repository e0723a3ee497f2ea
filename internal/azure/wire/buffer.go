package wire

import (
	"errors"
	"io"
	"sync"
)

// Buffer is a pooled byte slice, for bodies of requests and replies.
type Buffer struct{ B []byte }

// keepBuffer is the largest buffer worth pooling.
const keepBuffer = 1 << 20

// Buffers is a service's scratch memory. Its zero value is ready.
type Buffers struct{ pool sync.Pool }

// Get returns an empty buffer.
func (p *Buffers) Get() *Buffer {
	b, ok := p.pool.Get().(*Buffer)
	if !ok {
		return &Buffer{make([]byte, 0, 4<<10)}
	}
	b.B = b.B[:0]
	return b
}

// Put takes a buffer back, which nobody may use any more.
func (p *Buffers) Put(b *Buffer) {
	if cap(b.B) <= keepBuffer {
		p.pool.Put(b)
	}
}

// ErrTooLarge is what Fill returns for a body that is longer than its limit.
var ErrTooLarge = errors.New("the body is too large")

// Fill reads a body to its end into the empty buffer. length is what Content-Length
// says, -1 when it says nothing; a body longer than limit bytes is ErrTooLarge, and one
// that says so is not read at all. Other errors are the reader's.
func (b *Buffer) Fill(body io.Reader, length int64, limit int) error {
	if length > int64(limit) {
		return ErrTooLarge
	}
	if n := int(length); n >= cap(b.B) {
		b.B = make([]byte, 0, n+1) // one more, to see the end without growing
	}
	for {
		if len(b.B) == cap(b.B) {
			b.B = append(b.B, 0)[:len(b.B)]
		}
		n, err := body.Read(b.B[len(b.B):cap(b.B)])
		b.B = b.B[:len(b.B)+n]
		switch {
		case len(b.B) > limit:
			return ErrTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// drainBytes is how much of a body that is refused Drain reads.
const drainBytes = 32 << 20

// Drain reads a body that is refused and drops it: many clients look for a reply only
// after they have sent everything.
func Drain(body io.Reader) {
	_, _ = io.CopyN(io.Discard, body, drainBytes) // whatever fails here fails for the client too
}
