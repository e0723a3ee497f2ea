package policy

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

// defaultForward is how long a backend may take until its answer begins.
const defaultForward = 300 * time.Second

// forwarding is forward-request.
type forwarding struct {
	timeout         time.Duration
	expr            *value // of timeout
	follow, rebuild bool
	failOnError     bool
}

func compileForward(r *args) action {
	f := &forwarding{
		timeout: defaultForward, follow: r.flag("follow-redirects", false), rebuild: r.flag("buffer-request-body", false),
		failOnError: r.flag("fail-on-error-status-code", false),
	}
	r.flag("buffer-response", true)
	r.number("continue-timeout", 1, 1, 240)
	r.oneOf("http-version", "1", "2or1", "2")
	f.expr = r.value("timeout")
	if ms := r.number("timeout-ms", 0, 0, 240_000); ms > 0 {
		f.timeout = time.Duration(ms) * time.Millisecond
	}
	return f
}

func (f *forwarding) run(x *Exchange) error { return x.forward(f) }

// forward sends the request to the backend and takes its answer.
func (x *Exchange) forward(f *forwarding) error {
	if x.World.Forward == nil {
		return broken("forward-request", "BackendConnectionFailure", "there is no way to a backend")
	}
	if x.homeless && x.backend == "" {
		return broken("forward-request", "BackendConnectionFailure", "the API has no service URL, and no policy gave one")
	}
	timeout := f.timeout
	if f.expr != nil {
		n, err := f.expr.number(x)
		if err != nil {
			return err
		}
		timeout = time.Duration(n) * time.Second
	}
	if f.rebuild && x.Request.Body != nil {
		if _, err := x.Request.Body.Bytes(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(x.Context)
	timer := time.AfterFunc(timeout, func() { cancel(errTimeout) })
	r, err := x.Request.outgoing(ctx)
	if err != nil {
		timer.Stop()
		cancel(nil)
		return err
	}
	var span string
	if x.TraceParent != "" {
		span = tracecontext.Child(x.TraceParent)
		r.Header["Traceparent"] = []string{span}
	}
	begin := time.Now()
	var reply *http.Response
	x.waiting(func() {
		reply, err = x.World.Forward(r, ForwardOptions{Backend: x.backend, Rest: strings.TrimPrefix(x.Request.Path, x.Request.PathBase), FollowRedirects: f.follow, Certificate: x.shown}) //nolint:bodyclose // whoever answers closes it
	})
	timer.Stop() // what comes of the body after its begin may take longer
	if span != "" {
		x.asked(r, span, begin, reply)
	}
	if err != nil {
		err = backendFailure(ctx, x, err)
		cancel(nil)
		return err
	}
	if x.Trace != nil {
		x.Trace.Add(x, Backend.String(), "forward-request", map[string]any{"url": r.URL.String(), "status": reply.StatusCode, "took": time.Since(begin).String()})
	}
	if x.Response != nil {
		x.Response.Body.Close()
	}
	x.Response = answerOf(reply, cancel)
	if f.failOnError && reply.StatusCode >= 400 {
		failed := refuse(reply.StatusCode, "forward-request", "BackendError", "the backend answered "+reply.Status)
		failed.Header = x.Response.Header
		return failed
	}
	return nil
}

// maxForwarded bounds what is kept of the requests of one call, which may retry.
const maxForwarded = 50

// asked keeps what a backend was asked.
func (x *Exchange) asked(r *http.Request, span string, begin time.Time, reply *http.Response) {
	if len(x.Forwarded) == maxForwarded {
		return
	}
	asked := Forwarded{Method: r.Method, URL: r.URL.String(), TraceParent: span, Began: begin, Took: time.Since(begin)}
	if reply != nil {
		asked.Status = reply.StatusCode
	}
	x.Forwarded = append(x.Forwarded, asked)
}

var errTimeout = errors.New("the backend took too long")

// backendFailure is why no answer came, as callers see it.
func backendFailure(ctx context.Context, x *Exchange, err error) error {
	var own *Failure
	var network net.Error
	switch {
	case errors.As(err, &own):
		return own
	case x.Context.Err() != nil:
		return broken("transport", "ClientConnectionFailure", "A task was canceled.")
	case errors.Is(context.Cause(ctx), errTimeout), errors.As(err, &network) && network.Timeout():
		f := broken("forward-request", "Timeout", "The operation has timed out.")
		f.Status, f.Shown = http.StatusGatewayTimeout, "Gateway Timeout"
		return f
	}
	return broken("forward-request", "BackendConnectionFailure", err.Error())
}

// hopByHop are headers of one connection. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
var hopByHop = []string{"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authorization", "Proxy-Authenticate"}

// endToEnd copies headers without those of the connection.
func endToEnd(h http.Header) http.Header {
	out := make(http.Header, len(h)+4)
	for name, values := range h {
		out[name] = values
	}
	dropHops(out)
	return out
}

// dropHops drops the headers of the connection, and those that its header names.
func dropHops(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			delete(h, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)))
		}
	}
	for _, name := range hopByHop {
		delete(h, name)
	}
}

