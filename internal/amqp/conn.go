package amqp

import "net"

// Conn is one AMQP connection, of either role.
type Conn struct {
	peer     Open
	identity any
	nc       net.Conn
}

// Peer returns what the peer's Open said. Do not change it.
func (c *Conn) Peer() *Open { return &c.peer }

// Identity returns what ServerConfig.Authenticate returned.
func (c *Conn) Identity() any { return c.identity }

// RemoteAddr returns the peer's network address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// TLS reports whether the transport is encrypted.
func (c *Conn) TLS() bool { return false }

// Done is closed when the connection is gone.
func (c *Conn) Done() <-chan struct{} { return nil }

// Err returns why the connection ended: nil while it lives or after an
// orderly close.
func (c *Conn) Err() error { return nil }

// Close sends Close with the error (nil: none) and waits until the connection
// is gone. It must not be called on the connection's reader, that is inside a
// handler; use Shutdown there.
func (c *Conn) Close(err *Error) error { return nil }

// Shutdown sends Close with the error and returns at once.
func (c *Conn) Shutdown(err *Error) {}
