package tables

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// exportEntities serves GET …/export?filter=…&pk=…&rk=…: the whole answer to the query
// as lines of JSON (see line.go), which import takes again. It is of no one moment:
// what is written meanwhile is in it or not. One that fails on the way breaks off, so
// that a browser does not take the part for the whole.
func (p page) exportEntities(w http.ResponseWriter, r *http.Request) error {
	t, err := p.table(r)
	if err != nil {
		return err
	}
	q, _, err := queryOf(r.URL.Query())
	if err != nil {
		return err
	}
	q.Max = tablestore.MaxPage
	w.Header().Set("Content-Disposition", `attachment; filename="`+t.Name()+`.ndjson"`) // its name is ASCII
	out := portal.NewAnswer(w, portal.NDJSON)
	defer out.Close()
	var lines []byte
	for {
		lines = lines[:0]
		next, err := t.Query(r.Context(), q, func(e *tablestore.Entity) error {
			lines = appendLine(lines, e)
			return nil
		})
		if err == nil {
			_, err = out.Write(lines)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the one way to say so once the answer has begun
		}
		if q.From = next; next == nil {
			return nil
		}
	}
}
