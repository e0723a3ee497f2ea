package insights

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxSpans     = 10_000
	maxOperation = 256 // bytes of an id
)

// Operation is the answer to GET /api/insights/operations/{id}: what one operation did,
// in all components, and what others did that it caused or was caused by.
type Operation struct {
	ID   string `json:"id"`
	Rows []Row  `json:"rows"` // oldest first
	More bool   `json:"more"` // there are more rows
}

// operation serves GET /api/insights/operations/{id}?component=.
func (p page) operation(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if id == "" || len(id) > maxOperation {
		return fault.New(fault.NotFound, "operation", "an id is 1 to %d bytes long", maxOperation)
	}
	a, err := asked(r)
	if err != nil {
		return err
	}
	out, err := p.rowsOf(r.Context(), a, []string{id})
	if err != nil {
		return err
	}
	if len(out.Rows) == 0 {
		return fault.New(fault.NotFound, "operation "+id, "no telemetry has this operation_Id, or no longer")
	}
	all, causes, err := p.follow(r.Context(), a, id, time.UnixMilli(int64(out.Rows[0].At)))
	if err != nil {
		return err
	}
	if len(all) > 1 {
		if out, err = p.rowsOf(r.Context(), a, all); err != nil {
			return err
		}
	}
	attach(out.Rows, causes)
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// rowsOf is what operations did, under the id of the first.
func (p page) rowsOf(ctx context.Context, a ask, ids []string) (Operation, error) {
	where := " | where operation_Id in (" + literals(ids) + ")"
	top := fmt.Sprintf(" | top %d by timestamp asc", maxSpans+1)
	text := condition{}.union(func(*kind) string { return where }, func(k *kind) string { return " | project " + k.columns() }, top)
	result, err := p.run(ctx, a, text)
	if err != nil {
		return Operation{}, err
	}
	out := Operation{ID: ids[0], Rows: make([]Row, 0, min(result.Rows, maxSpans))}
	for v := range result.All() {
		if out.More = len(out.Rows) == maxSpans; out.More {
			break
		}
		out.Rows = append(out.Rows, rowOf(v))
	}
	return out, nil
}

// Item is the answer to GET /api/insights/items/{id}: an item whole.
type Item struct {
	Row
	Fields     []Pair   `json:"fields"` // its columns that say something, in the table's order
	Properties []Pair   `json:"properties"`
	Numbers    []Pair   `json:"numbers"` // custom measurements
	Causes     []Cause  `json:"causes"`  // of an exception, the outermost first
	Links      []string `json:"links"`   // operations that it has to do with
}

// Pair is a name and a value.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Cause is an exception of a chain.
type Cause struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Stack   string `json:"stack"`
}

// item serves GET /api/insights/items/{id}?kind=&component=.
func (p page) item(w http.ResponseWriter, r *http.Request) error {
	k := kindOf(r.URL.Query().Get("kind"))
	if k == nil {
		return fault.New(fault.Invalid, "kind", "%q is no type of telemetry", r.URL.Query().Get("kind"))
	}
	a, err := asked(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	// What the item is in a list comes first, all its columns behind it.
	text := k.table + " | where itemId == " + literal(id) + " | take 1 | project " + k.columns()
	head, err := p.run(r.Context(), a, text)
	if err != nil {
		return err
	}
	whole, err := p.run(r.Context(), a, k.table+" | where itemId == "+literal(id)+" | take 1")
	if err != nil {
		return err
	}
	out := Item{Fields: []Pair{}, Properties: []Pair{}, Numbers: []Pair{}, Causes: []Cause{}, Links: []string{}}
	for v := range head.All() {
		out.Row = rowOf(v)
	}
	for v := range whole.All() {
		for n, c := range whole.Columns {
			text := v[n].String()
			switch c.Name {
			case "customDimensions":
				out.Properties = pairs(text)
			case "customMeasurements":
				out.Numbers = pairs(text)
			case "details":
				out.Causes = causes(text)
			default:
				if text != "" {
					out.Fields = append(out.Fields, Pair{c.Name, text})
				}
			}
		}
	}
	if out.ID == "" {
		return fault.New(fault.Gone, "item "+id, "it is not here any more")
	}
	for _, pair := range out.Properties {
		if pair.Name == "_MS.links" {
			out.Links = links(pair.Value)
		}
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// pairs are the members of a JSON object, in their order.
func pairs(text string) []Pair {
	out := []Pair{}
	d := json.NewDecoder(strings.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return out
	}
	for d.More() {
		name, err := d.Token()
		var v json.RawMessage
		if err != nil || d.Decode(&v) != nil {
			return out
		}
		var plain string
		if json.Unmarshal(v, &plain) != nil {
			plain = string(v)
		}
		out = append(out, Pair{fmt.Sprint(name), plain})
	}
	return out
}

// causes are the exceptions in column details.
func causes(text string) []Cause {
	var all []struct {
		Type, Message, RawStack string
		ParsedStack             []struct {
			Method, Assembly, FileName string
			Line                       int64
		}
	}
	out := []Cause{}
	if json.Unmarshal([]byte(text), &all) != nil {
		return out
	}
	for _, c := range all {
		stack := c.RawStack
		for _, f := range c.ParsedStack {
			stack += "    at " + f.Method
			if f.FileName != "" {
				stack += fmt.Sprintf(" (%s:%d)", f.FileName, f.Line)
			}
			stack += "\n"
		}
		out = append(out, Cause{c.Type, c.Message, strings.TrimRight(stack, "\n")})
	}
	return out
}

const maxLinks = 100

// links are the operations that a span names in the property _MS.links, as exporters of
// OpenTelemetry write it.
func links(text string) []string {
	var all []struct {
		Operation string `json:"operation_Id"`
	}
	out := []string{}
	if json.Unmarshal([]byte(text), &all) != nil {
		return out
	}
	for _, l := range all[:min(len(all), maxLinks)] {
		if l.Operation != "" {
			out = append(out, l.Operation)
		}
	}
	return out
}
