package door

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// drainLimit bounds how long a request under way may take once stopping began.
const drainLimit = 5 * time.Second

const (
	headerLimit = 64 << 10
	idleLimit   = 4 * time.Minute // between two requests of a connection
)

// runHTTP serves the port's HTTP connections, both versions.
func (p *port) runHTTP(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server, conns := p.httpServer(ctx), newHandoff(p.listener.Addr())
	var work sync.WaitGroup
	failed := make(chan error, 1)
	work.Go(func() {
		defer cancel()
		failed <- accept(ctx, p.listener, p.Log, func(c net.Conn) {
			p.admit(ctx, &work, c, func(secure net.Conn) bool {
				if p.quick(secure) {
					return p.serveQuick(ctx, p.fit(secure), conns.put)
				}
				return conns.put(p.fit(secure))
			})
		})
	})
	work.Go(func() { _ = server.Serve(conns) }) // it ends with conns
	<-ctx.Done()
	drain(ctx, server)
	work.Wait()
	return <-failed
}

func (p *port) httpServer(ctx context.Context) *http.Server {
	server := &http.Server{
		Handler:           web{p},
		ErrorLog:          slog.NewLogLogger(p.Log.Handler(), slog.LevelDebug),
		MaxHeaderBytes:    headerLimit,
		ReadHeaderTimeout: silence,
		WriteTimeout:      p.WriteTimeout,
		IdleTimeout:       idleLimit,
		ConnContext:       p.connContext(),
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateActive:
				p.gate.spoke(raw(c))
			case http.StateIdle:
				if watched, ok := c.(interface{ Idle() }); ok {
					watched.Idle()
				}
			case http.StateClosed, http.StateHijacked:
				p.gate.leave(raw(c))
			}
		},
	}
	if p.ClearHTTP2 {
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetHTTP2(true)
		server.Protocols.SetUnencryptedHTTP2(true)
	}
	if p.EndAtOnce {
		server.BaseContext = func(net.Listener) context.Context { return ctx }
	}
	return server
}

// connContext is ConnContext, of the connection that Wrap gave.
func (p *port) connContext() func(context.Context, net.Conn) context.Context {
	if p.ConnContext == nil {
		return nil
	}
	return func(ctx context.Context, c net.Conn) context.Context {
		if r, ok := c.(*resumed); ok {
			c = r.Conn
		}
		return p.ConnContext(ctx, c)
	}
}

// fit makes a connection one that http.Server takes everything from.
func (p *port) fit(c net.Conn) net.Conn {
	switch {
	case p.Wrap != nil:
		return p.Wrap(c)
	case p.People:
		return newMended(c)
	}
	return c
}

// drain accepts no more requests and lets those under way finish.
func drain(ctx context.Context, server *http.Server) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	if server.Shutdown(limited) != nil {
		server.Close()
	}
}

// handoff is the listener of an http.Server whose connections were accepted
// elsewhere.
type handoff struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHandoff(addr net.Addr) *handoff {
	return &handoff{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

// put waits until the server takes the connection; false when it stops.
func (h *handoff) put(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
		return false
	}
}

// Accept returns the next connection.
func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and put.
func (h *handoff) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr is the address of the port.
func (h *handoff) Addr() net.Addr { return h.addr }
