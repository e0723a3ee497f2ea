package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// Transport is an http.RoundTripper that sends what fits over connections that its
// client keeps, without goroutines of their own. What does not fit it leaves to Base: a
// body that is large or of unknown size, TLS, a change of the protocol, and what is not
// well-formed, which Base refuses in its words.
//
// A response's body must be read to its end for the connection to be used again. Early
// hints are dropped, as net/http's transport does.
type Transport struct {
	Client *Client
	Base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	target := r.URL.RequestURI()
	if !fitsOut(r, target) {
		return t.Base.RoundTrip(r)
	}
	request, err := outgoing(r, target)
	if err != nil {
		return nil, err
	}
	address := r.URL.Host
	if r.URL.Port() == "" {
		address = net.JoinHostPort(r.URL.Hostname(), "80")
	}
	k, resp, err := t.Client.ask(r.Context(), nil, r, address, request)
	if err != nil {
		return nil, err
	}
	if resp.Body == http.NoBody || resp.ContentLength == 0 {
		t.Client.done(address, k, resp.Close)
		resp.Body = http.NoBody
		return resp, nil
	}
	resp.Body = &lent{body: resp.Body, client: t.Client, address: address, k: k, ctx: r.Context(), last: resp.Close}
	return resp, nil
}

// CloseIdleConnections closes what is kept, here and in Base.
func (t *Transport) CloseIdleConnections() {
	t.Client.CloseIdle()
	if b, ok := t.Base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// fitsOut reports whether a request of a client is one for kept connections, and
// well-formed: nothing in it can end a line or begin another request.
func fitsOut(r *http.Request, target string) bool {
	bodiless := r.Body == nil || r.Body == http.NoBody
	switch {
	case r.URL.Scheme != "http", r.ContentLength < 0, r.ContentLength > maxBody, bodiless != (r.ContentLength == 0),
		len(r.TransferEncoding) > 0, len(r.Trailer) > 0, r.Close, r.Method == http.MethodConnect, r.URL.Opaque != "":
		return false
	case !token(r.Method), r.URL.Host == "", !httpguts.ValidHostHeader(r.Host), !httpguts.ValidHostHeader(r.URL.Host):
		return false
	}
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return false
		}
	}
	for name, values := range r.Header {
		if name == "Expect" || name == "Upgrade" || name == "Connection" || !httpguts.ValidHeaderFieldName(name) {
			return false
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return false
			}
		}
	}
	return true
}

// token reports whether a text is one word of RFC 9110, as methods are.
func token(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !httpguts.IsTokenRune(r) }) < 0
}

// outgoing is a request as it is written, with its body.
func outgoing(r *http.Request, target string) ([]byte, error) {
	b := append(make([]byte, 0, 1024+r.ContentLength), r.Method...)
	b = append(append(append(b, ' '), target...), " HTTP/1.1\r\nHost: "...)
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	b = append(append(b, host...), "\r\n"...)
	for name, values := range r.Header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
		default:
			b = appendLines(b, name, values)
		}
	}
	switch {
	case r.ContentLength > 0, r.Method == http.MethodPost, r.Method == http.MethodPut, r.Method == http.MethodPatch:
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), r.ContentLength, 10), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	if r.ContentLength == 0 {
		return b, nil
	}
	head := len(b)
	b = append(b, make([]byte, r.ContentLength)...)
	_, err := io.ReadFull(r.Body, b[head:])
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, fmt.Errorf("%w: read the request's body: %w", ErrNotSent, err)
	}
	return b, nil
}

// lent is the body of a response, which has its connection until it ends.
type lent struct {
	body    io.ReadCloser
	client  *Client
	address string
	ctx     context.Context //nolint:containedctx // of the request, whose end ends the body
	last    bool

	mu sync.Mutex // guards k
	k  *conn      // nil: given back
}

// Read gives the connection back at the end.
func (l *lent) Read(p []byte) (int, error) {
	n, err := l.body.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		if k := l.take(); k != nil {
			l.client.done(l.address, k, l.last)
		}
	case l.ctx.Err() != nil:
		err = context.Cause(l.ctx)
	}
	return n, err
}

// Close closes the connection of a body that was not read to its end.
func (l *lent) Close() error {
	if k := l.take(); k != nil {
		k.release()
		return k.Close()
	}
	return nil
}

func (l *lent) take() *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.k
	l.k = nil
	return k
}

// done keeps a connection whose response is over, unless it was its last.
func (c *Client) done(address string, k *conn, last bool) {
	if k.release() && !last {
		c.keep(address, k)
		return
	}
	k.Close()
}
