package amqp

import (
	"context"
	"log/slog"
	"net"
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

	// Greeted is called with a connection whose Open has arrived, before
	// NewConn; may be nil.
	Greeted func(net.Conn)
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

// Server serves AMQP connections that somebody else accepted.
type Server struct {
	cfg  ServerConfig
	pool buffers
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

// ServeConn runs one connection from its greeting to its end and returns when
// its goroutines are gone. When ctx ends, the peer is told
// amqp:connection:forced and has two seconds to answer. nc may be a TLS
// connection.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	c := newConn(nc, s.cfg.Log, &s.pool, limits{
		maxFrameSize:      s.cfg.MaxFrameSize,
		channelMax:        s.cfg.ChannelMax,
		maxLinks:          s.cfg.MaxLinks,
		sessionWindow:     s.cfg.SessionWindow,
		writeTimeout:      s.cfg.WriteTimeout,
		maxUnsettledBytes: s.cfg.MaxUnsettledBytes,
	})
	c.ctx = ctx
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
	if s.cfg.Greeted != nil {
		s.cfg.Greeted(nc)
	}
	c.service = s.cfg.NewConn
	stop := context.AfterFunc(ctx, func() {
		c.Shutdown(&Error{Condition: ErrConnectionForced, Description: "the service is stopping"})
	})
	defer stop()
	c.run()
	log.Debug("connection closed", "error", c.Err())
}
