// Package apim is the gateway as callers see it: HTTP in, HTTP out. What a call means
// and does is the engine's (room gateway); here a request becomes one of the engine's,
// and its response is sent, streamed as it comes.
//
// net/http has read the request: a message whose framing is ambiguous never gets here.
// Headers of the connection go neither way.
package apim

import (
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// Paths that say whether the gateway is there, without a key.
const (
	statusPath   = "/status-0123456789abcdef"
	internalPath = "/internal-status-0123456789abcdef"
)

// maxURL bounds what is asked for. https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
const maxURL = 16 << 10

// Service answers for one gateway. It is safe for concurrent use.
type Service struct {
	Gateway *gateway.Service
	// TraceToken opens traces of policies to whoever has it, in the header
	// Lazuli-Trace, besides subscriptions that allow it.
	TraceToken string
	traces     traces
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == statusPath || r.URL.Path == internalPath:
		w.WriteHeader(http.StatusOK)
		return
	case strings.HasPrefix(r.URL.Path, tracePath):
		s.traces.serve(w, r)
		return
	case len(r.RequestURI) > maxURL:
		s.write(w, http.StatusRequestURITooLong, "Request URI is too long.")
		return
	case r.Method == http.MethodConnect || r.URL.Host != "" && r.URL.Scheme != "http" && r.URL.Scheme != "https":
		s.write(w, http.StatusBadRequest, "Bad Request")
		return
	}
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 and recorders do it anyway, or cannot
	}
	trace, inReply := s.trace(r)
	body := &counted{}
	x := s.Gateway.Do(r.Context(), request(r, body), trace)
	if trace != nil {
		s.traced(w, r, x, trace, inReply)
	}
	whole := r.ContentLength == body.n.Load()
	sent := s.send(w, r, x, whole)
	s.Gateway.Over(x, sent+body.n.Load())
	if !whole && r.ProtoMajor == 1 {
		letGo(w, r)
	}
}

// letGo answers, and lets a body go that was not read to its end: net/http, left to do
// it after the handler, would read the connection twice at once after EnableFullDuplex,
// and panic. The answer comes first, as the rest of a body may not come.
func letGo(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).Flush() // the client may be gone, here and below
	_ = r.Body.Close()
}

// AllowsOrigin implements door.OriginAllower: cors policies say who may do what, and a
// key or a token opens what is here, which no foreign page has.
func (s *Service) AllowsOrigin(*http.Request) bool { return true }

// Refuse implements door.Refuser.
func (s *Service) Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	code := http.StatusForbidden
	if fault.Is(err, fault.NotFound) {
		code = http.StatusNotFound
	}
	s.write(w, code, err.Error())
}

func (s *Service) write(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(policy.ErrorBody(code, message, "")) // the client may be gone
}

// request is a request as the engine has them.
func request(r *http.Request, count *counted) *policy.Request {
	u := *r.URL
	u.Host, u.Scheme, u.User = r.Host, "http", nil
	if r.TLS != nil {
		u.Scheme = "https"
	}
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	out := &policy.Request{Method: r.Method, Header: r.Header, ClientIP: ip, Original: &u}
	if r.TLS != nil {
		out.Certificates = r.TLS.PeerCertificates
	}
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		count.body = r
		out.Body = policy.Stream(count, r.ContentLength)
	}
	return out
}

// counted is a request's body whose bytes are counted.
type counted struct {
	body *http.Request
	n    atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.body.Body.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (c *counted) Close() error { return c.body.Body.Close() }

// send sends the response and returns how many bytes its body had. What comes from a
// backend as a stream is flushed piece by piece. whole says that the request was read to
// its end.
func (s *Service) send(w http.ResponseWriter, r *http.Request, x *policy.Exchange, whole bool) int64 {
	reply := x.Response
	defer reply.Body.Close()
	h := w.Header()
	for name, values := range reply.Header {
		if name != "Content-Length" {
			h[name] = values
		}
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // net/http guesses none then
	}
	stream := reply.Body != nil && !reply.Body.Buffered()
	body, length := reply.Body.Open()
	head := x.Request.Method == http.MethodHead
	switch {
	case head && len(reply.Header["Content-Length"]) == 1:
		h["Content-Length"] = reply.Header["Content-Length"]
	case length >= 0 && reply.Status >= 200 && reply.Status != http.StatusNoContent && reply.Status != http.StatusNotModified && !head:
		h.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	status := reply.Status
	if status < 200 || status > 999 {
		status = http.StatusBadGateway // 1xx is no answer
	}
	if body != nil {
		defer body.Close()
	}
	if reason := reasonOf(reply, status); reason != "" {
		if own, ok := w.(interface{ SetReason(text string) }); ok {
			own.SetReason(reason)
		} else if whole && (body == nil || length >= 0) {
			if n, done := takeOver(w, r, status, reason, body); done {
				return n
			}
		}
	}
	w.WriteHeader(status)
	if body == nil {
		return 0
	}
	if head {
		return 0
	}
	var flush func()
	if f, ok := w.(http.Flusher); ok && stream && length < 0 {
		flush = f.Flush
		flush() // the backend may think for a while before the first piece
	}
	n, err := policy.Copy(w, body, flush)
	if err != nil && stream {
		panic(http.ErrAbortHandler) // half a body must not look whole
	}
	return n
}

// trace is the trace of a request that asks for one and may; whole says that it comes
// with the reply, for lazuli gateway test.
func (s *Service) trace(r *http.Request) (t *policy.Trace, whole bool) {
	if given := r.Header.Get(TraceHeader); given != "" {
		delete(r.Header, TraceHeader)
		if s.TraceToken != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.TraceToken)) == 1 {
			return policy.NewTrace(), true
		}
	}
	if strings.EqualFold(r.Header.Get("Ocp-Apim-Trace"), "true") && s.Gateway.MayTrace(r.Header.Get("Ocp-Apim-Subscription-Key")) {
		return policy.NewTrace(), false
	}
	return nil, false
}

// TraceHeader opens traces with the service's token; the trace comes in the header of
// the same name, as where it can be read once.
const TraceHeader = "Lazuli-Trace"

func (s *Service) traced(_ http.ResponseWriter, r *http.Request, x *policy.Exchange, t *policy.Trace, whole bool) {
	text, err := json.Marshal(map[string]any{"serviceName": x.About.Service, "traceId": x.ID(), "traceEntries": t.Entries})
	if err != nil {
		return
	}
	where := s.traces.keep(text)
	if whole {
		x.Response.Header.Set(TraceHeader, tracePath+where)
		return
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	x.Response.Header.Set("Ocp-Apim-Trace-Location", scheme+r.Host+tracePath+where)
}
