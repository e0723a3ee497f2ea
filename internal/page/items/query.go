package items

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxQuery    = 1 << 20 // bytes of a question
	maxRows     = 500     // of one page of results
	maxRowBytes = 4 << 20 // of one page; of a single row it may be more
)

// Query is a question to a container.
type Query struct {
	Text         string                     `json:"query"`
	Parameters   map[string]json.RawMessage `json:"parameters,omitempty"` // "@name" to a value
	Max          int                        `json:"max,omitempty"`        // rows; at most 500, default 100
	Continuation string                     `json:"continuation,omitempty"`
	// Only, if it is there, is the number of the one row of the page that is
	// wanted, uncut.
	Only *int `json:"only,omitempty"`
	// Typed says that a person asked it, so that the history keeps it.
	Typed bool `json:"typed,omitempty"`
}

// Result is what a container answered.
type Result struct {
	Rows         [][]byte // JSON values
	Continuation string
	Charge       float64 // request units
	Explain      string
	By           string // the costliest walk of the page: count, point, index, partition, scan, or ""
	Walks        []string
	WalkCount    int
	Entries      int64 // index entries and documents walked over
	Documents    int64 // evaluated
	Bytes        int64 // of these documents
	Compile      time.Duration
	Duration     time.Duration
}

// Answer is a page of the answer to a query.
type Answer struct {
	Rows         []Row    `json:"rows"`
	Continuation string   `json:"continuation,omitempty"`
	Charge       float64  `json:"charge"` // request units
	Explain      string   `json:"explain"`
	By           string   `json:"by"`        // the costliest walk: count, point, index, partition, scan, or ""
	Walks        []string `json:"walks"`     // in words, the first eight
	WalkCount    int      `json:"walkCount"` // of all
	Entries      int64    `json:"entries"`   // index entries and documents walked over
	Documents    int64    `json:"documents"` // evaluated
	Bytes        int64    `json:"bytes"`     // of these documents
	RowBytes     int64    `json:"rowBytes"`  // of the rows, before any was cut
	CompileMs    float64  `json:"compileMs"`
	DurationMs   float64  `json:"durationMs"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// answerOf shows a result.
func answerOf(got *Result, whole bool) Answer {
	a := Answer{
		Rows: make([]Row, len(got.Rows)), Continuation: got.Continuation, Charge: got.Charge, Explain: got.Explain,
		By: got.By, Walks: got.Walks, WalkCount: got.WalkCount, Entries: got.Entries, Documents: got.Documents, Bytes: got.Bytes,
		CompileMs: milliseconds(got.Compile), DurationMs: milliseconds(got.Duration),
	}
	if a.Walks == nil {
		a.Walks = []string{}
	}
	for i, row := range got.Rows {
		a.Rows[i] = newRow(row, whole)
		a.RowBytes += int64(len(row))
	}
	return a
}

// Asker asks containers. Its errors are a *cosmossql.SyntaxError or have a
// fault.Kind.
type Asker interface {
	// Ask runs one page, whose rows weigh at most about maxBytes.
	Ask(ctx context.Context, c *docstore.Container, q Query, maxBytes int) (*Result, error)
	// Check reads and plans a query.
	Check(c *docstore.Container, q Query) error
}

// queryItems serves POST …/query with a Query.
func (p page) queryItems(w http.ResponseWriter, r *http.Request) error {
	c, q, err := p.readQuery(w, r)
	if err != nil {
		return err
	}
	got, err := p.Query.Ask(r.Context(), c, q, maxRowBytes)
	if q.Typed && q.Continuation == "" && q.Only == nil && r.Context().Err() == nil {
		p.remember(idOf(r.PathValue("account"), c), q, got, err)
	}
	if err != nil {
		return placed(err)
	}
	if q.Only != nil {
		if *q.Only < 0 || *q.Only >= len(got.Rows) {
			return fault.New(fault.NotFound, "row", "the page has %d rows now; run the query again", len(got.Rows))
		}
		got.Rows = got.Rows[*q.Only : *q.Only+1]
	}
	portal.WriteJSON(w, http.StatusOK, answerOf(got, q.Only != nil))
	return nil
}

func (p page) readQuery(w http.ResponseWriter, r *http.Request) (*docstore.Container, Query, error) {
	q := Query{Max: 100}
	c, err := p.container(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxQuery, &q)
	}
	if q.Max = min(q.Max, maxRows); q.Max <= 0 {
		q.Max = 100
	}
	return c, q, err
}

// Checked is what is wrong with a query; nothing where it can run.
type Checked struct {
	Problems []portal.Problem `json:"problems"`
}

// checkQuery serves POST …/check with a Query.
func (p page) checkQuery(w http.ResponseWriter, r *http.Request) error {
	c, q, err := p.readQuery(w, r)
	if err != nil {
		return err
	}
	out := Checked{Problems: []portal.Problem{}}
	var syntax *cosmossql.SyntaxError
	switch err := p.Query.Check(c, q); {
	case errors.As(err, &syntax):
		out.Problems = append(out.Problems, portal.Problem{Error: syntax.Msg, Kind: "syntax", Place: syntaxPlace(syntax)})
	case err != nil:
		return err
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// placed tells the portal where in a query an error is.
func placed(err error) error {
	var syntax *cosmossql.SyntaxError
	if errors.As(err, &syntax) {
		return &portal.SyntaxError{Message: syntax.Msg, Place: syntaxPlace(syntax)}
	}
	return err
}

func syntaxPlace(e *cosmossql.SyntaxError) portal.Place {
	return portal.Place{Line: e.Line, Col: e.Col, Start: e.Start, End: e.End}
}
