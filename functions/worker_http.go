package functions

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// httpSide is where a worker takes HTTP requests from the host directly, so
// that functions stream: the host forwards the request with the invocation's
// id in a header, and tells of the invocation over FunctionRpc as well, with a
// request that has no URL. The two legs meet here, whichever comes first.
type httpSide struct {
	listener net.Listener
	server   *http.Server
	served   chan error
	token    string                 // see directCapability
	worker   atomic.Pointer[worker] // whose side it is; nil before there is one

	mu      sync.Mutex
	waiting map[string]chan *exchange // guarded by mu; by invocation id
}

// exchange is one forwarded request. The handler runs in the invocation's
// goroutine while the server's waits for done.
type exchange struct {
	w    http.ResponseWriter
	out  *streamed // the same, of a request whose invocation came by another leg
	r    *http.Request
	done chan struct{}
	cut  bool // the response must not look complete; set before done is closed
}

// forwardedHeader carries the invocation's id on a forwarded request.
const forwardedHeader = "X-Ms-Invocation-Id"

// legPatience is how long one leg of an invocation waits for the other.
const legPatience = 30 * time.Second

// bufferedProperty, on a function's metadata, asks the host not to forward:
// the response of a function with outputs must wait until they are written.
// Hosts that do not know it forward, and the response goes out before.
const bufferedProperty = "lazuliBufferedHttp"

// streams reports whether the function's requests are to be forwarded.
func (f *function) streams() bool {
	return f.trigger.kind() == "httpTrigger" && len(f.outputs) == 0
}

// openHTTP listens for forwarded requests when there is a function for them;
// nil when there is none.
func (a *App) openHTTP(ctx context.Context) (*httpSide, error) {
	wanted := false
	for _, f := range a.functions {
		wanted = wanted || f.streams()
	}
	if !wanted {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &httpSide{listener: l, served: make(chan error, 1), token: rand.Text(), waiting: map[string]chan *exchange{}}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	go func() { s.served <- s.server.Serve(l) }()
	return s, nil
}

// close ends the server, after the responses that are being written.
func (s *httpSide) close() error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = s.server.Close()
	}
	<-s.served
	return err
}

// capabilities adds where forwarded requests go.
func (s *httpSide) capabilities() map[string]string {
	out := capabilities()
	if s != nil {
		out["HttpUri"] = "http://" + s.listener.Addr().String()
		out["RequiresRouteParameters"] = "true"
		out[directCapability] = s.token
	}
	return out
}

// meeting is where the legs of an invocation meet; leave forgets it.
func (s *httpSide) meeting(id string) (at chan *exchange, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[id] == nil {
		s.waiting[id] = make(chan *exchange)
	}
	return s.waiting[id], func() {
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
	}
}

// ServeHTTP hands a forwarded request to its invocation and waits for its end.
func (s *httpSide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(forwardedHeader)
	if id == "" {
		http.Error(w, "only the functions host may call here", http.StatusForbidden)
		return
	}
	r.Header.Del(forwardedHeader)
	_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/1 answers while it reads
	if s.isDirect(r) {
		s.worker.Load().direct(w, r, id)
		return
	}
	out := &streamed{ResponseWriter: w}
	e := &exchange{w: out, out: out, r: r, done: make(chan struct{})}
	at, leave := s.meeting(id)
	timer := time.NewTimer(legPatience)
	defer timer.Stop()
	select {
	case at <- e:
	case <-r.Context().Done():
		leave()
		return
	case <-timer.C:
		leave()
		http.Error(w, "the functions host announced no such invocation", http.StatusForbidden)
		return
	}
	<-e.done
	if e.cut {
		panic(http.ErrAbortHandler)
	}
}

// arrival waits for the request of an invocation.
func (s *httpSide) arrival(ctx context.Context, id string) (*exchange, error) {
	at, leave := s.meeting(id)
	defer leave()
	timer := time.NewTimer(legPatience)
	defer timer.Stop()
	select {
	case e := <-at:
		return e, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timer.C:
		return nil, errors.New("the host announced an HTTP request and did not forward it")
	}
}

// forwarded reports whether the invocation's request comes by HTTP.
func (w *worker) forwarded(f *function, req *funcrpc.InvocationRequest) bool {
	if w.http == nil || f.trigger.kind() != "httpTrigger" {
		return false
	}
	in, err := input(req, "req")
	return err == nil && in.GetHttp() != nil && in.GetHttp().Url == ""
}

// runForwarded runs an invocation whose request comes by HTTP. cancel ends the
// handler's context when the caller has gone away.
func (w *worker) runForwarded(ctx context.Context, cancel context.CancelCauseFunc, f *function, req *funcrpc.InvocationRequest) *funcrpc.InvocationResponse {
	e, err := w.http.arrival(ctx, req.InvocationId)
	if err != nil {
		return &funcrpc.InvocationResponse{InvocationId: req.InvocationId, Result: status(ctx, err)}
	}
	defer context.AfterFunc(e.r.Context(), func() { cancel(ErrCancelled) })()
	c := newCall(f, req, w.sink)
	c.exchange = e
	resp := c.run(ctx)
	e.finish(resp.Result.Status == funcrpc.StatusResult_Success)
	return resp
}

// finish ends the response. That of a handler that failed is a 500, or cut off
// when a part of it is out.
func (e *exchange) finish(succeeded bool) {
	if !succeeded && !e.out.began {
		e.out.Header().Set("Content-Length", "0")
		e.out.WriteHeader(http.StatusInternalServerError)
		e.out.Flush()
	} else if !succeeded {
		e.cut = true
	}
	close(e.done)
}

// streamed is the http.ResponseWriter of a forwarded request. It knows whether
// the response has begun.
type streamed struct {
	http.ResponseWriter
	began bool
}

func (s *streamed) WriteHeader(code int) {
	s.began = s.began || code >= 200
	s.ResponseWriter.WriteHeader(code)
}

func (s *streamed) Write(p []byte) (int, error) {
	s.began = true
	return s.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (s *streamed) Flush() {
	s.began = true
	_ = http.NewResponseController(s.ResponseWriter).Flush() // the caller is gone
}

// Unwrap lets http.ResponseController reach the server's own.
func (s *streamed) Unwrap() http.ResponseWriter { return s.ResponseWriter }
