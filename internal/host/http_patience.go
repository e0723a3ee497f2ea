package host

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// httpPatience is how long a connection may be silent before Azure's load balancer
// hangs up, whatever functionTimeout says. See
// https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout.
const httpPatience = 230 * time.Second

// silence is what a client is told then. The function runs on, as in Azure, unless its
// worker can be asked to cancel it.
const silence = "the function has answered nothing for 230 seconds, the most that Azure gives an HTTP request; " +
	"it runs on. Answer 202 at once and do the work in a function that a queue starts\n"

// within serves a request while there is a byte to or from the client at least every
// httpPatience. Else a client that has heard nothing yet is answered 504, and one that
// has is hung up on; serve's request has ended then, and what it writes goes nowhere.
func within(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p := &patient{w: w, cancel: cancel, last: time.Now()}
	p.start()
	defer p.end()
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &noted{r.Body, func([]byte) { p.heard() }}
	}
	serve(p, r)
}

// patient is a response that is given up after a silence.
type patient struct {
	w      http.ResponseWriter
	cancel context.CancelFunc

	mu    sync.Mutex // guards what follows, and writing
	timer *time.Timer
	last  time.Time // of the last byte
	begun bool      // the head is written
	over  bool      // the client has been given up, or the response is another's
	own   http.Header
}

func (p *patient) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(httpPatience, p.late)
}

// late gives the client up.
func (p *patient) late() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if left := httpPatience - time.Since(p.last); left > 0 { // it waited for a write
		p.timer.Reset(left)
		return
	}
	p.over = true
	p.own = p.w.Header().Clone()
	p.cancel()
	if p.begun {
		return // what serve does next breaks the response off
	}
	h := p.w.Header()
	clear(h)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(silence)))
	h.Set("Connection", "close") // the next request is not to wait until the function ends
	p.w.WriteHeader(http.StatusGatewayTimeout)
	_, _ = io.WriteString(p.w, silence)         // the client may be gone
	_ = http.NewResponseController(p.w).Flush() // the same
}

// end stops the clock. A response that was given up in its middle is broken off.
func (p *patient) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
	if p.begun && p.own != nil {
		panic(http.ErrAbortHandler)
	}
}

func (p *patient) heard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now() // the timer looks at it
}

// Header implements http.ResponseWriter.
func (p *patient) Header() http.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own != nil {
		return p.own
	}
	return p.w.Header()
}

// WriteHeader implements http.ResponseWriter.
func (p *patient) WriteHeader(code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.begun = p.begun || code >= http.StatusOK
	p.w.WriteHeader(code)
	p.last = time.Now()
}

// Write implements http.ResponseWriter.
func (p *patient) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return 0, http.ErrHandlerTimeout
	}
	p.begun = true
	n, err := p.w.Write(b)
	p.last = time.Now()
	return n, err
}

// FlushError implements what http.ResponseController looks for.
func (p *patient) FlushError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return http.ErrHandlerTimeout
	}
	p.begun = true
	return http.NewResponseController(p.w).Flush()
}

// Hijack implements http.Hijacker: an upgraded connection is its owner's.
func (p *patient) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil, nil, http.ErrHandlerTimeout
	}
	conn, buffered, err := http.NewResponseController(p.w).Hijack()
	p.over = err == nil
	return conn, buffered, err
}

// Unwrap lets http.ResponseController reach what is below.
func (p *patient) Unwrap() http.ResponseWriter { return p.w }
