package insights

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of lists.
const (
	defaultRows = 200
	maxRows     = 1000
	maxTitle    = 400 // bytes of a row's texts
)

// Row is an item in a list.
type Row struct {
	ID        string   `json:"id"` // of the item
	At        float64  `json:"t"`  // unix milliseconds, with a fraction
	Kind      string   `json:"kind"`
	Title     string   `json:"title"`
	Text      string   `json:"text"`
	Bad       bool     `json:"bad"`
	Code      string   `json:"code"`
	Duration  *float64 `json:"duration"` // milliseconds
	Severity  *int64   `json:"severity"` // 0 to 4
	Target    string   `json:"target"`
	Sort      string   `json:"sort"` // of a dependency: HTTP, SQL and so on
	Role      string   `json:"role"`
	Instance  string   `json:"instance"`
	Operation string   `json:"operation"`
	Parent    string   `json:"parent"`
	Span      string   `json:"span"` // what its children name as their parent
	Component string   `json:"component"`
	// Causes are the spans that caused a request besides its parent, of those that are
	// shown with it.
	Causes []string `json:"causedBy,omitempty"`
}

// rowOf is a row of kind.columns.
func rowOf(v []kql.Value) Row {
	r := Row{
		ID: v[1].Text(), At: millis(v[0]), Kind: v[2].Text(), Title: cut(v[3].Text(), maxTitle), Text: cut(v[4].Text(), maxTitle),
		Bad: v[5].Bool(), Code: v[6].Text(), Duration: real64(v[7]), Target: cut(v[9].Text(), maxTitle), Sort: v[10].Text(),
		Role: v[11].Text(), Instance: v[12].Text(), Operation: v[13].Text(), Parent: v[14].Text(), Span: v[15].Text(), Component: v[16].Text(),
	}
	if !v[8].IsNull() {
		level := v[8].Int()
		r.Severity = &level
	}
	return r
}

// Found is the answer to GET /api/insights/search.
type Found struct {
	Rows []Row  `json:"rows"` // newest first
	Next string `json:"next"` // the before of the page behind, or ""
}

// place is where a page of rows begins: behind a moment's first rows.
type place struct {
	ticks int64
	skip  int
}

func (p place) String() string { return fmt.Sprintf("%d.%d", p.ticks, p.skip) }

// placeIn reads before of a request; the zero place is the newest row.
func placeIn(r *http.Request) (p place, err error) {
	text := r.URL.Query().Get("before")
	if text == "" {
		return p, nil
	}
	ticks, skip, _ := strings.Cut(text, ".")
	p.ticks, err = strconv.ParseInt(ticks, 10, 64)
	if err == nil {
		p.skip, err = strconv.Atoi(skip)
	}
	if err != nil || p.ticks <= 0 || p.skip < 0 || p.skip > maxRows*100 {
		return p, fault.New(fault.Invalid, "before", "%q is no place in a list", text)
	}
	return p, nil
}

// search serves GET /api/insights/search?q=&component=&from=&to=&before=&limit=.
func (p page) search(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	c, err := compile(r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	before, err := placeIn(r)
	if err != nil {
		return err
	}
	limit, err := portal.Number(r, "limit", defaultRows)
	if err != nil {
		return err
	}
	n := int(min(max(limit, 1), maxRows))
	out := Found{Rows: []Row{}}
	if text := c.newest(before, n); text != "" {
		result, err := p.run(r.Context(), a, text)
		if err != nil {
			return err
		}
		out = found(result, before, n)
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// newest is a query for n rows behind a place, and one more; "" where there can be none.
func (c condition) newest(before place, n int) string {
	top := fmt.Sprintf(" | top %d by timestamp desc", n+before.skip+1)
	bound := ""
	if before.ticks > 0 {
		bound = " | where timestamp <= " + moment(before.ticks)
	}
	return c.union(func(k *kind) string { return bound }, func(k *kind) string { return top + " | project " + k.columns() }, top)
}

// union is a query over all types of which something can pass: what each does before and
// after the condition, and what is done with all.
func (c condition) union(first, then func(*kind) string, last string) string {
	var parts []string
	for i := range kinds {
		k := &kinds[i]
		if where, ok := c.where(k); ok {
			parts = append(parts, "("+k.table+first(k)+where+then(k)+")")
		}
	}
	if parts == nil {
		return ""
	}
	return "union " + strings.Join(parts, ", ") + last
}

// found is the page of rows behind a place. Of rows of one moment those that were given
// before are passed over: their order is the store's and stays.
func found(result *kql.Result, before place, n int) Found {
	out := Found{Rows: []Row{}}
	next := before
	passed := 0
	for v := range result.All() {
		ticks := v[0].Int()
		if ticks == before.ticks && passed < before.skip {
			passed++
			continue
		}
		if len(out.Rows) == n {
			out.Next = next.String()
			break
		}
		out.Rows = append(out.Rows, rowOf(v))
		if ticks == next.ticks {
			next.skip++
		} else {
			next = place{ticks, 1}
		}
	}
	return out
}
