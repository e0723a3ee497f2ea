package functions

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

const (
	maxInput  = 2 << 20
	maxAnswer = 1 << 20 // of an answer's body that is shown
	// settle is how long after an answer the run's end may be told.
	settle = time.Second
)

// Order is how a function is run by hand: POST …/run. HTTP functions take a
// request, sent over the app's own socket; the others the trigger's data.
type Order struct {
	Method  string              `json:"method"` // "": the function's first, else GET, or POST with a body
	Path    string              `json:"path"`   // with the query; "": the function's route
	Query   map[string][]string `json:"query"`  // besides
	Headers map[string][]string `json:"headers"`
	Body    *string             `json:"body"`
	Base64  bool                `json:"base64"` // the body is bytes
	NoKey   bool                `json:"noKey"`  // send no access key; else the app's goes along
	Input   string              `json:"input"`
	Batch   bool                `json:"batch"` // the input is a JSON array with an element to an item
}

// Header is a line of an answer's head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Outcome is how it ran.
type Outcome struct {
	ID         string              `json:"id"` // of the invocation, "" when there was none
	OK         bool                `json:"ok"`
	Status     int                 `json:"status"` // 0: not HTTP
	Headers    []Header            `json:"headers"`
	Body       string              `json:"body"`
	Base64     bool                `json:"base64"` // the body is bytes
	Cut        bool                `json:"cut"`    // there was more
	Bytes      int64               `json:"bytes"`
	DurationMs float64             `json:"durationMs"`
	Error      string              `json:"error"`
	ErrorType  string              `json:"errorType"`
	Stack      string              `json:"stack"`
	Frames     []telemetry.Frame   `json:"frames"`
	Logs       []telemetry.LogLine `json:"logs"`
}

// try serves POST …/run: the function runs, and how is the answer.
func (p page) try(w http.ResponseWriter, r *http.Request) error {
	var o Order
	app, f, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxInput, &o)
	}
	if err != nil {
		return err
	}
	out := Outcome{Headers: []Header{}, Frames: []telemetry.Frame{}, Logs: []telemetry.LogLine{}}
	began := time.Now()
	var id string
	if f.HTTP != nil {
		id, err = app.request(r.Context(), f.HTTP, o, &out)
	} else {
		id, err = app.Host.RunByHand(r.Context(), f.Name, o.Input, o.Batch)
	}
	if err != nil {
		return err
	}
	out.DurationMs = millis(time.Since(began))
	p.explain(r.Context(), app, f.Name, id, &out)
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// explain adds what is known of the run with that id.
func (p page) explain(ctx context.Context, app App, function, id string, out *Outcome) {
	run, ok := p.ended(ctx, app.Host.Name(), function, id)
	out.OK = out.Status < http.StatusInternalServerError
	if !ok {
		out.OK = out.OK && out.Status != 0
		return
	}
	all := p.run(app, function, run)
	out.ID, out.Logs, out.Stack, out.Frames = run.ID, all.Logs, all.Stack, all.Frames
	if out.Status == 0 {
		out.DurationMs = all.DurationMs
	}
	if run.Failure != nil {
		out.OK, out.Error, out.ErrorType = false, run.Failure.Message, run.Failure.Type
	}
}

