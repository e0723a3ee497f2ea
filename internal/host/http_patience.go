package host

import (
	"bufio"
	"context"
	"io"
	"maps"
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
	p := &patient{w: w, cancel: cancel, last: time.Now(), own: w.Header().Clone()}
	if p.own == nil {
		p.own = http.Header{}
	}
	p.start()
	defer p.end()
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &noted{r.Body, func([]byte) { p.heard() }}
	}
	serve(p, r)
}

// patient is a response that is given up after a silence. serve has a header of its
// own, which is copied when it is sent: who gives up writes another at any moment.
type patient struct {
	w      http.ResponseWriter
	cancel context.CancelFunc
	own    http.Header // serve's

	mu    sync.Mutex // guards what follows, and writing
	timer *time.Timer
	last  time.Time // of the last byte
	begun bool      // the head is written
	over  bool      // the client has been given up, or the response is another's
	gone  bool      // the client has been given up
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
	p.over, p.gone = true, true
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
	switch {
	case p.begun && p.gone:
		panic(http.ErrAbortHandler)
	case !p.over:
		p.copyHeader() // the head of a response without a body, or trailers
	}
}

// copyHeader makes serve's header that of the response. The caller is serve, and has mu.
func (p *patient) copyHeader() {
	h := p.w.Header()
	clear(h)
	maps.Copy(h, p.own)
}

func (p *patient) heard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now() // the timer looks at it
}

// Header implements http.ResponseWriter.
func (p *patient) Header() http.Header { return p.own }

// WriteHeader implements http.ResponseWriter.
func (p *patient) WriteHeader(code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if !p.begun {
		p.copyHeader()
	}
	p.begun = p.begun || code >= http.StatusOK
	p.w.WriteHeader(code)
	p.last = time.Now()
}

// begin is before bytes are sent. The caller is serve, and has mu.
func (p *patient) begin() {
	if !p.begun {
		p.copyHeader()
		p.begun = true
	}
}

// Write implements http.ResponseWriter.
func (p *patient) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return 0, http.ErrHandlerTimeout
	}
	p.begin()
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
	p.begin()
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
