package policy

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// MaxBuffered bounds a body that a policy looks at.
const MaxBuffered = 8 << 20

// Body is a message's body: a stream until somebody looks at it, bytes from then on.
// It is used by one goroutine at a time.
type Body struct {
	stream   io.ReadCloser
	length   int64 // of the stream; -1: not known
	data     []byte
	buffered bool
	empty    bool // a read took it
}

// Stream is a body that comes.
func Stream(r io.ReadCloser, length int64) *Body { return &Body{stream: r, length: length} }

// Fixed is a body that is there.
func Fixed(data []byte) *Body { return &Body{data: data, buffered: true} }

var errTooLarge = errors.New("the body is larger than what a policy can look at (8 MiB)")

// Bytes reads the body, which must not be changed.
func (b *Body) Bytes() ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	if b.buffered {
		return b.data, nil
	}
	data, err := io.ReadAll(io.LimitReader(b.stream, MaxBuffered+1))
	if err == nil && len(data) > MaxBuffered {
		err = errTooLarge
	}
	if err != nil {
		return nil, err
	}
	_ = b.stream.Close() // all is read
	b.data, b.buffered, b.stream = data, true, nil
	return data, nil
}

// Consume empties the body: what reads it later finds nothing.
func (b *Body) Consume() {
	b.data, b.buffered, b.empty = nil, true, true
}

// Open is the body for the wire and its length, -1 where that is not known. A stream
// is given once.
func (b *Body) Open() (io.ReadCloser, int64) {
	switch {
	case b == nil:
		return nil, 0
	case b.buffered:
		return io.NopCloser(bytes.NewReader(b.data)), int64(len(b.data))
	}
	s := b.stream
	b.buffered, b.stream = true, nil
	return s, b.length
}

// Close lets a stream go that nobody reads.
func (b *Body) Close() {
	if b != nil && b.stream != nil {
		_ = b.stream.Close()
	}
}

// Buffered reports whether the body is in memory.
func (b *Body) Buffered() bool { return b == nil || b.buffered }

// buffers are for copying streams.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// Copy copies a stream to w, and flushes after each piece that came when asked.
func Copy(w io.Writer, r io.Reader, flush func()) (int64, error) {
	buf := buffers.Get().(*[32 << 10]byte) //nolint:forcetypeassert // New makes them
	defer buffers.Put(buf)
	var sum int64
	for {
		n, err := r.Read(buf[:])
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return sum, werr
			}
			sum += int64(n)
			if flush != nil {
				flush()
			}
		}
		if err == io.EOF {
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
	}
}
