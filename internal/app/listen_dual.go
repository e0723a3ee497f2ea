package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// sniffTimeout bounds how long a connection may stay silent before its first
// byte; it says nothing about its later life.
const sniffTimeout = 30 * time.Second

// tlsRecordHandshake is the first byte of every TLS connection; no HTTP method
// begins with it.
const tlsRecordHandshake = 0x16

// dualListener serves TLS and plain connections on one port: the first byte
// decides. Sniffing happens off the accept loop, so a silent client delays
// nobody.
type dualListener struct {
	net.Listener
	config *tls.Config
	ready  chan net.Conn
	ctx    context.Context
	cancel context.CancelFunc
	sniffs sync.WaitGroup
	err    error // why the accept loop ended; set before ready closes
}

// newDualListener returns a listener over l; closing it closes l and ends its
// goroutines.
func newDualListener(l net.Listener, config *tls.Config) *dualListener {
	ctx, cancel := context.WithCancel(context.Background())
	d := &dualListener{Listener: l, config: config, ready: make(chan net.Conn), ctx: ctx, cancel: cancel}
	go d.acceptLoop()
	return d
}

func (d *dualListener) acceptLoop() {
	defer close(d.ready)
	defer d.sniffs.Wait()
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			d.err = err
			return
		}
		d.sniffs.Go(func() { d.sniff(c) })
	}
}

func (d *dualListener) sniff(c net.Conn) {
	stop := context.AfterFunc(d.ctx, func() { c.Close() })
	defer stop()
	c.SetReadDeadline(time.Now().Add(sniffTimeout))
	r := bufio.NewReaderSize(c, 4096)
	first, err := r.Peek(1)
	if err != nil {
		c.Close()
		return
	}
	c.SetReadDeadline(time.Time{})
	var conn net.Conn = &peekedConn{Conn: c, r: r}
	if first[0] == tlsRecordHandshake {
		conn = tls.Server(conn, d.config)
	}
	select {
	case d.ready <- conn:
	case <-d.ctx.Done():
		c.Close()
	}
}

// Accept returns the next connection whose first byte has arrived.
func (d *dualListener) Accept() (net.Conn, error) {
	c, ok := <-d.ready
	if !ok {
		return nil, d.err
	}
	return c, nil
}

// Close stops accepting and drops connections that have not spoken.
func (d *dualListener) Close() error {
	d.cancel()
	return d.Listener.Close()
}

// peekedConn gives back the bytes that sniffing read ahead.
type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

// Read drains what was read ahead, then reads the connection itself.
func (p *peekedConn) Read(b []byte) (int, error) {
	if p.r == nil {
		return p.Conn.Read(b)
	}
	n, err := p.r.Read(b)
	if p.r.Buffered() == 0 {
		p.r = nil
	}
	return n, err
}
