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
	SASLHostname      string       // for SASL; default: Hostname
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
// been exchanged. The connection ends with Close, or when the peer ends it.
func Dial(ctx context.Context, addr string, cfg DialConfig) (*Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	orDefault(&cfg.Hostname, host)
	var d interface {
		DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	} = &net.Dialer{}
	if cfg.TLS != nil {
		d = &tls.Dialer{Config: cfg.TLS}
	}
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return NewConn(ctx, nc, cfg)
}

// NewConn greets over a transport that exists already, as Dial does. It owns
// nc from then on.
func NewConn(ctx context.Context, nc net.Conn, cfg DialConfig) (*Conn, error) {
	orDefault(&cfg.ContainerID, "lazuli-client")
	orDefault(&cfg.MaxFrameSize, 1<<20)
	orDefault(&cfg.IdleTimeout, 60*time.Second)
	orDefault(&cfg.SessionWindow, 65535)
	orDefault(&cfg.MaxUnsettledBytes, 64<<20)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := newConn(nc, cfg.Log, &buffers{}, limits{
		maxFrameSize:      cfg.MaxFrameSize,
		channelMax:        65535,
		maxLinks:          65536,
		sessionWindow:     cfg.SessionWindow,
		writeTimeout:      60 * time.Second,
		maxUnsettledBytes: cfg.MaxUnsettledBytes,
	})
	c.local = Open{
		ContainerID:  cfg.ContainerID,
		Hostname:     cfg.Hostname,
		MaxFrameSize: cfg.MaxFrameSize,
		ChannelMax:   65535,
		IdleTimeout:  cfg.IdleTimeout,
		Properties:   cfg.Properties,
	}
	if err := c.introduce(ctx, &cfg); err != nil {
		nc.Close()
		return nil, err
	}
	go c.run()
	return c, nil
}

// Begin opens a session.
func (c *Conn) Begin(ctx context.Context) (*Session, error) {
	c.mu.Lock()
	channel, ok := c.freeChannel(0)
	if c.closeSent || !ok {
		defer c.mu.Unlock()
		return nil, c.endedBecause()
	}
	s := c.newSession(channel)
	c.queue(channel, s.beginFrame(false).append)
	c.wakeWriter()
	c.mu.Unlock()
	select {
	case <-s.started:
		return s, nil
	case <-c.gone:
		c.mu.Lock()
		defer c.mu.Unlock()
		return nil, c.endedBecause()
	case <-ctx.Done():
		s.End(nil)
		return nil, context.Cause(ctx)
	}
}

// endedBecause is why nothing new can begin. mu is held.
func (c *Conn) endedBecause() error {
	if c.err != nil {
		return c.err
	}
	return ErrClosed
}

// AttachSender opens a sending link to target. setup, which may be nil, may
// change the link's Local attach and handlers before it travels.
func (s *Session) AttachSender(ctx context.Context, name, target string, setup func(*Link)) (*Link, error) {
	l := newLink(s, RoleSender)
	l.Local = Attach{Source: &Source{Address: name}, Target: &Target{Address: target}}
	return s.attach(ctx, l, name, setup)
}

// AttachReceiver opens a receiving link from source. setup must set
// OnTransfer, and Credit unless credit is issued by hand.
func (s *Session) AttachReceiver(ctx context.Context, name, source string, setup func(*Link)) (*Link, error) {
	l := newLink(s, RoleReceiver)
	l.Local = Attach{Source: &Source{Address: source}, Target: &Target{Address: name}}
	return s.attach(ctx, l, name, setup)
}

// attach sends the link's attach and waits for the peer's decision. A refusal
// is the error of the peer's detach.
func (s *Session) attach(ctx context.Context, l *Link, name string, setup func(*Link)) (*Link, error) {
	l.state = linkAttaching
	l.Local.Name, l.Local.Role, l.Local.SndSettleMode = name, l.Role, SenderMixed
	if setup != nil {
		setup(l)
	}
	c := s.conn
	c.mu.Lock()
	if s.done || c.closeSent {
		defer c.mu.Unlock()
		if s.err != nil {
			return nil, s.err
		}
		return nil, c.endedBecause()
	}
	if err := s.admit(l); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	c.queue(s.channel, l.Local.append)
	c.wakeWriter()
	c.mu.Unlock()
	select {
	case <-l.ready:
		return l, nil
	case <-l.done:
		return nil, l.Err()
	case <-ctx.Done():
		l.Detach(nil)
		return nil, context.Cause(ctx)
	}
}
