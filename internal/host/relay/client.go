package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

const (
	// keptFor is how long a connection waits for its next request: less than the five
	// seconds after which Node's and uvicorn's servers hang up.
	keptFor = 3 * time.Second
	// keptMost is how many wait for one program.
	keptMost = 64
	// maxBody is the largest request body that is taken whole before it is passed on.
	maxBody    = 64 << 10
	bufferSize = 32 << 10
	// maxHead bounds the head of a response, as net/http's client does.
	maxHead = 10 << 20
)

// Client keeps connections to programs. All methods may be called at any time.
type Client struct {
	// Dial opens a connection.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	buffers sync.Pool // of *[bufferSize]byte

	mu     sync.Mutex // guards the fields below
	kept   map[string][]*conn
	sweeps *time.Timer // nil: nothing is kept
}

// Request is where a request goes, and what changes on the way.
type Request struct {
	Address string      // host and port of the program
	Set     http.Header // in place of the headers of these names
	// Head is told of the response before its head is passed on, and may change its
	// headers and wrap its body; may be nil.
	Head func(*http.Response)
}

// Fits reports whether Do can pass a request on: it is HTTP as it was before
// upgrades, and its body, if it has one, is small and of known size.
func Fits(r *http.Request) bool {
	return r.ContentLength >= 0 && r.ContentLength <= maxBody && len(r.TransferEncoding) == 0 && len(r.Trailer) == 0 &&
		r.Header.Get("Expect") == "" && !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "Upgrade") && r.Method != http.MethodConnect
}

// Do passes a request on and its response back. It returns why there was no
// response, before anything was written to w. A response that breaks off panics
// with http.ErrAbortHandler, as net/http's server wants it, so that the caller
// hears of it. It ends with ctx.
func (c *Client) Do(ctx context.Context, w http.ResponseWriter, r *http.Request, to Request) error {
	body, err := whole(r)
	if err != nil {
		return fmt.Errorf("%w: read the request's body: %w", ErrNotSent, err)
	}
	head := appendHead(make([]byte, 0, 1024+len(body)), r, to.Set, len(body))
	k, resp, err := c.ask(ctx, w, r, to.Address, append(head, body...)) //nolint:bodyclose // pass closes it
	if err != nil {
		return err
	}
	if to.Head != nil {
		to.Head(resp)
	}
	err = c.pass(w, resp, k.in)
	if k.release() && err == nil && !resp.Close {
		c.keep(to.Address, k)
		return nil
	}
	k.Close()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// whole reads a request's body.
func whole(r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil {
		return nil, nil
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// ask sends a request and reads the head of its response. A kept connection may have
// been hung up on meanwhile; then what may be asked twice is asked again.
func (c *Client) ask(ctx context.Context, w http.ResponseWriter, r *http.Request, address string, request []byte) (*conn, *http.Response, error) {
	var before error // of a time when it was sent, if that is not the last
	for {
		k, kept, err := c.take(ctx, address)
		if err != nil {
			return nil, nil, cmp.Or(before, err)
		}
		k.release = context.AfterFunc(ctx, func() { k.Close() })
		resp, err := k.ask(w, r, request)
		if err == nil {
			return k, resp, nil
		}
		k.release()
		k.Close()
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case !kept || k.heard || !repeatable(r):
			return nil, nil, err
		}
		before = err
	}
}

// repeatable reports whether asking twice is as asking once.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// take is a connection to a program: one that was kept and is alive, or a new one.
func (c *Client) take(ctx context.Context, address string) (k *conn, kept bool, err error) {
	for {
		c.mu.Lock()
		all := c.kept[address]
		if len(all) == 0 {
			c.mu.Unlock()
			break
		}
		k = all[len(all)-1]
		all[len(all)-1] = nil
		c.kept[address] = all[:len(all)-1]
		c.mu.Unlock()
		if k.fresh(time.Now()) && k.alive() {
			return k, true, nil
		}
		k.Close()
	}
	raw, err := c.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return newConn(raw), false, nil
}

// keep keeps a connection for the next request.
func (c *Client) keep(address string, k *conn) {
	k.since = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept[address]) >= keptMost {
		k.Close()
		return
	}
	if c.kept == nil {
		c.kept = map[string][]*conn{}
	}
	c.kept[address] = append(c.kept[address], k)
	if c.sweeps == nil {
		c.sweeps = time.AfterFunc(keptFor, c.sweep)
	}
}

// sweep closes what was kept too long.
func (c *Client) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for address, all := range c.kept {
		left := all[:0]
		for _, k := range all {
			if k.fresh(now) {
				left = append(left, k)
			} else {
				k.Close()
			}
		}
		clear(all[len(left):])
		if c.kept[address] = left; len(left) == 0 {
			delete(c.kept, address)
		}
	}
	switch {
	case len(c.kept) == 0:
		c.sweeps = nil
	case c.sweeps != nil:
		c.sweeps.Reset(keptFor)
	}
}

// CloseIdle closes what is kept.
func (c *Client) CloseIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, all := range c.kept {
		for _, k := range all {
			k.Close()
		}
	}
	c.kept = nil
	if c.sweeps != nil {
		c.sweeps.Stop()
		c.sweeps = nil
	}
}

// ErrNotSent is why a request did not reach the program.
var ErrNotSent = errors.New("the request was not sent")

// errHead is of a response whose head does not end.
var errHead = errors.New("the head of the response is larger than 10 MB")
