package insights

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/filter"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxSteps  = 400
	maxValues = 30
)

// Counts is the answer to GET /api/insights/counts.
type Counts struct {
	From  int64          `json:"from"` // unix milliseconds
	Step  int64          `json:"step"` // milliseconds
	Good  []int          `json:"good"` // per step
	Bad   []int          `json:"bad"`  // that failed
	Kinds map[string]int `json:"kinds"`
	Roles []Value        `json:"roles"`
	Rows  int            `json:"rows"`
}

// Value is a value of a field, and how many rows have it.
type Value struct {
	Value string `json:"value"`
	Count int    `json:"count"`
	Bad   int    `json:"bad"`
}

// steps reads from, to and steps of a request: bounds that are there, and how long a
// step between them is.
func (a *ask) steps(r *http.Request, now time.Time) (n int, step time.Duration, err error) {
	steps, err := portal.Number(r, "steps", 60)
	if err != nil {
		return 0, 0, err
	}
	if a.to.IsZero() {
		a.to = now
	}
	n = int(min(max(steps, 1), maxSteps))
	if a.from.IsZero() || !a.from.Before(a.to) {
		return 0, 0, fault.New(fault.Invalid, "from", "a time before to belongs here")
	}
	step = max((a.to.Sub(a.from) / time.Duration(n)).Round(time.Millisecond), time.Millisecond)
	return n, step, nil
}

// binned is an expression: the number of the step that a row is in.
func (a *ask) binned(step time.Duration) string {
	return fmt.Sprintf("toint((timestamp - %s) / time(%dtick))", moment(kql.Ticks(a.from)), kql.Span(step))
}

// count serves GET /api/insights/counts?q=&component=&from=&to=&steps=.
func (p page) count(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	c, err := compile(r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	n, step, err := a.steps(r, time.Now())
	if err != nil {
		return err
	}
	out := Counts{From: a.from.UnixMilli(), Step: step.Milliseconds(), Good: make([]int, n), Bad: make([]int, n), Kinds: map[string]int{}, Roles: []Value{}}
	every := func(*kind) string { return "" }
	text := c.union(every, func(k *kind) string {
		return " | summarize n = count(), bad = countif(" + or(k.failed, "false") + ") by step = " + a.binned(step) + " | extend kind = " + literal(k.name)
	}, "")
	if text == "" {
		portal.WriteJSON(w, http.StatusOK, out)
		return nil
	}
	result, err := p.run(r.Context(), a, text+" | project kind, step, n, bad")
	if err != nil {
		return err
	}
	for v := range result.All() {
		at := min(max(int(v[1].Int()), 0), n-1)
		all, bad := int(v[2].Int()), int(v[3].Int())
		out.Kinds[v[0].Text()] += all
		out.Good[at] += all - bad
		out.Bad[at] += bad
		out.Rows += all
	}
	if out.Roles, err = p.valuesOf(r, a, c, "role", ""); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// Values is the answer to GET /api/insights/values.
type Values struct {
	Values []Value `json:"values"` // the most frequent first
}

// values serves GET /api/insights/values?field=&prefix=&q=&component=&from=&to=: what a
// field of a filter holds.
func (p page) values(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	c, err := compile(r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	all, err := p.valuesOf(r, a, c, r.URL.Query().Get("field"), r.URL.Query().Get("prefix"))
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, Values{all})
	return nil
}

// valuesOf are the values of a field that hold a text.
func (p page) valuesOf(r *http.Request, a ask, c condition, field, holds string) ([]Value, error) {
	path, err := filter.Parse(field + ":*")
	if err != nil || len(path) != 1 || path[0].Path == nil {
		return nil, fault.New(fault.Invalid, "field", "%q is no field", field)
	}
	without := func(k *kind) bool { return k.column(path[0].Path) == "" }
	var parts []string
	for i := range kinds {
		k := &kinds[i]
		where, ok := c.where(k)
		if !ok || without(k) {
			continue
		}
		where += " | extend value = tostring(" + k.column(path[0].Path) + ") | where isnotempty(value)"
		if holds != "" {
			where += " and value contains " + literal(holds)
		}
		parts = append(parts, "("+k.table+where+" | summarize n = count(), bad = countif("+or(k.failed, "false")+") by value)")
	}
	out := []Value{}
	if parts == nil {
		return out, nil
	}
	text := fmt.Sprintf("union %s | summarize n = sum(n), bad = sum(bad) by value | top %d by n desc | project value, n, bad", strings.Join(parts, ", "), maxValues)
	result, err := p.run(r.Context(), a, text)
	if err != nil {
		return nil, err
	}
	for v := range result.All() {
		out = append(out, Value{cut(v[0].Text(), maxTitle), int(v[1].Int()), int(v[2].Int())})
	}
	return out, nil
}

// column is the column or expression of a field with texts; "" where the type has none.
func (k *kind) column(path []string) string {
	switch {
	case path[0] == "prop" && len(path) > 1:
		return "customDimensions[" + literal(strings.Join(path[1:], ".")) + "]"
	case len(path) > 1 || path[0] == "duration" || path[0] == "severity":
		return ""
	case k.fields[path[0]] != "":
		return k.fields[path[0]]
	}
	return common[path[0]]
}
