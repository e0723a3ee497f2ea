package transfer

import "context"

// Pool holds the buffers of all copies of a run. Whoever has one may speak to the
// service, so that their number bounds both the memory and the requests at a time.
type Pool struct{ free chan []byte }

// NewPool makes a pool of n buffers. They take memory when they are first used.
func NewPool(n int) *Pool {
	p := &Pool{make(chan []byte, n)}
	for range n {
		p.free <- nil
	}
	return p
}

// get waits for a buffer of size bytes.
func (p *Pool) get(ctx context.Context, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case buf := <-p.free:
		if cap(buf) < size {
			buf = make([]byte, size)
		}
		return buf[:size], nil
	}
}

func (p *Pool) put(buf []byte) { p.free <- buf[:cap(buf)] }
