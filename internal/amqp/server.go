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
	SessionWindow     uint32        // incoming frames a session may have in flight; default 65535
	IdleTimeout       time.Duration // advertised; a peer silent for longer is dropped; default 240 s
	HandshakeTimeout  time.Duration // from accept to the peer's Open; default 30 s
	WriteTimeout      time.Duration // a write that takes longer drops the peer; default 60 s
	MaxUnsettledBytes int64         // payload held by unreleased deliveries before reading pauses; default 64 MiB

	// SASL lists the mechanisms in the order offered; default ANONYMOUS.
	SASL []string
	// Authenticate checks a SASL initial response and returns what
	// Conn.Identity gives; nil accepts everybody. An error answers outcome
	// auth (code 1); its text is logged, not sent.
	Authenticate func(ctx context.Context, init SASLInit) (identity any, err error)

	// Properties go into our Open.
	Properties Map

	// NewConn makes the handler of a connection whose Open has arrived. It is
	// called on the connection's reader and must not block. Required.
	NewConn func(*Conn) ConnHandler
}

// SASLInit is a client's choice of mechanism (part 5, section 5.3.3.2).
type SASLInit struct {
	Mechanism string
	Hostname  string
	Response  []byte // as sent; valid during the call only
	Username  string // PLAIN: the authentication identity
	Password  string // PLAIN only
	TLS       bool   // the connection is encrypted
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
type Server struct{ cfg ServerConfig }

// NewServer returns a server; it panics when NewConn is missing.
func NewServer(cfg ServerConfig) *Server { return &Server{cfg: cfg} }

// Serve accepts connections from l until ctx ends, then closes l and all its
// connections (amqp:connection:forced) and returns nil once their goroutines
// are gone. l may be a TLS listener. Several Serve calls may run at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { return nil }
