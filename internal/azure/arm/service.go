package arm

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Config configures New.
type Config struct {
	Manager *engine.Manager
	// Verify says who a token for one of the audiences is.
	Verify func(token string, audiences []string) (identity.Caller, time.Time, error)
	Who    *identity.Identity
	// StorageSuffix is what follows ACCOUNT.blob. in the names of storage accounts.
	StorageSuffix string
	Log           *slog.Logger
}

// Service answers for Resource Manager. It is safe for concurrent use.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// maxBody bounds a request's body, as Azure does.
const maxBody = 4 << 20

// Owns reports whether a path is Resource Manager's or Graph's, on a port that it
// shares.
func Owns(path string) bool {
	first, rest, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	switch strings.ToLower(first) {
	case "subscriptions", "providers", "tenants", "v1.0", "beta", "graph", "batch":
		return true
	case "metadata":
		return strings.EqualFold(strings.Trim(rest, "/"), "endpoints")
	}
	return false
}

// exchange is a request under way.
type exchange struct {
	s      *Service
	w      http.ResponseWriter
	r      *http.Request
	began  time.Time
	base   string
	id     string // of the request
	caller identity.Caller
	path   []string // decoded segments
	query  url.Values

	resource engine.ID // what it is about, for the log
	action   string
	status   int
	failure  *engine.Failure
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{s: s, w: w, r: r, began: time.Now(), id: uuid.New(), base: "https://" + r.Host, query: folded(r.URL.Query())}
	h := w.Header()
	h.Set("x-ms-request-id", e.id)
	h.Set("x-ms-correlation-request-id", e.correlation())
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	if client := r.Header.Get("x-ms-client-request-id"); client != "" && strings.EqualFold(r.Header.Get("x-ms-return-client-request-id"), "true") {
		h.Set("x-ms-client-request-id", client)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	defer e.recovered()
	err := e.answer()
	if err != nil {
		e.fail(err)
	}
	e.record()
}

// folded has the names of a query in lower case: $Filter is $filter.
func folded(q url.Values) url.Values {
	out := make(url.Values, len(q))
	for name, v := range q {
		name = strings.ToLower(name)
		out[name] = append(out[name], v...)
	}
	return out
}

func (e *exchange) correlation() string {
	if c := e.r.Header.Get("x-ms-correlation-request-id"); c != "" {
		return c
	}
	return e.id
}

// recovered answers for a mistake of ours. It is told as what no client repeats.
func (e *exchange) recovered() {
	p := recover()
	if p == nil {
		return
	}
	if err, is := p.(error); is && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	e.s.Log.Error("a request to Resource Manager went wrong", "path", e.r.URL.Path, "panic", p)
	if e.status == 0 {
		e.fail(engine.Fail(http.StatusNotImplemented, "InternalServerError", "Lazuli made a mistake with this request; its log has more."))
	}
}

// segments are those of the path, decoded.
func segments(r *http.Request) ([]string, error) {
	all := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" && len(all) > 1 }) // az doubles some slashes
	for n, s := range all {
		name, err := url.PathUnescape(s)
		if err != nil {
			return nil, fault.New(fault.Invalid, "path", "%q is no path segment", s)
		}
		all[n] = name
	}
	return all, nil
}

// joined is a path whose segments arm.ParseID takes apart again.
func joined(segments []string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(s, "%", "%25"), "/", "%2F"))
	}
	return b.String()
}

func (e *exchange) answer() error {
	var err error
	if e.path, err = segments(e.r); err != nil {
		return err
	}
	switch strings.ToLower(e.path[0]) {
	case "metadata":
		return e.metadata()
	case "graph":
		e.path = e.path[1:]
		return e.graph()
	case "v1.0", "beta":
		return e.graph()
	}
	if err := e.authenticate("https://management.azure.com", "https://management.core.windows.net", e.base); err != nil {
		return err
	}
	done, err := e.fixed()
	if done || err != nil {
		return err
	}
	return e.resourcePath()
}

// body reads the request's.
func (e *exchange) body() (engine.Body, error) {
	text, err := io.ReadAll(e.r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, engine.Fail(http.StatusRequestEntityTooLarge, "RequestContentTooLarge", "The request content exceeds the maximum size of %d bytes.", maxBody)
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "request content", err, "it cannot be read")
	}
	b, err := engine.ParseBody(text)
	if err != nil {
		return nil, engine.Fail(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: %s.", err)
	}
	return b, nil
}

// write answers with a body, or none.
func (e *exchange) write(status int, v any) error {
	e.status = status
	if v == nil || status == http.StatusNoContent {
		e.w.WriteHeader(status)
		return nil
	}
	doc, is := v.(engine.Document)
	if !is {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		doc = engine.Document{Type: "application/json; charset=utf-8", Text: text}
	}
	e.w.Header().Set("Content-Type", doc.Type)
	e.w.WriteHeader(status)
	if e.r.Method != http.MethodHead {
		_, _ = e.w.Write(doc.Text) // the client may be gone
	}
	return nil
}

// fail answers with an error.
func (e *exchange) fail(err error) {
	f := engine.FailureOf(err)
	e.failure = f
	if f.Status >= http.StatusInternalServerError && f.Status != http.StatusNotImplemented {
		e.s.Log.Error("request failed", "request_id", e.id, "method", e.r.Method, "path", e.r.URL.Path, "error", err)
		if fault.KindOf(err) != fault.Unavailable { // a full disk may have room again
			f.Status = http.StatusNotImplemented
		}
	}
	inner := map[string]any{"code": f.Code, "message": f.Message}
	if f.Details != nil {
		inner["details"] = f.Details
	}
	body := map[string]any{"error": inner, "Code": f.Code, "Message": f.Message}
	e.w.Header().Set("x-ms-failure-cause", "service")
	if werr := e.write(f.Status, body); werr != nil {
		panic(werr) // texts always marshal
	}
}

// record adds what may have changed something to the log.
func (e *exchange) record() {
	if e.action == "" || e.r.Method == http.MethodGet || e.r.Method == http.MethodHead {
		return
	}
	ev := engine.Event{
		Time: e.began.UTC(), Caller: e.caller.Name, ObjectID: e.caller.ObjectID, Operation: e.action, ID: e.resource.String(),
		Status: e.status, Took: time.Since(e.began), Correlation: e.correlation(),
	}
	if e.failure != nil {
		ev.Code, ev.Message = e.failure.Code, e.failure.Message
	}
	e.s.Manager.Record(ev)
}

// call is what the engine is asked.
func (e *exchange) call(id engine.ID, body engine.Body) *engine.Call {
	return &engine.Call{
		ID: id, Body: body, Query: e.query, Header: e.r.Header, Base: e.base, Manager: e.s.Manager,
		Caller: engine.Caller{ObjectID: e.caller.ObjectID, Name: e.caller.Name},
	}
}

// Off answers where a project has Resource Manager off.
func Off(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"error":{"code":"ResourceManagerOff","message":"Resource Manager is off in this project. Start it with lazuli up --arm, or write arm: true into lazuli.yaml."}}`)
}
