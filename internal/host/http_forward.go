package host

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/relay"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// invocationHeader ties a forwarded request to its invocation.
const invocationHeader = "x-ms-invocation-id"

// forward streams the request to the worker's own HTTP endpoint. A language
// worker is told of the invocation over the protocol as well, with a request
// that has no URL (that is how it knows), and the invocation ends when both
// legs have ended. Nothing is buffered on the way.
func (h *Host) forward(w http.ResponseWriter, r *http.Request, f *function, live *worker.Seat, params map[string]string) {
	info := live.Info()
	target, err := url.Parse(info.HTTPEndpoint)
	if err != nil {
		http.Error(w, "the worker's HTTP endpoint is no address", http.StatusBadGateway)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), lostKey{}, live.Lost()))
	if h.setup().kind == project.Custom {
		h.forwardCustom(w, r, f, target)
		return
	}
	if direct, ok := live.Worker.(worker.Direct); ok && info.Capabilities[worker.DirectHTTP] != "" && len(f.inputs) == 0 && relay.Fits(r) {
		h.forwardDirect(w, r, f, live, direct, target, params)
		return
	}
	in := httpInput{request: r, params: params}
	var metadata map[string]*funcrpc.TypedData
	if !info.Capabilities.Has(worker.RequiresRouteParameters) { // it takes headers and route values from there
		metadata = in.metadata(f.trigger.Name, info.Capabilities, false)
	}
	pass := newLeg(r)
	ctx, hangUp := context.WithCancel(r.Context())
	defer hangUp()
	ids, answered := make(chan string, 1), make(chan struct{})
	leg := make(chan error, 1)
	go func() {
		_, err := h.attempt(r.Context(), f, attempt{
			onStart: func(id string) { ids <- id },
			on:      live,
			giveUp:  r.Context().Done(),
			leg:     pass,
			call: trigger.Call{
				Reason: httpReason, Items: 1, TraceParent: r.Header.Get("Traceparent"),
				Data:     func(caps worker.Capabilities) *funcrpc.TypedData { return in.routeOnly(caps) },
				Metadata: metadata,
			},
		})
		if err != nil {
			select { // what the worker answers to a failure may be on its way
			case <-answered:
			case <-time.After(failedLegPatience):
			}
			hangUp()
		}
		leg <- err
	}()
	select {
	case id := <-ids:
		h.proxy(w, r.WithContext(ctx), target, pass, http.Header{invocationHeader: {id}})
		close(answered)
		<-leg
	case <-leg: // no worker any more
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// failedLegPatience is how long the HTTP leg of an invocation that failed may
// take to say so.
const failedLegPatience = 2 * time.Second

// routeOnly is the request as it is told to a worker that gets it by HTTP.
func (in httpInput) routeOnly(caps worker.Capabilities) *funcrpc.TypedData {
	h := &funcrpc.RpcHttp{}
	if caps.Has(worker.RequiresRouteParameters) {
		if caps.Has(worker.NullableHTTPValues) {
			h.NullableParams = nullable(printableAll(in.params))
		} else {
			h.Params = printableAll(in.params)
		}
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}
}

// forwardCustom streams the request to a custom handler, which is the whole
// invocation.
func (h *Host) forwardCustom(w http.ResponseWriter, r *http.Request, f *function, target *url.URL) {
	id, begun := uuid.New(), time.Now()
	trace := tracecontext.Child(r.Header.Get("Traceparent"))
	h.running.start(id, f.decl.Name)
	defer h.running.end(id)
	h.emit(InvocationStarted{Function: f.decl.Name, ID: id, Reason: httpReason, Items: 1, TraceParent: trace, Caller: r.Header.Get("Traceparent"), At: begun})
	err := errBrokeOff // what proxy does not return from is a panic
	pass := newLeg(r)
	defer func() {
		done := InvocationFinished{Function: f.decl.Name, ID: id, Err: err, Items: 1, Duration: time.Since(begun), Input: Input{leg: pass}, At: time.Now()}
		done.Status, done.Answer = pass.came()
		h.emit(done)
	}()
	err = h.proxy(w, r, target, pass, http.Header{
		"X-Azure-Functions-Invocationid": {id}, "Traceparent": {trace},
	})
}

// errBrokeOff is of a response that ended before its end: the worker's half or
// the client's went away.
var errBrokeOff = errors.New("the response broke off")

// proxy passes the request on and the response back as it comes. It returns
// why there was no response. When one breaks off it panics with
// http.ErrAbortHandler, as the server wants it, so that the client hears of it.
func (h *Host) proxy(w http.ResponseWriter, r *http.Request, target *url.URL, pass *httpLeg, extra http.Header) error {
	defer pass.end()
	// An upgraded connection ends with its client, so that a stop would wait
	// for that; the same goes for an answer without an end.
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.abort, cancel)()
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = pass.watch(http.MaxBytesReader(w, r.Body, maxHTTPBody))
	}
	set := http.Header{"X-Forwarded-For": nil, "X-Forwarded-Host": nil, "X-Forwarded-Proto": nil}
	for name, value := range forwarded(r) {
		set[name] = []string{value}
	}
	for name, v := range extra {
		set[http.CanonicalHeaderKey(name)] = v
	}
	var failure error
	if relay.Fits(r) {
		if failure = h.relay.Do(ctx, w, r, relay.Request{Address: target.Host, Set: set, Head: pass.head}); failure != nil {
			failed(w, failure)
		}
		return failure
	}
	// The response may begin before the request has ended. Where the server
	// cannot do that, or always can, there is nothing to set.
	_ = http.NewResponseController(w).EnableFullDuplex()
	p := httputil.ReverseProxy{
		Transport:     h.transport,
		FlushInterval: -1,
		ModifyResponse: func(resp *http.Response) error {
			pass.head(resp)
			return nil
		},
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL.Scheme, pr.Out.URL.Host = target.Scheme, target.Host
			pr.Out.Host = pr.In.Host
			passAsIs(pr.Out, pr.In)
			for name, v := range set {
				if len(v) > 0 {
					pr.Out.Header[name] = v
				}
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			failure = err
			failed(w, err)
		},
	}
	p.ServeHTTP(w, r)
	return failure
}

// failed answers a request that had no response.
func failed(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		http.Error(w, bodyTooLarge, http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusBadGateway)
}

// dialPatience is how long connections to a worker's HTTP endpoint are tried
// again: it announces the endpoint before it listens there.
const dialPatience = 10 * time.Second

// lostKey is the key of the channel, in a request's context, that is closed when the
// worker that it goes to has ended: it will listen no more.
type lostKey struct{}

// newTransport makes the client side of forwarding.
func newTransport() *http.Transport {
	var d net.Dialer
	return &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			lost, _ := ctx.Value(lostKey{}).(<-chan struct{})
			ctx, cancel := context.WithTimeout(ctx, dialPatience)
			defer cancel()
			for {
				c, err := d.DialContext(ctx, network, address)
				if err == nil || !errors.Is(err, syscall.ECONNREFUSED) {
					return c, err
				}
				select {
				case <-time.After(25 * time.Millisecond):
				case <-lost:
					return nil, err
				case <-ctx.Done():
					return nil, err
				}
			}
		},
	}
}
