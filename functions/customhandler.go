package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// Handler returns the app as a custom handler: what [App.Run] serves when
// FUNCTIONS_CUSTOMHANDLER_PORT is set. Mistakes of registration are not looked
// at; see [App.Err].
//
// A custom handler gets two kinds of requests. A function that only answers
// HTTP may have its requests forwarded, on their own path below the route
// prefix ("api" unless host.json says otherwise). Every other invocation is a
// POST to the function's name with its inputs as JSON:
//
//	{"Data": {binding: value, …}, "Metadata": {name: value, …}}
//
// answered by
//
//	{"Outputs": {binding: value, …}, "Logs": [text, …], "ReturnValue": null}
func (a *App) Handler(routePrefix string) http.Handler {
	return &customHandler{app: a, prefix: strings.Trim(routePrefix, "/")}
}

type customHandler struct {
	app    *App
	prefix string
}

// invocationHeader carries the host's id of the invocation.
const invocationHeader = "X-Azure-Functions-InvocationId"

// maxEnvelope bounds the JSON of one invocation.
const maxEnvelope = 512 << 20

func (h *customHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f, params := h.forwarded(r); f != nil {
		h.forward(w, r, f, params)
		return
	}
	f := h.app.function(strings.Trim(r.URL.Path, "/"))
	if f == nil || r.Method != http.MethodPost {
		http.Error(w, "no function here", http.StatusNotFound)
		return
	}
	var env envelope
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxEnvelope)).Decode(&env); err != nil {
		http.Error(w, "invocation of "+f.name+": "+err.Error(), http.StatusBadRequest)
		return
	}
	req, err := env.request(f, r)
	if err != nil {
		http.Error(w, "invocation of "+f.name+": "+err.Error(), http.StatusBadRequest)
		return
	}
	h.answer(w, r.Context(), f, req)
}

// forwarded finds the function that a request on its own path is for.
func (h *customHandler) forwarded(r *http.Request) (*function, map[string]string) {
	path := strings.Trim(r.URL.Path, "/")
	if h.prefix != "" {
		head, rest, _ := strings.Cut(path, "/")
		if !strings.EqualFold(head, h.prefix) {
			return nil, nil
		}
		path = rest
	}
	for _, f := range h.app.functions {
		t, ok := f.trigger.(*httpTrigger)
		if !ok || len(f.bound) > 0 || !t.answers(r.Method) {
			continue
		}
		route, err := parseRoute(t.route)
		if err != nil {
			continue
		}
		if params, ok := route.match(path); ok {
			return f, params
		}
	}
	return nil, nil
}

// forward calls an HTTP function with the host's connection itself, so that it
// can stream.
func (h *customHandler) forward(w http.ResponseWriter, r *http.Request, f *function, params map[string]string) {
	for name, value := range params {
		r.SetPathValue(name, value)
	}
	if from := caller(r.Header); from != "" {
		r.RemoteAddr = from
	}
	c := newCall(f, &funcrpc.InvocationRequest{InvocationId: r.Header.Get(invocationHeader)}, consoleSink(f))
	answer := &streamed{ResponseWriter: w}
	c.http = &HTTPExchange{answer, r}
	result := c.run(r.Context()).Result
	if result.Status == funcrpc.StatusResult_Success {
		return
	}
	e := result.Exception
	slog.Error("a function failed", "function", f.name, "error", e.Message, "stack", e.StackTrace)
	if answer.began { // part of the answer is out: break the connection
		panic(http.ErrAbortHandler)
	}
	http.Error(w, "function "+f.name+" failed; its log says why", http.StatusInternalServerError)
}

// consoleSink is where logs go when the response has no place for them.
func consoleSink(f *function) logSink {
	return func(l *funcrpc.RpcLog) {
		slog.Log(context.Background(), slogLevel(l.Level), l.Message, "function", f.name) //nolint:sloglint // passes a record on
	}
}

// slogLevel is the inverse of rpcLevel.
func slogLevel(l funcrpc.RpcLog_Level) slog.Level {
	return slog.Level(4*int(l) - 8)
}

// answer runs the function and writes the result. A failure is any status
// that is not 2xx, with the reason as text.
func (h *customHandler) answer(w http.ResponseWriter, ctx context.Context, f *function, req *funcrpc.InvocationRequest) {
	var logs logLines
	resp := newCall(f, req, logs.add).run(ctx)
	if resp.Result.Status != funcrpc.StatusResult_Success {
		for _, line := range logs.take() {
			slog.Info(line, "function", f.name) //nolint:sloglint // passes a record on
		}
		e := resp.Result.Exception
		http.Error(w, strings.TrimSpace(e.Message+"\n"+e.StackTrace), http.StatusInternalServerError)
		return
	}
	result, err := newResult(resp)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	result.Logs = logs.take()
	text, err := json.Marshal(result)
	if err != nil { // a document whose text is broken inside
		http.Error(w, "output: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(text); err != nil {
		slog.Warn("the functions host did not take a response", "function", f.name, "error", err)
	}
}

// result is the body of a response.
type result struct {
	Outputs     map[string]any `json:"Outputs"`
	Logs        []string       `json:"Logs"`
	ReturnValue any            `json:"ReturnValue"`
}

// httpResult is an HTTP response inside a result.
type httpResult struct {
	StatusCode string            `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

func newResult(resp *funcrpc.InvocationResponse) (*result, error) {
	r := &result{Outputs: map[string]any{}}
	for _, out := range resp.OutputData {
		if blob, ok := out.GetData().Data.(*funcrpc.TypedData_Bytes); ok {
			r.Outputs[out.Name] = blob.Bytes // in base64
			continue
		}
		r.Outputs[out.Name] = json.RawMessage(out.GetData().GetJson())
	}
	h := resp.ReturnValue.GetHttp()
	if h == nil {
		return r, nil
	}
	if !utf8.Valid(h.Body.GetBytes()) {
		return nil, errors.New("a custom handler with outputs can answer HTTP with text only, and this response is binary")
	}
	if len(h.Cookies) > 0 {
		return nil, errors.New("a custom handler with outputs cannot set cookies")
	}
	r.Outputs[handlerResponse] = httpResult{StatusCode: h.StatusCode, Headers: h.Headers, Body: string(h.Body.GetBytes())}
	return r, nil
}

// handlerResponse names the HTTP output of a custom handler's functions.
const handlerResponse = "res"

// runHandler serves the app as a custom handler on the port.
func (a *App) runHandler(ctx context.Context, port, root string) error {
	prefix, err := routePrefix(root)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return fmt.Errorf("custom handler: %w", err)
	}
	srv := &http.Server{Handler: a.Handler(prefix), ReadHeaderTimeout: 30 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("custom handler: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	err = srv.Shutdown(grace)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	<-served
	return err
}
