package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxBatch is how many queries one batch has, as the service's limit.
const maxBatch = 10

// batch answers several queries of workspaces in one request, each for itself.
func (s *Service) batch(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Requests []struct {
			ID        string            `json:"id"`
			Headers   map[string]string `json:"headers"`
			Body      asked             `json:"body"`
			Method    string            `json:"method"`
			Path      string            `json:"path"`
			Workspace string            `json:"workspace"`
		} `json:"requests"`
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBatch*2*maxQuery)
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.Refuse(w, r, fault.New(fault.Invalid, "body", "it is no JSON of a batch: %v", err))
		return
	}
	if n := len(body.Requests); n == 0 || n > maxBatch {
		s.Refuse(w, r, fault.New(fault.Invalid, "requests", "a batch has from 1 to %d, not %d", maxBatch, n))
		return
	}
	type answer struct {
		ID      string            `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	}
	answers := make([]answer, len(body.Requests))
	for n, q := range body.Requests {
		q.Body.prefer([]string{q.Headers["Prefer"], q.Headers["prefer"]})
		status, text := s.one(r.Context(), q.Workspace, credential(r), q.Body)
		answers[n] = answer{ID: q.ID, Status: status, Headers: map[string]string{}, Body: text}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_ = json.NewEncoder(w).Encode(map[string]any{"responses": answers}) // the client may be gone
}

// one answers a query of a batch.
func (s *Service) one(ctx context.Context, workspace string, who Credential, q asked) (int, json.RawMessage) {
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	if err := q.check(); err != nil {
		s.Refuse(w, nil, err)
	} else {
		s.answerQuery(ctx, w, placeOf("/v1/workspaces/", workspace), who, q)
	}
	return w.status, bytes.TrimSpace(w.body.Bytes())
}

// recorded is an answer that becomes part of another.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) WriteHeader(status int)      { r.status = status }
func (r *recorded) Write(b []byte) (int, error) { return r.body.Write(b) }

// isQuery reports whether a path is that of a query: /v1/apps/ID/query,
// /v1/workspaces/ID/query, or /v1/RESOURCE/query.
func isQuery(path string) bool {
	rest, ok := strings.CutPrefix(path, "/v1/")
	return ok && strings.HasSuffix(rest, "/query")
}

// Place is what a query's place means: a component by its application id or name, the
// components of a workspace, or a resource.
type Place struct {
	App, Workspace, Resource string
}

// PlaceOf takes the path of a place apart.
func PlaceOf(path string) (Place, bool) {
	rest, ok := strings.CutPrefix(path, "/v1/")
	if !ok {
		return Place{}, false
	}
	kind, name, _ := strings.Cut(rest, "/")
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	switch {
	case name == "":
		return Place{}, false
	case kind == "apps":
		return Place{App: name}, true
	case kind == "workspaces":
		return Place{Workspace: name}, true
	case strings.EqualFold(kind, "subscriptions"):
		return Place{Resource: "/" + rest}, true
	}
	return Place{}, false
}
