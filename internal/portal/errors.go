package portal

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
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

// problem is the body of every error reply.
type problem struct {
	Error string `json:"error"`
	Kind  string `json:"kind"`
	Line  int    `json:"line,omitempty"` // of a query's error
	Col   int    `json:"col,omitempty"`
	Start int    `json:"start,omitempty"` // byte offsets in the query
	End   int    `json:"end,omitempty"`
}

// fail answers with an error. What is not the caller's fault is logged too.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var syntax *cosmossql.SyntaxError
	if errors.As(err, &syntax) {
		writeJSON(w, http.StatusBadRequest, problem{syntax.Msg, "syntax", syntax.Line, syntax.Col, syntax.Start, syntax.End})
		return
	}
	kind := fault.KindOf(err)
	status := statuses[kind]
	if kind == fault.Internal {
		s.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	writeJSON(w, status, problem{Error: err.Error(), Kind: kind.String()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer could not be encoded","kind":"internal"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the page may be gone
}
