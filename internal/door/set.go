package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Options are what all doors of a process share.
type Options struct {
	Listen string // IP address of all ports
	// Private is a second IP address of all ports, which plays the private
	// endpoints of the accounts: what comes by it is not restricted. "": none.
	Private string
	// Trusted are proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	Names   Names
	// Certificate picks what to show by the name that a client asks for;
	// Certificates.Get is one. Needed by ports that speak TLS.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Log         *slog.Logger
}

// Port is one TCP port.
type Port struct {
	Title string // in errors and logs: "Cosmos DB"
	Key   string // of the number in the project file: cosmos.port
	Port  uint16 // 0 picks a free one
	TLS   TLS
	// Account is what the names of this machine mean here; its type is that of
	// a route.
	Account resource.Account
	// AMQP greets AMQP connections; its NewConn and Authenticate are the
	// door's. nil: the port speaks HTTP.
	AMQP *amqp.ServerConfig

	// ClearHTTP2 says that HTTP/2 is spoken without TLS too, by whoever begins with it,
	// as clients of gRPC do.
	ClearHTTP2 bool
	// WriteTimeout bounds an HTTP answer from its request on; 0: none.
	WriteTimeout time.Duration
	// EndAtOnce ends the contexts of HTTP requests when stopping begins, for
	// pages whose streams never end by themselves.
	EndAtOnce bool
	// People says that addresses are typed here: a % in one that begins no
	// escape means itself.
	People bool
	// Quick says that the handlers need nothing of a connection that quick.go does not
	// give them; they answer sooner then.
	Quick bool
	// Wrap puts something between an HTTP connection, decrypted where it has TLS, and
	// the server: it sees the bytes of requests as they came, which http.Request has
	// lost. What it returns has NetConn, the connection below, and over TLS
	// ConnectionState; its Idle, if it has one, is called when an answer has been
	// written. Such a port speaks HTTP/1 alone. nil: nothing.
	Wrap func(net.Conn) net.Conn
	// ConnContext gives what Wrap saw to the requests; see http.Server.
	ConnContext func(context.Context, net.Conn) context.Context

	MaxConns  int // default 10000; more are closed unanswered
	MaxSilent int // default 512 that have not spoken; beyond, the oldest is closed
	Log       *slog.Logger
}

// Set is all doors of a process.
type Set struct {
	o      Options
	routes map[string]Route // by type; complete before Run

	mu    sync.Mutex // guards ports and serve
	ports []*port
	serve func(*port) // starts a port; nil unless Run runs
}

// port is an open Port.
type port struct {
	Port
	set      *Set
	listener net.Listener
	gate     *gate
	tls      *tls.Config // nil for Plain
	private  bool
	kept     atomic.Int64 // when a restriction was last logged, in unix milliseconds
	origins  http.CrossOriginProtection
	crowded  sync.Once // says once that connections are refused
	reached  reached   // by AMQP

	end  context.CancelFunc // ends its run; nil before that began
	gone chan struct{}      // closed when its run has ended
}

// New returns a set without ports.
func New(o Options) *Set {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Set{o: o, routes: map[string]Route{}}
}

// Open takes a port; from then on clients connect and wait. It returns the
// address. Nothing is answered before Run; a port that is opened while Run runs is
// served at once.
func (s *Set) Open(p Port) (net.Addr, error) {
	l, err := listen(s.o.Listen, p.Port, p.Title, p.Key)
	if err != nil {
		return nil, err
	}
	if s.o.Private == "" {
		s.add(s.made(p, l, false))
		return l.Addr(), nil
	}
	beside, err := listen(s.o.Private, uint16(l.Addr().(*net.TCPAddr).Port), p.Title+", private address", p.Key) //nolint:gosec // a port
	if err != nil {
		l.Close()
		return nil, err
	}
	s.add(s.made(p, l, false), s.made(p, beside, true))
	return l.Addr(), nil
}

// made is a port on a listener.
func (s *Set) made(p Port, l net.Listener, private bool) *port {
	if p.MaxConns == 0 {
		p.MaxConns = 10000
	}
	if p.MaxSilent == 0 {
		p.MaxSilent = 512
	}
	if p.Log == nil {
		p.Log = s.o.Log
	}
	open := &port{Port: p, set: s, listener: l, private: private, gate: newGate(p.MaxConns, p.MaxSilent), gone: make(chan struct{})}
	if p.TLS != Plain {
		open.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.o.Certificate}
		open.tls.GetConfigForClient = open.configFor
		switch {
		case p.AMQP != nil:
		case p.Wrap != nil:
			open.tls.NextProtos = []string{"http/1.1"}
		default:
			open.tls.NextProtos = []string{"h2", "http/1.1"}
		}
	}
	return open
}

func (s *Set) add(ports ...*port) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ports = append(s.ports, ports...)
	if s.serve == nil {
		return
	}
	for _, p := range ports {
		s.serve(p)
	}
}

// Shut closes the port that Open returned the address of: it accepts nothing more,
// lets what is under way finish for a while, and returns when its connections are
// gone.
func (s *Set) Shut(addr net.Addr) {
	number := addr.(*net.TCPAddr).Port
	var shut []*port
	s.mu.Lock()
	s.ports = slices.DeleteFunc(s.ports, func(p *port) bool {
		here := p.listener.Addr().(*net.TCPAddr).Port == number
		if here {
			shut = append(shut, p)
		}
		return here
	})
	s.mu.Unlock()
	for _, p := range shut {
		if p.end == nil {
			p.listener.Close()
			continue
		}
		p.end()
		<-p.gone
	}
}

// Route says who answers for a type. It must not be called after Run began.
func (s *Set) Route(routes ...Route) {
	for _, r := range routes {
		s.routes[r.Type] = r
	}
}

// Close closes the ports, when Run will not.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports {
		p.listener.Close()
	}
}

// Run serves all ports until ctx ends, then accepts nothing more, lets what is
// under way finish for a while, and returns nil when all connections and their
// goroutines are gone. A port that fails ends all others.
func (s *Set) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var serving sync.WaitGroup
	s.mu.Lock()
	s.serve = func(p *port) {
		own, end := context.WithCancel(ctx)
		p.end = end
		serving.Go(func() {
			defer close(p.gone)
			defer end()
			if err := p.run(own); err != nil && own.Err() == nil {
				cancel(fmt.Errorf("%s: %w", p.Title, err))
			}
		})
	}
	for _, p := range s.ports {
		s.serve(p)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.serve = nil
	s.mu.Unlock()
	serving.Wait()
	if err := context.Cause(ctx); !errors.Is(err, ctx.Err()) {
		return err
	}
	return nil
}

// run serves the port until ctx ends.
func (p *port) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		p.listener.Close()
		p.gate.closeSilent()
	})
	defer stop()
	if p.AMQP != nil {
		return p.runAMQP(ctx)
	}
	return p.runHTTP(ctx)
}

// admit counts a new connection and serves it, once it is known what it
// speaks. serve may block; each call has a goroutine of its own, which work
// waits for. A connection that serve did not take is closed here.
func (p *port) admit(ctx context.Context, work *sync.WaitGroup, c net.Conn, serve func(net.Conn) bool) {
	if !p.gate.enter(c) {
		c.Close()
		p.crowded.Do(func() {
			p.Log.Warn("connections are refused: too many", "port", p.Title, "limit", p.MaxConns, "remote", c.RemoteAddr().String())
		})
		return
	}
	work.Go(func() {
		if secure, err := secured(ctx, c, p.TLS, p.tls); err == nil && serve(secure) {
			return
		}
		c.Close()
		p.gate.leave(c)
	})
}
