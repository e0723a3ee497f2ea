package amqp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"
)

// DialConfig says how a client greets. Zero values take the defaults.
type DialConfig struct {
	ContainerID       string       // default "lazuli-client"
	Hostname          string       // for Open; default: the host dialled
	Log               *slog.Logger // default: discard
	TLS               *tls.Config  // nil: plain TCP
	Username          string       // non-empty: SASL PLAIN, else ANONYMOUS
	Password          string
	MaxFrameSize      uint32        // default 1 MiB
	IdleTimeout       time.Duration // default 60 s
	SessionWindow     uint32        // default 65535
	MaxUnsettledBytes int64         // default 64 MiB
	Properties        Map
}

// Dial connects to a TCP address, greets, and returns when both Opens have
// been exchanged.
func Dial(ctx context.Context, addr string, cfg DialConfig) (*Conn, error) { return nil, ErrClosed }

// NewConn greets over a connection that exists already, as Dial does.
func NewConn(ctx context.Context, nc net.Conn, cfg DialConfig) (*Conn, error) { return nil, ErrClosed }

// Begin opens a session.
func (c *Conn) Begin(ctx context.Context) (*Session, error) { return nil, ErrClosed }

// AttachSender opens a sending link to target. setup, which may be nil, may
// change the link's Local attach and handlers before it travels.
func (s *Session) AttachSender(ctx context.Context, name, target string, setup func(*Link)) (*Link, error) {
	return nil, ErrClosed
}

// AttachReceiver opens a receiving link from source. setup must set
// OnTransfer, and Credit unless credit is issued by hand.
func (s *Session) AttachReceiver(ctx context.Context, name, source string, setup func(*Link)) (*Link, error) {
	return nil, ErrClosed
}
