package insights

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of queries that people write.
const (
	maxQuery   = 64 << 10
	shownRows  = 10_000
	shownBytes = 16 << 20
	queryTime  = time.Minute
	checkTime  = 5 * time.Second
)

// Query is the body of POST /api/insights/query, check and export.
type Query struct {
	Text      string `json:"query"`
	Component string `json:"component"` // "": all
	From      int64  `json:"from"`      // unix milliseconds; 0: open
	To        int64  `json:"to"`
}

// Answer is what a query gave.
type Answer struct {
	Columns []Column          `json:"columns"`
	Rows    []json.RawMessage `json:"rows"` // an array each, as the query API has it
	Render  *Render           `json:"render"`
	Partial string            `json:"partial"` // why rows are left out, or ""
	Scanned int64             `json:"scanned"`
	Millis  float64           `json:"durationMs"`
}

// Column is a column of an answer.
type Column struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // of the language
}

// Render is how a query asks to be drawn.
type Render struct {
	Kind       string            `json:"kind"`
	Properties map[string]string `json:"properties"`
}

// Past is the queries that people ran.
type Past interface {
	Add(component, text string, rows int, took time.Duration, err error)
	All() []Asked
	Remove(id string) error
}

// Asked is a query that somebody ran.
type Asked struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Text   string    `json:"query"`
	Rows   int       `json:"rows"`
	Millis float64   `json:"durationMs"`
	Error  string    `json:"error"`
	Times  int       `json:"times"`
}

// AskedList is the answer to GET /api/insights/queries.
type AskedList struct {
	Queries []Asked `json:"queries"` // newest first
}

func (p page) asked(w http.ResponseWriter, _ *http.Request) error {
	portal.WriteJSON(w, http.StatusOK, AskedList{append([]Asked{}, p.Past.All()...)})
	return nil
}

func (p page) forget(w http.ResponseWriter, r *http.Request) error {
	if err := p.Past.Remove(r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func readQuery(w http.ResponseWriter, r *http.Request) (q Query, a ask, err error) {
	if err = portal.ReadJSON(w, r, 2*maxQuery, &q); err != nil {
		return q, a, err
	}
	a.component = q.Component
	if q.From > 0 {
		a.from = time.UnixMilli(q.From)
	}
	if q.To > 0 {
		a.to = time.UnixMilli(q.To)
	}
	switch {
	case strings.TrimSpace(q.Text) == "":
		return q, a, fault.New(fault.Invalid, "query", "it is empty")
	case len(q.Text) > maxQuery:
		return q, a, fault.New(fault.TooLarge, "query", "it is longer than %d bytes", maxQuery)
	}
	return q, a, nil
}

// query serves POST /api/insights/query with a Query.
func (p page) query(w http.ResponseWriter, r *http.Request) error {
	q, a, err := readQuery(w, r)
	if err != nil {
		return err
	}
	began := time.Now()
	result, err := p.runWith(r.Context(), a, q.Text, kql.Limits{Rows: shownRows, Bytes: shownBytes, Time: queryTime})
	took := time.Since(began)
	rows := 0
	if result != nil {
		rows = result.Rows
	}
	if r.Context().Err() == nil {
		p.Past.Add(cmp.Or(q.Component, "all"), q.Text, rows, took, err)
	}
	if err != nil {
		return placed(q.Text, err)
	}
	out := answerOf(result)
	out.Millis = float64(took) / float64(time.Millisecond)
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func answerOf(result *kql.Result) Answer {
	out := Answer{Columns: []Column{}, Rows: make([]json.RawMessage, 0, result.Rows), Scanned: result.Scanned}
	for _, c := range result.Columns {
		out.Columns = append(out.Columns, Column{c.Name, c.Kind.String()})
	}
	for row := range result.All() {
		b := []byte{'['}
		for n, v := range row {
			if n > 0 {
				b = append(b, ',')
			}
			b = v.AppendJSON(b)
		}
		out.Rows = append(out.Rows, append(b, ']'))
	}
	if result.Partial != nil {
		out.Partial = result.Partial.Message
	}
	if r := result.Render; r != nil {
		out.Render = &Render{r.Kind, map[string]string{}}
		for _, p := range r.Properties {
			out.Render.Properties[p.Name] = p.Value
		}
	}
	return out
}

// Checked is what is wrong with a query; nothing where it can run.
type Checked struct {
	Problems []portal.Problem `json:"problems"`
}

// check serves POST /api/insights/check with a Query.
func (p page) check(w http.ResponseWriter, r *http.Request) error {
	q, a, err := readQuery(w, r)
	if err != nil {
		return err
	}
	tables, also, err := p.tables(a.component)
	if err != nil {
		return err
	}
	out := Checked{Problems: []portal.Problem{}}
	_, err = kql.Check(r.Context(), tables, q.Text, kql.Options{From: a.from, To: a.to, Also: also, Limits: kql.Limits{Time: checkTime, Memory: most, Steps: 10_000_000}})
	var wrong *kql.Error
	switch {
	case r.Context().Err() != nil:
		return gone()
	case errors.As(err, &wrong) && wrong.Line > 0:
		out.Problems = append(out.Problems, portal.Problem{Error: wrong.Message, Kind: "syntax", Place: placeOf(q.Text, wrong)})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// Schema is the answer to GET /api/insights/schema: what a query may name.
type Schema struct {
	Tables []Table `json:"tables"`
}

// Table is a table with its columns.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

func (p page) schema(w http.ResponseWriter, r *http.Request) error {
	tables, _, err := p.tables(r.URL.Query().Get("component"))
	if err != nil {
		return err
	}
	out := Schema{Tables: []Table{}}
	for _, name := range tables.Names() {
		t, ok := tables.Table(name)
		if !ok {
			continue
		}
		one := Table{Name: name, Columns: []Column{}}
		for _, c := range t.Columns() {
			one.Columns = append(one.Columns, Column{c.Name, c.Kind.String()})
		}
		out.Tables = append(out.Tables, one)
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// export serves POST /api/insights/export with a Query: all rows as CSV.
func (p page) export(w http.ResponseWriter, r *http.Request) error {
	q, a, err := readQuery(w, r)
	if err != nil {
		return err
	}
	result, err := p.runWith(r.Context(), a, q.Text, kql.Limits{Time: queryTime})
	if err != nil {
		return placed(q.Text, err)
	}
	if result.Partial != nil {
		return fault.New(fault.TooLarge, "export", "%s", result.Partial.Message)
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="query-%s.csv"`, time.Now().UTC().Format("20060102-150405")))
	out := portal.NewAnswer(w, "text/csv; charset=utf-8")
	defer out.Close()
	rows := csv.NewWriter(out)
	line := make([]string, 0, len(result.Columns))
	for _, c := range result.Columns {
		line = append(line, c.Name)
	}
	_ = rows.Write(line) // a browser that is gone ends it at Flush
	for row := range result.All() {
		line = line[:0]
		for _, v := range row {
			line = append(line, v.String())
		}
		if rows.Write(line) != nil {
			break
		}
	}
	rows.Flush()
	return nil
}
