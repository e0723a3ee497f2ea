package worker

import (
	"bufio"
	"log/slog"
	"net"
	"sync"
	"syscall"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// pipeStream is a connected pipe that speaks the protocol's messages, as a gRPC
// stream does. Send never waits for the worker: what a worker that hangs does
// not read is kept until it is ended.
type pipeStream struct {
	conn net.Conn
	raw  syscall.RawConn // of conn; nil: it cannot be asked what it takes at once
	in   *bufio.Reader
	log  *slog.Logger
	// learned is told which modules of packages the app imported; may be nil.
	learned func(modules []string)
	// ending is called before the message that the worker says is its last; may be nil.
	ending func()

	mu      sync.Mutex // guards the fields below
	pending []byte
	spare   []byte // a buffer to write on, once its bytes have been sent
	writing bool   // somebody is in flush
	err     error  // of the connection
}

// keptBuffer is how large a buffer may be to be used again.
const keptBuffer = 1 << 20

func newPipeStream(conn net.Conn, log *slog.Logger) *pipeStream {
	p := &pipeStream{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), log: log}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			p.raw = raw
		}
	}
	return p
}

// Send puts a message behind those that wait, and begins to write them if
// nobody does. unsent is the
// error of a message that cannot be sent; the stream is well then.
func (p *pipeStream) Send(s *funcrpc.StreamingMessage) error {
	m, err := encodeMessage(s)
	if err != nil {
		return unsent{err}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if p.pending, err = appendFrame(p.pending, m); err != nil {
		return unsent{err}
	}
	if p.writing {
		return nil
	}
	if p.raw != nil { // mostly it takes all, and nobody has to be woken for it
		n, err := writeNow(p.raw, p.pending)
		if err != nil {
			p.err = err
			return err
		}
		if n == len(p.pending) {
			if p.pending = p.pending[:0]; cap(p.pending) > keptBuffer {
				p.pending = nil
			}
			return nil
		}
		p.pending = append(p.pending[:0], p.pending[n:]...)
	}
	p.writing = true
	go p.flush()
	return nil
}

// flush writes until nothing waits. It ends when the connection is closed.
func (p *pipeStream) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.pending) > 0 && p.err == nil {
		b := p.pending
		p.pending, p.spare = p.spare[:0], nil
		p.mu.Unlock()
		_, err := p.conn.Write(b)
		p.mu.Lock()
		if err != nil {
			p.err = err
		}
		if cap(b) <= keptBuffer {
			p.spare = b
		}
	}
	p.writing = false
}

// Recv returns the next message that makes sense. One that does not, in a frame
// that is whole, is passed over with a warning, as on a gRPC stream, and who waits
// for it is told; an error is the end of the stream.
func (p *pipeStream) Recv() (*funcrpc.StreamingMessage, error) {
	for {
		frame, err := readFrame(p.in)
		if err != nil {
			return nil, err
		}
		if frame.unread != nil {
			p.log.Warn("a message of the worker cannot be read", "verb", frame.Verb, "id", frame.ID, "error", frame.unread)
			answer, waited := frame.refused()
			if !waited {
				continue
			}
			frame = answer
		}
		if len(frame.Modules) > 0 && p.learned != nil {
			p.learned(frame.Modules)
		}
		if frame.Ending && p.ending != nil {
			p.ending()
		}
		m, err := decodeMessage(frame)
		if err == nil {
			return m, nil
		}
		p.log.Warn("ignored what a worker said", "error", err)
	}
}
