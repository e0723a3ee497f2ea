package amqp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// ServerConfig says how a server greets and limits its peers. Zero values
// take the defaults named at each field.
type ServerConfig struct {
	ContainerID string       // default "lazuli"
	Log         *slog.Logger // default slog.Default()

	MaxFrameSize      uint32        // advertised and enforced, bytes; default 1 MiB
	ChannelMax        uint16        // highest channel number, so sessions-1; default 4095
	MaxLinks          int           // links per connection; default 4096
	MaxConns          int           // connections at once; more are closed unanswered; default 10000
	SessionWindow     uint32        // transfer frames a session may send ahead; default 65535
	IdleTimeout       time.Duration // advertised; a peer silent for longer is dropped; default 240 s
	HandshakeTimeout  time.Duration // from accept to the peer's Open; default 30 s
	WriteTimeout      time.Duration // a write that takes longer drops the peer; default 60 s
	MaxUnsettledBytes int64         // payload held by unsettled deliveries before reading pauses; default 64 MiB

	// SASL lists the mechanisms in the order offered; default ANONYMOUS.
	SASL []string
	// Authenticate checks a SASL initial response and returns what
	// Conn.Identity gives; nil accepts everybody. An error answers outcome
	// auth (code 1); its text is logged, not sent.
	Authenticate func(ctx context.Context, init SASLInit) (identity any, err error)

	// OfferedCapabilities and Properties go into our Open.
	OfferedCapabilities []Symbol
	Properties          Map

	// NewConn makes the handler of a connection whose Open has arrived. It is
	// called on the connection's reader and must not block. Required.
	NewConn func(*Conn) ConnHandler
}

// ConnHandler is the service behind one connection.
type ConnHandler interface {
	// Attach decides on a link that the peer wants. It is called on the
	// connection's reader and must not block. It may change the link's answer
	// (see Link). A nil return accepts; an error refuses: the peer sees an
	// attach without source or target and then a closing detach with the
	// error (an *Error as it is, any other as amqp:internal-error); ErrLater
	// postpones.
	Attach(l *Link) error
	// Closed is called once, after the OnDetach of every link, when the
	// connection is gone. err is nil after an orderly close.
	Closed(err error)
}

// Server accepts AMQP connections.
type Server struct {
	cfg  ServerConfig
	pool buffers

	mu    sync.Mutex // guards conns
	conns int
}

// NewServer returns a server; it panics when NewConn is missing.
func NewServer(cfg ServerConfig) *Server {
	if cfg.NewConn == nil {
		panic("amqp: ServerConfig.NewConn is missing")
	}
	orDefault(&cfg.ContainerID, "lazuli")
	orDefault(&cfg.MaxFrameSize, 1<<20)
	orDefault(&cfg.ChannelMax, 4095)
	orDefault(&cfg.MaxLinks, 4096)
	orDefault(&cfg.MaxConns, 10000)
	orDefault(&cfg.SessionWindow, 65535)
	orDefault(&cfg.IdleTimeout, 240*time.Second)
	orDefault(&cfg.HandshakeTimeout, 30*time.Second)
	orDefault(&cfg.WriteTimeout, 60*time.Second)
	orDefault(&cfg.MaxUnsettledBytes, 64<<20)
	cfg.MaxFrameSize = max(cfg.MaxFrameSize, minMaxFrameSize)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if len(cfg.SASL) == 0 {
		cfg.SASL = []string{SASLAnonymous}
	}
	return &Server{cfg: cfg}
}

func orDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Serve accepts connections from l until ctx ends, then closes l and all its
// connections (amqp:connection:forced) and returns nil once their goroutines
// are gone. l may be a TLS listener. Several Serve calls may run at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	var conns sync.WaitGroup
	defer conns.Wait()
	defer cancel()
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			s.cfg.Log.Warn("accept failed", "error", err)
			if !pause(ctx, 50*time.Millisecond) {
				return nil
			}
			continue
		}
		if !s.enter() {
			s.cfg.Log.Warn("connection refused: too many", "limit", s.cfg.MaxConns, "remote", nc.RemoteAddr().String())
			nc.Close()
			continue
		}
		conns.Go(func() {
			defer s.leave()
			s.serveConn(ctx, nc)
		})
	}
}

// pause waits, for instance until file descriptors come free again. It
// reports false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns >= s.cfg.MaxConns {
		return false
	}
	s.conns++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns--
}

// serveConn runs one connection from greeting to end.
func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	c := newConn(nc, s.cfg.Log, &s.pool, limits{
		maxFrameSize:      s.cfg.MaxFrameSize,
		channelMax:        s.cfg.ChannelMax,
		maxLinks:          s.cfg.MaxLinks,
		sessionWindow:     s.cfg.SessionWindow,
		writeTimeout:      s.cfg.WriteTimeout,
		maxUnsettledBytes: s.cfg.MaxUnsettledBytes,
	})
	c.local = Open{
		ContainerID:         s.cfg.ContainerID,
		MaxFrameSize:        s.cfg.MaxFrameSize,
		ChannelMax:          s.cfg.ChannelMax,
		IdleTimeout:         s.cfg.IdleTimeout,
		OfferedCapabilities: s.cfg.OfferedCapabilities,
		Properties:          s.cfg.Properties,
	}
	log := s.cfg.Log.With("remote", nc.RemoteAddr().String())
	if err := c.greet(ctx, &s.cfg); err != nil {
		nc.Close()
		level := slog.LevelInfo
		if handshakeOver(err) {
			level = slog.LevelDebug
		}
		log.Log(ctx, level, "connection ended in its handshake", "error", err)
		return
	}
	log.Debug("connection opened", "container", c.peer.ContainerID, "hostname", c.peer.Hostname)
	c.service = s.cfg.NewConn
	stop := context.AfterFunc(ctx, func() {
		c.Shutdown(&Error{Condition: ErrConnectionForced, Description: "the service is stopping"})
	})
	defer stop()
	c.run()
	log.Debug("connection closed", "error", c.Err())
}
