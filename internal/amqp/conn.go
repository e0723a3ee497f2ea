package amqp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// limits bound what a peer can make us do or keep. The server's and the
// client's configuration both end up here.
type limits struct {
	maxFrameSize      uint32
	channelMax        uint16
	maxLinks          int
	sessionWindow     uint32
	idleTimeout       time.Duration
	writeTimeout      time.Duration
	maxUnsettledBytes int64
}

const (
	// readBuffer is the size of the buffered reader; frames that fit are
	// decoded in place, larger payloads are read straight into their delivery.
	readBuffer = 64 << 10
	// outLimit is how many bytes may wait for the writer before Send waits.
	outLimit = 256 << 10
	// closeTimeout is how long we wait for the peer's Close after ours.
	closeTimeout = 2 * time.Second
	// maxAttachBytes bounds the attach frames behind all links of a connection,
	// whose names, filters and properties we keep.
	maxAttachBytes = 4 << 20
	// maxOutgoingFrame caps the frames we send, whatever the peer would take.
	maxOutgoingFrame = 1 << 20
)

// Conn is one AMQP connection, of either role. Its methods are safe for
// concurrent use.
type Conn struct {
	nc      net.Conn
	br      *bufio.Reader
	log     *slog.Logger
	limits  limits
	local   Open
	handler ConnHandler // nil on a client, set first thing on the reader
	service func(*Conn) ConnHandler
	pool    *buffers

	ctx         context.Context // of ServeConn; Background on a client
	peer        Open
	identity    any
	saslHost    string
	maxOutgoing int // bytes per frame we send

	// reading is the reader's own state.
	reading struct {
		deadlineSet time.Time
		settled     []func(Outcome) // scratch of onDisposition
	}

	wake       chan struct{} // a token: the writer has work
	writerGone chan struct{}
	gone       chan struct{}

	// mu guards everything below, and all of Session's and Link's fields that
	// say so.
	mu         sync.Mutex
	out        *buffer    // frames waiting for the writer
	roomWanted []*Link    // senders waiting for room in out
	dirty      []*Session // sessions with dispositions or flows to write
	byRemote   map[uint16]*Session
	byLocal    map[uint16]*Session
	links      int
	attached   int        // bytes of the attach frames of all links
	held       int64      // bytes of deliveries, partial ones included
	partial    int64      // bytes of deliveries whose end has not come
	released   *sync.Cond // held went down, out was taken, or the connection ends
	closeSent  bool       // our Close is in out: nothing may follow it
	finished   bool       // the reader is done: the writer flushes and leaves
	err        error      // why; set once
}

func newConn(nc net.Conn, log *slog.Logger, pool *buffers, lim limits) *Conn {
	c := &Conn{
		nc:         nc,
		log:        log,
		pool:       pool,
		limits:     lim,
		wake:       make(chan struct{}, 1),
		writerGone: make(chan struct{}),
		gone:       make(chan struct{}),
		ctx:        context.Background(),
		byRemote:   map[uint16]*Session{},
		byLocal:    map[uint16]*Session{},
	}
	c.br = bufio.NewReaderSize(idleReader{c}, readBuffer)
	c.released = sync.NewCond(&c.mu)
	return c
}

// Peer returns what the peer's Open said. Do not change it.
func (c *Conn) Peer() *Open { return &c.peer }

// Identity returns what ServerConfig.Authenticate returned.
func (c *Conn) Identity() any { return c.identity }

// SASLHostname returns the host name that the peer authenticated for; "" when
// it named none.
func (c *Conn) SASLHostname() string { return c.saslHost }

// Context ends when the server stops. It does not end with the connection: see
// ConnHandler.Closed.
func (c *Conn) Context() context.Context { return c.ctx }

// RemoteAddr returns the peer's network address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// TLS reports whether the transport is encrypted.
func (c *Conn) TLS() bool { return encrypted(c.nc) }

func encrypted(nc net.Conn) bool {
	_, ok := nc.(handshaken)
	return ok
}

// handshaken is a connection over TLS.
type handshaken interface{ ConnectionState() tls.ConnectionState }

// ServerName is the name that the peer asked for in its TLS handshake; "" without
// one.
func (c *Conn) ServerName() string { return serverName(c.nc) }

func serverName(nc net.Conn) string {
	if t, ok := nc.(handshaken); ok {
		return t.ConnectionState().ServerName
	}
	return ""
}

// Done is closed when the connection and its goroutines are gone.
func (c *Conn) Done() <-chan struct{} { return c.gone }

// Err returns why the connection ended: nil while it lives or after an
// orderly close.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close sends Close with the error (nil: none) and waits until the connection
// is gone. It must not be called on the connection's reader, that is inside a
// handler; use Shutdown there.
func (c *Conn) Close(err *Error) error {
	c.Shutdown(err)
	<-c.gone
	return c.Err()
}

// Shutdown sends Close with the error and returns at once. The connection is
// gone when the peer has answered, or after two seconds.
func (c *Conn) Shutdown(err *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sendClose(err)
}

// sendClose queues Close, ends every link for local callers, and gives the
// peer closeTimeout to answer. mu is held.
func (c *Conn) sendClose(err *Error) {
	if c.closeSent {
		return
	}
	c.gather()
	c.queue(0, (&closing{Error: err}).append)
	c.closeSent = true
	cause := ErrClosed
	if err != nil {
		cause = err
		if c.err == nil {
			c.err = err
		}
	}
	c.endLinks(cause)
	c.nc.SetReadDeadline(time.Now().Add(closeTimeout))
	c.released.Broadcast()
	c.wakeWriter()
}

// endLinks wakes everyone who waits on a link. mu is held.
func (c *Conn) endLinks(cause error) {
	for _, s := range c.byLocal {
		s.finish(cause)
	}
}

// run owns the connection from the exchanged Opens on: it starts the writer,
// reads until the connection ends, and tells the handler.
func (c *Conn) run() {
	defer close(c.gone)
	go c.writeLoop()
	err := c.guard(c.readAll)

	var protocol *Error
	switch {
	case errors.Is(err, errPeerClosed):
		err = nil
	case errors.As(err, &protocol):
	}
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	cause := c.err
	if cause == nil {
		cause = ErrClosed
	}
	c.sendClose(protocol)
	c.endLinks(cause)
	c.finished = true
	c.wakeWriter()
	c.mu.Unlock()

	<-c.writerGone
	if protocol != nil {
		c.linger()
	}
	c.nc.Close()
	c.tellLinks()
	if c.handler != nil {
		c.guard(func() error { c.handler.Closed(c.Err()); return nil })
	}
}

// linger ends our side of the stream and reads what the peer still sends, so
// that closing the socket does not reset it before the peer has read our
// Close.
func (c *Conn) linger() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	c.nc.SetReadDeadline(time.Now().Add(closeTimeout))
	scratch := make([]byte, 4<<10)
	for n := 0; n < 16<<20; {
		m, err := c.nc.Read(scratch)
		if err != nil {
			return
		}
		n += m
	}
}

// tellLinks calls OnDetach of all links that are left.
func (c *Conn) tellLinks() {
	c.mu.Lock()
	var left []*Link
	for _, s := range c.byLocal {
		left = append(left, s.allLinks()...)
	}
	c.byLocal, c.byRemote = nil, nil
	c.mu.Unlock()
	for _, l := range left {
		c.guard(func() error { l.ended(); return nil })
	}
}
