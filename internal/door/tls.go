package door

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// TLS says what a port speaks.
type TLS int

// The modes of a port.
const (
	Plain  TLS = iota // no encryption
	Only              // TLS from the first byte on
	Either            // the first byte decides
)

// silence bounds how long a connection may take for its first byte, its TLS
// handshake or its request line; it says nothing about its later life.
const silence = 10 * time.Second

// tlsHandshake is the first byte of every TLS connection; no HTTP method and no
// AMQP header begins with it.
const tlsHandshake = 0x16

// secured returns the connection as its mode wants it. With Either it waits
// for the first byte.
func secured(ctx context.Context, c net.Conn, mode TLS, config *tls.Config) (net.Conn, error) {
	switch mode {
	case Plain:
		return c, nil
	case Only:
		return tls.Server(c, config), nil
	}
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Now()) })
	defer stop()
	c.SetReadDeadline(time.Now().Add(silence))
	p := &peeked{Conn: c}
	if _, err := c.Read(p.first[:]); err != nil {
		return nil, err
	}
	p.waits = true
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.SetReadDeadline(time.Time{})
	if p.first[0] == tlsHandshake {
		return tls.Server(p, config), nil
	}
	return p, nil
}

// configFor is a tls.Config.GetConfigForClient: clients of some accounts are asked for
// a certificate.
func (p *port) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	account, err := p.set.o.Names.resolve(hello.ServerName, p.Account)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // a name that is not ours: whoever reads the request says so
	}
	asks := p.set.routes[account.Type].Certificates
	if asks == nil || !asks(account) {
		return nil, nil //nolint:nilnil // as everybody else
	}
	own := p.tls.Clone()
	own.ClientAuth, own.SessionTicketsDisabled = tls.RequestClientCert, true // a session from before has none
	return own, nil
}

// peeked gives back the byte that was read ahead. One byte, and no buffer: many
// silent connections must cost little.
type peeked struct {
	net.Conn
	first [1]byte
	waits bool
}

// Read returns the first byte, then reads the connection itself.
func (p *peeked) Read(b []byte) (int, error) {
	if p.waits && len(b) > 0 {
		p.waits = false
		return copy(b, p.first[:]), nil
	}
	return p.Conn.Read(b)
}

// CloseWrite ends our side of the stream.
func (p *peeked) CloseWrite() error {
	if half, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return p.Close()
}

// raw returns the connection that was accepted, below what we put on it.
func raw(c net.Conn) net.Conn {
	if m, ok := c.(*mended); ok {
		c = m.Conn
	}
	for {
		outer, ok := c.(interface{ NetConn() net.Conn }) // Port.Wrap's, and TLS
		if !ok {
			break
		}
		c = outer.NetConn()
	}
	if p, ok := c.(*peeked); ok {
		c = p.Conn
	}
	return c
}
