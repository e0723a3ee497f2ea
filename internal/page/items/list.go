package items

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// ItemPage is a page of the items of a container: all in the order in which they
// were made, or those that pass a filter.
type ItemPage struct {
	Rows  []ItemRow `json:"rows"`
	Next  string    `json:"next"`  // the after of the next page, or ""
	Total int64     `json:"total"` // items there are, those that expired and are not deleted yet included

	// Of a filtered or sorted list: what it cost, and the query that it is.
	Query  string  `json:"query,omitempty"`
	Charge float64 `json:"charge"`
	By     string  `json:"by"` // as in Answer
	Millis float64 `json:"durationMs"`
}

// ItemRow is an item in a list.
type ItemRow struct {
	Row
	ID    string `json:"id"`
	Key   string `json:"key"` // its partition key, as in the header of the REST dialect: ["a",1]
	Bytes int    `json:"bytes"`
}

// listItems serves GET …/items?q=…&sort=[-]path&after=…&max=…, and without q and
// sort ?order=newest|oldest. q is as in package filter, over the properties of the
// item: data.tempC>40.
func (p page) listItems(w http.ResponseWriter, r *http.Request) error {
	c, err := p.container(r)
	if err != nil {
		return err
	}
	limit, err := portal.Number(r, "max", 100)
	if err != nil {
		return err
	}
	limit = min(max(limit, 1), maxRows)
	q := r.URL.Query()
	var out ItemPage
	if q.Get("q") == "" && q.Get("sort") == "" {
		out, err = walk(r, c, int(limit))
	} else {
		out, err = p.find(r, c, int(limit))
	}
	if err != nil {
		return err
	}
	out.Total, _ = c.Usage()
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// walk lists all items. Pages go on behind an item's place, whatever is written
// meanwhile, so that the last of 100,000 costs what the first does, and no index
// is made for it.
func walk(r *http.Request, c *docstore.Container, limit int) (out ItemPage, err error) {
	out.Rows = []ItemRow{}
	out.By = "scan"
	o, err := scanOptions(r)
	if err != nil {
		return out, err
	}
	began := time.Now()
	rows, err := c.Scan(r.Context(), o)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	size, last := 0, uint64(0)
	paths := c.Spec().PartitionKey.Paths
	for rows.Next() {
		if len(out.Rows) >= limit || size >= maxRowBytes {
			out.Next = strconv.FormatUint(last, 10)
			break
		}
		row, err := itemRow(rows.Doc(), paths)
		if err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, row)
		size, last = size+len(row.Text), rows.Ordinal()
	}
	out.Millis = milliseconds(time.Since(began))
	return out, nil
}

// find lists the items that pass a filter, as a query.
func (p page) find(r *http.Request, c *docstore.Container, limit int) (ItemPage, error) {
	values := r.URL.Query()
	sql, err := filtered(values.Get("q"), values.Get("sort"))
	if err != nil {
		return ItemPage{}, err
	}
	got, err := p.Query.Ask(r.Context(), c, Query{Text: sql, Max: limit, Continuation: values.Get("after")}, maxRowBytes)
	if err != nil {
		return ItemPage{}, err
	}
	out := ItemPage{
		Rows: make([]ItemRow, len(got.Rows)), Next: got.Continuation, Query: sql,
		Charge: got.Charge, By: got.By, Millis: milliseconds(got.Duration),
	}
	paths := c.Spec().PartitionKey.Paths
	for i, row := range got.Rows {
		if out.Rows[i], err = itemRow(row, paths); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Counted is how many items pass a filter.
type Counted struct {
	Count int64 `json:"count"`
}

// countItems serves GET …/count?q=…, which may take as long as reading all items.
func (p page) countItems(w http.ResponseWriter, r *http.Request) error {
	c, err := p.container(r)
	if err != nil {
		return err
	}
	sql, err := filtered(r.URL.Query().Get("q"), "")
	if err != nil {
		return err
	}
	got, err := p.Query.Ask(r.Context(), c, Query{Text: strings.Replace(sql, "SELECT *", "SELECT VALUE COUNT(1)", 1), Max: 1}, maxRowBytes)
	if err != nil {
		return err
	}
	var out Counted
	if len(got.Rows) != 1 {
		return fault.New(fault.Internal, "count", "%d rows", len(got.Rows))
	}
	if err := json.Unmarshal(got.Rows[0], &out.Count); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func scanOptions(r *http.Request) (o docstore.ScanOptions, err error) {
	q := r.URL.Query()
	switch order := q.Get("order"); order {
	case "", "newest":
		o.Reverse = true
	case "oldest":
	default:
		return o, fault.New(fault.Invalid, "order", "%q is neither newest nor oldest", order)
	}
	if after := q.Get("after"); after != "" {
		if o.After, err = strconv.ParseUint(after, 10, 64); err != nil {
			return o, fault.New(fault.Invalid, "after", "%q is no place in this list", after)
		}
	}
	return o, nil
}

func itemRow(doc []byte, paths []string) (ItemRow, error) {
	key, err := docstore.KeyOf(doc, paths)
	row := ItemRow{Row: newRow(doc, false), Key: key.String(), Bytes: len(doc)}
	members(doc, func(name, v []byte) bool {
		if string(name) == `"id"` {
			row.ID = unquoted(v)
		}
		return row.ID == ""
	})
	return row, err
}
