package host

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/relay"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// directLeg is a request that tells a worker of its invocation all by itself; see
// worker.DirectHTTP.
type directLeg struct {
	h      *Host
	w      http.ResponseWriter
	r      *http.Request
	target *url.URL
	params map[string]string
	worker worker.Direct
	token  string
	pass   *httpLeg

	asked bool // w has been answered, if only with an error
	broke any  // what the response that broke off panicked with, or nil
}

// forwardDirect is forward for a worker that needs no other leg. All of it runs here,
// but for what the worker answers over the protocol.
func (h *Host) forwardDirect(w http.ResponseWriter, r *http.Request, f *function, live *worker.Seat, to worker.Direct, target *url.URL, params map[string]string) {
	leg := &directLeg{
		h: h, w: w, r: r, target: target, params: params, worker: to,
		token: live.Info().Capabilities[worker.DirectHTTP], pass: newLeg(r),
	}
	_, err := h.attempt(r.Context(), f, attempt{
		on: live, giveUp: r.Context().Done(), leg: leg.pass, direct: leg.run,
		call: trigger.Call{Reason: httpReason, Items: 1, TraceParent: r.Header.Get("Traceparent")},
	})
	switch {
	case leg.broke != nil:
		panic(leg.broke)
	case err != nil && !leg.asked: // no worker any more
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// run sends the request and returns how the invocation went.
func (l *directLeg) run(ctx context.Context, id, functionID, trace string) (*funcrpc.InvocationResponse, error) {
	expected, err := l.worker.Expect(id)
	if err != nil {
		l.pass.end()
		return nil, err
	}
	set := http.Header{
		http.CanonicalHeaderKey(invocationHeader): {id},
		worker.DirectToken:                        {l.token},
		worker.DirectFunction:                     {functionID},
		worker.DirectTrace:                        {trace},
		worker.DirectParams:                       nil,
	}
	if len(l.params) > 0 {
		values := make(url.Values, len(l.params))
		for name, value := range l.params {
			values.Set(name, value)
		}
		set[worker.DirectParams] = []string{values.Encode()}
	}
	err = l.send(ctx, set)
	switch {
	case l.pass.ended:
		expected.Forget()
		return &funcrpc.InvocationResponse{InvocationId: id, Result: &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success}}, nil
	case errors.Is(err, relay.ErrNotSent):
		expected.Forget()
		return nil, err
	}
	gone := l.r.Context().Done()
	if err != nil || l.broke != nil { // it may have ended without our hearing of it
		ended := make(chan struct{})
		close(ended)
		gone = ended
	}
	return expected.Wait(ctx, gone)
}

// send passes the request on and the response back, until ctx ends.
func (l *directLeg) send(ctx context.Context, set http.Header) error {
	defer func() { l.broke = recover() }()
	l.asked = true
	leg, cancel := context.WithCancel(l.r.Context())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if err := l.h.proxy(l.w, l.r.WithContext(leg), l.target, l.pass, set); err != nil {
		return err
	}
	if l.w.Header().Get("Content-Length") != "" { // it is whole: the client need not wait for the protocol
		_ = http.NewResponseController(l.w).Flush() // the client may be gone
	}
	return nil
}
