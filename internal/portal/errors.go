package portal

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// statuses is what each kind of error looks like over HTTP.
var statuses = map[fault.Kind]int{
	fault.Internal:           http.StatusInternalServerError,
	fault.NotFound:           http.StatusNotFound,
	fault.Conflict:           http.StatusConflict,
	fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge:           http.StatusRequestEntityTooLarge,
	fault.Throttled:          http.StatusTooManyRequests,
	fault.Invalid:            http.StatusBadRequest,
	fault.Unauthorized:       http.StatusUnauthorized,
	fault.Forbidden:          http.StatusForbidden,
	fault.Gone:               http.StatusGone,
	fault.Unavailable:        http.StatusServiceUnavailable,
}

// Problem is the body of every error reply.
type Problem struct {
	Error string `json:"error"`
	Kind  string `json:"kind"`
	Place
}

// Place is where in a text that was sent an error is; zero elsewhere.
type Place struct {
	Line  int `json:"line,omitempty"` // from 1
	Col   int `json:"col,omitempty"`
	Start int `json:"start,omitempty"` // byte offsets
	End   int `json:"end,omitempty"`
}

// SyntaxError is an error of a text that was sent, with its place.
type SyntaxError struct {
	Message string
	Place   Place
}

func (e *SyntaxError) Error() string { return e.Message }

// fail answers with an error. What is not the caller's fault is logged too.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		WriteJSON(w, http.StatusBadRequest, Problem{syntax.Message, "syntax", syntax.Place})
		return
	}
	kind := fault.KindOf(err)
	status := statuses[kind]
	if kind == fault.Internal {
		s.cfg.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	WriteJSON(w, status, Problem{Error: err.Error(), Kind: kind.String()})
}

// WriteJSON answers with a value.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer could not be encoded","kind":"internal"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the page may be gone
}