// outgoing is the request for the wire. net/http writes its framing by the body alone,
// and refuses names and values that headers may not have.
func (r *Request) outgoing(ctx context.Context) (*http.Request, error) {
	u := &url.URL{Scheme: r.Scheme, Host: r.Host, RawQuery: r.Query}
	path, err := url.PathUnescape(r.Path)
	if err != nil || strings.ContainsAny(r.Path, " \r\n\t?#") {
		return nil, broken("forward-request", "BackendConnectionFailure", "the path for the backend is none: "+clip(r.Path))
	}
	u.Path, u.RawPath = path, r.Path
	out := &http.Request{Method: r.Method, URL: u, Host: r.Host, Header: endToEnd(r.Header), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	delete(out.Header, "Content-Length")
	delete(out.Header, "Host")
	delete(out.Header, "Expect")
	if host := r.Header["Host"]; len(host) == 1 && host[0] != "" {
		out.Host = host[0] // set-header of Host
	}
	if before := out.Header["X-Forwarded-For"]; r.ClientIP != "" {
		out.Header["X-Forwarded-For"] = []string{strings.Join(append(before[:len(before):len(before)], r.ClientIP), ", ")}
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // none is made up
	}
	body, length := r.Body.Open()
	if length != 0 && body != nil {
		out.Body, out.ContentLength = body, length
	} else if body != nil {
		_ = body.Close()
		out.Body = http.NoBody
	}
	return out.WithContext(ctx), nil
}

// answerOf is a backend's answer as the reply, which takes its headers over; cancel ends
// its connection when the body is over.
func answerOf(reply *http.Response, cancel context.CancelCauseFunc) *Response {
	_, reason, _ := strings.Cut(reply.Status, " ")
	if reply.Header == nil {
		reply.Header = http.Header{}
	}
	dropHops(reply.Header)
	return &Response{reply.StatusCode, reason, reply.Header, Stream(&cancelling{reply.Body, cancel}, reply.ContentLength)}
}

// cancelling lets go of a request's context with its body.
type cancelling struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (c *cancelling) Close() error {
	err := c.ReadCloser.Close()
	c.cancel(nil)
	return err
}

// retry is retry.
type retry struct {
	condition      *value
	count, wait    *value
	maxWait, delta *value
	fast           *value
	steps          []step
}

func compileRetry(r *args) action {
	t := &retry{
		condition: r.required("condition"), count: r.required("count"), wait: r.required("interval"), maxWait: r.value("max-interval"),
		delta: r.value("delta"), fast: r.or("first-fast-retry", "false"),
	}
	if t.maxWait != nil && t.delta == nil {
		r.fail(r.place("max-interval"), "'max-interval' needs 'delta'")
	}
	t.steps = r.steps(r.e)
	return t
}

const maxRetries = 50

func (t *retry) run(x *Exchange) error {
	count, err := t.count.number(x)
	if err != nil {
		return err
	}
	if count < 1 || count > maxRetries {
		return broken("retry", "InvalidValue", "count is a number from 1 to 50")
	}
	if x.Request.Body != nil && x.section == Backend {
		if _, err := x.Request.Body.Bytes(); err != nil { // each try sends it
			return err
		}
	}
	for n := 0; ; n++ {
		if err := x.steps(t.steps); err != nil && (n == count || !retriable(err)) {
			return err
		} else if err != nil {
			if f, ok := err.(*Failure); ok { //nolint:errorlint // steps gives them bare
				x.LastError = f
			}
			x.Response = x.reply(x.LastError)
		}
		again, err := t.condition.truth(x)
		if err != nil || !again || n == count {
			return err
		}
		wait, err := t.pause(x, n)
		if err != nil {
			return err
		}
		x.waiting(func() { err = pause(x.Context, wait) })
		if err != nil {
			return err
		}
	}
}

// retriable are failures of the backend.
func retriable(err error) bool {
	var f *Failure
	return errors.As(err, &f) && (f.Reason == "BackendConnectionFailure" || f.Reason == "Timeout" || f.Reason == "BackendError")
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return broken("transport", "ClientConnectionFailure", "A task was canceled.")
	}
}

// pause is how long to wait before try n+1.
func (t *retry) pause(x *Exchange, n int) (time.Duration, error) {
	fast, err := t.fast.truth(x)
	if err != nil {
		return 0, err
	}
	if fast && n == 0 {
		return 0, nil
	}
	interval, err := t.wait.real(x)
	if err != nil {
		return 0, err
	}
	s := interval
	if t.delta != nil {
		delta, err := t.delta.real(x)
		if err != nil {
			return 0, err
		}
		s = interval + float64(n)*delta
		if t.maxWait != nil {
			most, err := t.maxWait.real(x)
			if err != nil {
				return 0, err
			}
			s = min(interval+(math.Pow(2, float64(n))-1)*(0.8+0.4*rand.Float64())*delta, most) //nolint:gosec // jitter
		}
	}
	return time.Duration(min(max(s, 0), 3600) * float64(time.Second)), nil
}
