package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Pages of a list.
const (
	defaultRows = 100
	maxRows     = 1000
)

// Rows is the answer to GET /api/lists/KIND?q=…&after=…&limit=…: the rows whose id
// holds q, in any case, in the order of ids, behind the id after.
type Rows struct {
	Rows  []json.RawMessage `json:"rows"`
	Total int               `json:"total"` // that q leaves, on all pages
	Next  string            `json:"next"`  // the after of the next page, or ""
}

// getRows serves a page of a list. Rates are those of somebody who watches;
// when nobody does they are 0 the first time and right from the second on, if
// it comes within some seconds.
func (s *Server) getRows(w http.ResponseWriter, r *http.Request) error {
	p, id, ok := s.page(r.PathValue("kind"))
	if !ok || id != "" {
		return fault.New(fault.NotFound, "list "+r.PathValue("kind"), "no such list")
	}
	limit, err := Number(r, "limit", defaultRows)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	out, err := pick(s.read(p), strings.ToLower(q.Get("q")), q.Get("after"), int(min(max(limit, 1), maxRows)))
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, out)
	return nil
}

// read reads a list outside of a tick.
func (s *Server) read(p *Page) []Row {
	s.rates.mu.Lock()
	defer s.rates.mu.Unlock()
	s.rates.now = time.Now()
	return p.Rows(s.rates)
}

// pick takes a page of the rows, in the order of their ids.
func pick(rows []Row, q, after string, limit int) (out Rows, err error) {
	rows = slices.DeleteFunc(rows, func(r Row) bool { return !strings.Contains(strings.ToLower(r.ID), q) })
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.ID, b.ID) })
	out = Rows{Rows: []json.RawMessage{}, Total: len(rows)}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return after != "" && r.ID <= after })
	if len(rows) > limit {
		rows = rows[:limit]
		out.Next = rows[limit-1].ID
	}
	for _, row := range rows {
		body, err := json.Marshal(row.Value)
		if err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, body)
	}
	return out, nil
}