// ended waits a moment for a run's end to be told.
func (p page) ended(ctx context.Context, app, function, id string) (telemetry.Run, bool) {
	c := p.Counts.Function(app, function)
	for end := time.Now().Add(settle); ; {
		run, ok := c.Find(id)
		if ok && !run.Running || time.Now().After(end) {
			return run, ok
		}
		select {
		case <-ctx.Done():
			return run, ok
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// request sends a request to the app and returns the trace id that tells its
// invocation from others.
func (a App) request(ctx context.Context, t *host.HTTPTrigger, o Order, out *Outcome) (trace string, err error) {
	req, err := a.newRequest(ctx, t, o)
	if err != nil {
		return "", err
	}
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	}
	resp, err := client.Do(req)
	if err != nil {
		var address *url.Error
		if errors.As(err, &address) {
			err = address.Err
		}
		return "", fault.New(fault.Unavailable, "function app "+a.Host.Name(), "gave no answer: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	rest, more := io.Copy(io.Discard, resp.Body)
	out.Status, out.Bytes, out.Cut = resp.StatusCode, int64(len(body))+rest, rest > 0 || err != nil || more != nil
	if err != nil {
		out.Error = "the answer broke off: " + err.Error()
	}
	if out.Base64 = !utf8.Valid(body); out.Base64 {
		out.Body = base64.StdEncoding.EncodeToString(body)
	} else {
		out.Body = string(body)
	}
	for _, name := range sortedNames(resp.Header) {
		for _, v := range resp.Header[name] {
			out.Headers = append(out.Headers, Header{name, v})
		}
	}
	parent := req.Header.Get("Traceparent")
	if len(parent) < 35 {
		return "", nil
	}
	return parent[3:35], nil
}

func sortedNames(h http.Header) []string {
	names := []string{}
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// newRequest makes a request of an order.
func (a App) newRequest(ctx context.Context, t *host.HTTPTrigger, o Order) (*http.Request, error) {
	body := o.Input
	if o.Body != nil {
		body = *o.Body
	}
	if o.Base64 {
		raw, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, fault.New(fault.Invalid, "body", "it is not base64: %v", err)
		}
		body = string(raw)
	}
	path := o.Path
	if path == "" {
		path = routePath(a, t)
	}
	target, err := url.Parse(a.URL + "/" + strings.TrimPrefix(path, "/"))
	if err != nil {
		return nil, fault.New(fault.Invalid, "path", "%q is no path: %v", path, err)
	}
	if len(o.Query) > 0 {
		query := target.Query()
		for name, values := range o.Query {
			query[name] = append(query[name], values...)
		}
		target.RawQuery = query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method(t, o.Method, body), target.String(), strings.NewReader(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "request", "%v", err)
	}
	return req, a.addHeaders(req, o)
}

// addHeaders adds the headers of an order, the key that opens the app, and what
// the invocation is known by.
func (a App) addHeaders(req *http.Request, o Order) error {
	req.Header.Set("User-Agent", "lazuli-portal")
	for name, values := range o.Headers {
		if strings.EqualFold(name, "Host") && len(values) > 0 {
			return fault.New(fault.Invalid, "headers", "Host is the app's own address; leave it out")
		}
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if a.Keys != nil && !o.NoKey && req.Header.Get("X-Functions-Key") == "" && !req.URL.Query().Has("code") {
		key, err := a.Keys.Reveal("host", "_master")
		if err != nil {
			return err
		}
		req.Header.Set("X-Functions-Key", key)
	}
	if req.Header.Get("Traceparent") == "" {
		var b [24]byte
		rand.Read(b[:])
		req.Header.Set("Traceparent", "00-"+hex.EncodeToString(b[:16])+"-"+hex.EncodeToString(b[16:])+"-01")
	}
	return nil
}

func method(t *host.HTTPTrigger, asked, body string) string {
	switch {
	case asked != "":
		return strings.ToUpper(asked)
	case len(t.Methods) > 0 && (body == "" || !slices.Contains(t.Methods, http.MethodPost)):
		return t.Methods[0]
	case body != "":
		return http.MethodPost
	}
	return http.MethodGet
}

// routePath is a function's address without the parameters of its route that
// may be missing; the others stay in braces.
func routePath(a App, t *host.HTTPTrigger) string {
	parts := []string{}
	if prefix := strings.Trim(a.Prefix, "/"); prefix != "" {
		parts = append(parts, prefix)
	}
	for part := range strings.SplitSeq(strings.Trim(t.Route, "/"), "/") {
		if strings.HasPrefix(part, "{") && (strings.HasSuffix(part, "?}") || strings.HasPrefix(part, "{*")) {
			continue
		}
		parts = append(parts, part)
	}
	return "/" + strings.Join(parts, "/")
}
