package door

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// A quick port answers the plainest requests by itself: HTTP/1.1 without TLS, a head
// and a body that come at once and are small, nothing in them that changes how the
// connection is used (see quickHead). That is nearly every request of a client of
// storage or of the gateway, and takes half of the time that net/http's server needs:
// no goroutine beside the handler's, no deadlines moved back and forth, no second
// buffer. What is any different goes to net/http with all that has been read, and its
// connection stays there, so that there is one judge of what is odd.
//
//	read ─▶ plain and whole? ─ yes ─▶ handler ─▶ write once ─▶ read
//	             └ no ─▶ net/http, from the first byte of the request
//
// Handlers get no Hijacker and no deadlines of the connection.

const (
	// quickBuffer is how long a request may be, with its body; quickKept is what a
	// connection that waits keeps of its buffers.
	quickBuffer = 16 << 10
	quickKept   = 4 << 10
	// quickPause is how long the rest of a request that has begun is waited for.
	quickPause = 20 * time.Millisecond
	// watchAfter is how long a handler runs before somebody looks whether the client
	// is still there.
	watchAfter = 20 * time.Millisecond
)

// quick reports whether the port answers a connection's plain requests by itself.
func (p *port) quick(c net.Conn) bool {
	_, secure := c.(*tls.Conn)
	return p.Quick && !secure && !p.People && !p.EndAtOnce && p.WriteTimeout == 0
}

// quickConn is a connection whose requests are answered here.
type quickConn struct {
	port   *port
	conn   net.Conn
	ctx    context.Context //nolint:containedctx // of the connection, in its loop
	remote string
	names  map[string]string // of headers, as they came to as maps have them
	buf    []byte            // what was read; buf[:n] waits to be used
	n      int
	set    time.Time // when the deadline of reads was set; zero: it is not that of waiting
	reply  quickReply
	watch  watch
}

// serveQuick answers requests until the connection ends. It reports whether put took
// the connection instead, with what has been read.
func (p *port) serveQuick(ctx context.Context, c net.Conn, put func(net.Conn) bool) bool {
	own, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), http.LocalAddrContextKey, c.LocalAddr()))
	defer cancel()
	if p.ConnContext != nil {
		own = p.ConnContext(own, c)
	}
	q := &quickConn{port: p, conn: c, ctx: own, remote: c.RemoteAddr().String(), buf: make([]byte, quickKept)}
	q.watch.conn = c
	// Stopping ends a wait for the next request at once, and a handler after a while.
	var late *time.Timer
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		c.SetReadDeadline(time.Unix(1, 0))
		late = time.AfterFunc(drainLimit, func() { cancel(); c.Close() })
	})
	left := q.serve(ctx)
	if !stop() {
		<-ended
		late.Stop()
	}
	if left == nil || ctx.Err() != nil {
		return false
	}
	c.SetReadDeadline(time.Time{})
	return put(left)
}

// serve returns what net/http is to go on with; nil when the connection is over.
func (q *quickConn) serve(ctx context.Context) *resumed {
	for first := true; ; first = false {
		h, fits := q.next(ctx, first)
		if !fits {
			if q.n == 0 {
				return nil
			}
			return &resumed{Conn: q.conn, rest: q.buf[:q.n:q.n]}
		}
		if first {
			q.port.gate.spoke(raw(q.conn))
		}
		if !q.answer(ctx, &h) {
			return nil
		}
		q.n = copy(q.buf, q.buf[h.length:q.n])
		if q.watch.came {
			q.buf[q.n] = q.watch.one[0] // there is room: a request was taken out
			q.n, q.watch.came = q.n+1, false
		}
		if len(q.buf) > quickKept && q.n < quickKept {
			q.buf = append(make([]byte, 0, quickKept), q.buf[:q.n]...)[:quickKept]
		}
		if idle, ok := q.conn.(interface{ Idle() }); ok {
			idle.Idle()
		}
	}
}

// next reads until a whole request is there. fits is false at the connection's end, and
// when the request is none for here.
func (q *quickConn) next(ctx context.Context, first bool) (h quickHead, fits bool) {
	for {
		if q.n > 0 {
			var whole bool
			if h, whole, fits = q.head(q.buf[:q.n]); whole || !fits {
				return h, fits
			}
			if q.n == len(q.buf) {
				if len(q.buf) >= quickBuffer {
					return h, false
				}
				q.buf = append(q.buf, make([]byte, 3*len(q.buf))...)
			}
		}
		q.deadline(first)
		if ctx.Err() != nil { // after the deadline was set, which stopping moves
			return h, false
		}
		n, err := q.conn.Read(q.buf[q.n:])
		if q.n += n; err != nil && n == 0 {
			return h, false
		}
	}
}

// deadline bounds the next read. Between requests it is moved on now and then only.
func (q *quickConn) deadline(first bool) {
	now := time.Now()
	if q.n > 0 {
		q.set = time.Time{}
		q.conn.SetReadDeadline(now.Add(quickPause))
		return
	}
	wait := idleLimit
	if first {
		wait = silence
	}
	if q.set.IsZero() || first || now.Sub(q.set) > idleLimit/16 {
		q.set = now
		if first {
			q.set = time.Time{}
		}
		q.conn.SetReadDeadline(now.Add(wait))
	}
}

// answer runs the handler, and reports whether the connection is good for another
// request.
func (q *quickConn) answer(ctx context.Context, h *quickHead) (again bool) {
	own, cancel := context.WithCancel(q.ctx)
	defer cancel()
	r := h.request.WithContext(own)
	w := &q.reply
	w.begin(q.conn, r)
	q.watch.begin(cancel)
	defer func() {
		if q.watch.end() {
			q.set = time.Time{}
		}
		if p := recover(); p != nil {
			again = false
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				q.port.Log.Debug("a handler panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			}
		}
	}()
	defer h.request.Body.Close() // its memory is the next request's
	web{q.port}.ServeHTTP(w, r)
	h.request.Body.Close() // before the client knows, and may send that
	return w.end(ctx.Err() != nil)
}

// resumed is a connection of which something has been read.
type resumed struct {
	net.Conn
	rest []byte
}

// Read gives what was read before, then reads on.
func (r *resumed) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// NetConn is the connection below.
func (r *resumed) NetConn() net.Conn { return r.Conn }

// Idle passes on that an answer has been written.
func (r *resumed) Idle() {
	if idle, ok := r.Conn.(interface{ Idle() }); ok {
		idle.Idle()
	}
}

// CloseWrite ends our side of the stream.
func (r *resumed) CloseWrite() error {
	if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return r.Close()
}
