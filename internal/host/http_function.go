package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// httpReason is what Azure's log gives as the reason of HTTP invocations.
const httpReason = "This function was programmatically called via the host APIs."

// maxHTTPBody is the largest request body, as in Azure.
const maxHTTPBody = 100 << 20

const bodyTooLarge = "the request body exceeds 100 MB"

// httpWorkerWait is how long a request waits for a worker that is starting.
const httpWorkerWait = 30 * time.Second

// ServeFunction answers a request with a function that has an HTTP trigger.
// Method, route and key have been checked by the caller; params are the
// route's values. The error it returns is nil, or of kind NotFound when there
// is no such function and nothing was written.
func (h *Host) ServeFunction(w http.ResponseWriter, r *http.Request, name string, params map[string]string) error {
	f := h.find(name)
	if f == nil || f.httpTrigger() == nil {
		return fault.New(fault.NotFound, "function "+name, "no such HTTP function")
	}
	for k, v := range h.setup().config.HTTP.CustomHeaders {
		w.Header().Set(k, v)
	}
	within(w, r, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, f, params) })
	return nil
}

// serve answers a request, once it is known for which function.
func (h *Host) serve(w http.ResponseWriter, r *http.Request, f *function, params map[string]string) {
	if r.ContentLength > maxHTTPBody {
		http.Error(w, bodyTooLarge, http.StatusRequestEntityTooLarge)
		return
	}
	leave, ok := h.enter()
	if !ok {
		http.Error(w, "the function app is stopping", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	w, done, ok := f.guard(w)
	if !ok {
		return
	}
	defer done()
	defer f.count()()
	pool := h.crews.of(f)
	info, err := awaitWorker(r.Context(), h, pool.Ready)
	if err != nil {
		h.notRunning(w)
		return
	}
	if !h.forwards(f, info) {
		h.answer(w, r, f, params, info.Capabilities)
		return
	}
	live, err := awaitWorker(r.Context(), h, pool.AcquireSoon)
	if err != nil {
		h.notRunning(w)
		return
	}
	defer live.Release()
	h.forward(w, r, f, live, params)
}

// awaitWorker waits for a worker on behalf of a request: not for ever, and not
// beyond the time for draining.
func awaitWorker[T any](ctx context.Context, h *Host, get func(context.Context) (T, error)) (T, error) {
	if v, err := get(h.past); err == nil { // nearly always, without timers
		return v, nil
	}
	ctx, cancel := context.WithTimeout(ctx, httpWorkerWait)
	defer cancel()
	defer context.AfterFunc(h.abort, cancel)()
	return get(ctx)
}

func (h *Host) notRunning(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "the function app is not running: "+h.workerTrouble(), http.StatusServiceUnavailable)
}

// workerTrouble says why there is no worker.
func (h *Host) workerTrouble() string {
	s := h.crews.status()
	if s.LastError != "" {
		return s.LastError
	}
	return "it is " + string(s.State)
}

// forwards reports whether requests go to the worker's own HTTP endpoint. A
// custom handler takes them only for functions that do nothing but HTTP, and
// only when host.json says so.
func (h *Host) forwards(f *function, info worker.Info) bool {
	if h.setup().kind == project.Custom {
		return h.setup().config.CustomHandler.ForwardHTTP && f.onlyHTTP()
	}
	return info.HTTPEndpoint != "" && f.decl.Metadata.GetProperties()[bufferedProperty] != "true"
}

// onlyHTTP reports a function whose bindings are an HTTP trigger and its response.
func (f *function) onlyHTTP() bool { return f.http != nil && len(f.decl.Bindings) == 2 }

// bufferedProperty is how a worker that takes HTTP requests itself says that
// this function's are to go through the protocol: its response has to wait for
// its outputs.
const bufferedProperty = "lazuliBufferedHttp"

// answer sends the request through the worker protocol and the function's
// response back.
func (h *Host) answer(w http.ResponseWriter, r *http.Request, f *function, params map[string]string, caps worker.Capabilities) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHTTPBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, bodyTooLarge, http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "the request body could not be read", http.StatusBadRequest)
		return
	}
	in := httpInput{request: r, params: params, body: body}
	resp, err := h.attempt(r.Context(), f, attempt{giveUp: r.Context().Done(), call: trigger.Call{
		Reason:      httpReason,
		Items:       1,
		Data:        in.typedData,
		Metadata:    in.metadata(f.trigger.Name, caps, f.onlyHTTP()),
		Values:      in.value,
		TraceParent: r.Header.Get("Traceparent"),
	}})
	if err != nil {
		if errors.Is(err, trigger.ErrCancelled) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusInternalServerError) // as Azure: the log has the reason
		return
	}
	if err := writeHTTP(w, r, responseValue(f, resp), f.http != nil); err != nil {
		h.log.Error("function answered HTTP with what is no response", "function", f.decl.Name, "error", err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// responseValue picks the HTTP response: the HTTP output's value wherever the
// worker put it, else the return value.
func responseValue(f *function, r *funcrpc.InvocationResponse) *funcrpc.TypedData {
	if f.http != nil {
		for _, p := range r.GetOutputData() {
			if strings.EqualFold(p.GetName(), f.http.Name) && p.GetData().GetData() != nil {
				return p.GetData()
			}
		}
	}
	return r.GetReturnValue()
}
