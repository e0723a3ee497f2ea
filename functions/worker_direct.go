package functions

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// directCapability says that this worker can be told of an invocation by the HTTP
// request alone. Its value is what the host proves itself with, since the protocol
// tells of nothing then: any program on the machine could call. Hosts that do not know
// it use both legs.
const directCapability = "LazuliDirectHttp"

// Headers of requests that tell of their invocation, and of their responses. They are
// internal/host/worker's as well.
const (
	directToken    = "X-Lazuli-Token"
	directFunction = "X-Lazuli-Function"
	directTrace    = "X-Lazuli-Trace"
	directParams   = "X-Lazuli-Params"
	directEnded    = "X-Lazuli-Ended"
)

func (s *httpSide) isDirect(r *http.Request) bool {
	token := r.Header.Get(directToken)
	return token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1 && s.worker.Load() != nil
}

// direct runs the invocation that a request tells of. The response's head says that it
// succeeded, when it has by then and nothing else is to be told; otherwise the answer
// goes over the protocol, behind what was logged.
func (w *worker) direct(rw http.ResponseWriter, r *http.Request, id string) {
	req := &funcrpc.InvocationRequest{InvocationId: id, FunctionId: r.Header.Get(directFunction)}
	req.TraceContext = &funcrpc.RpcTraceContext{TraceParent: r.Header.Get(directTrace)}
	params, err := url.ParseQuery(r.Header.Get(directParams))
	for _, name := range []string{directToken, directFunction, directTrace, directParams} {
		delete(r.Header, name)
	}
	var f *function
	if err == nil {
		f, err = w.admit(req.FunctionId)
	}
	if err != nil {
		rw.WriteHeader(http.StatusServiceUnavailable)
		w.respond("", &funcrpc.InvocationResponse{InvocationId: id, Result: status(w.base, err)})
		return
	}
	defer w.running.Done()
	ctx, cancel := context.WithCancelCause(w.base)
	w.mu.Lock()
	w.cancels[id] = cancel
	w.mu.Unlock()
	defer cancel(context.Canceled)
	defer context.AfterFunc(r.Context(), func() { cancel(ErrCancelled) })()
	for name := range params {
		r.SetPathValue(name, params.Get(name))
	}
	held := &heldResponse{ResponseWriter: rw}
	var logged atomic.Bool
	c := newCall(f, req, func(record *funcrpc.RpcLog) { logged.Store(true); w.sink(record) })
	c.exchange = &exchange{w: held, r: r}
	resp := c.run(ctx)
	// From here on a host that gives up is told that this is over; one that gave up
	// before does not hear what the response's head says.
	w.mu.Lock()
	delete(w.cancels, id)
	heard := ctx.Err() == nil
	w.mu.Unlock()
	if resp.Result.Status == funcrpc.StatusResult_Success {
		if !held.end(heard && !logged.Load()) {
			w.respond("", resp)
		}
		return
	}
	whole := held.fail()
	w.respond("", resp)
	if !whole {
		panic(http.ErrAbortHandler)
	}
}

// input is the exchange for the handler; in carries the route's parameters.
func (e *exchange) input(in *funcrpc.RpcHttp) HTTPExchange {
	for name, value := range merged(in.GetParams(), in.GetNullableParams()) {
		e.r.SetPathValue(name, value)
	}
	if from := caller(e.r.Header); from != "" {
		e.r.RemoteAddr = from
	}
	return HTTPExchange{e.w, e.r}
}
