package tables

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// maxShown is the longest value of an entity in a list, in bytes.
const maxShown = 1 << 10

// EntityPage is a page of the answer to a query, in the order of the keys.
type EntityPage struct {
	Rows   []Entity `json:"rows"`
	Next   string   `json:"next"`   // the after of the next page, or ""
	Total  int64    `json:"total"`  // entities of the table
	Filter string   `json:"filter"` // the query as a client would send it; "" for all
	Millis float64  `json:"durationMs"`
}

// queryEntities serves GET …/entities?filter=…&pk=…&rk=…&after=…&max=…: those that pass
// the filter of the service's language and, where they are given, have the partition
// key and the row key. A page may be empty and not the last.
func (p page) queryEntities(w http.ResponseWriter, r *http.Request) error {
	t, err := p.table(r)
	if err != nil {
		return err
	}
	q, text, err := queryOf(r.URL.Query())
	if err != nil {
		return err
	}
	limit, err := portal.Number(r, "max", 100)
	if err != nil {
		return err
	}
	q.Max = int(min(max(limit, 1), tablestore.MaxPage))
	began := time.Now()
	out := EntityPage{Rows: []Entity{}, Filter: text}
	next, err := t.Query(r.Context(), q, func(e *tablestore.Entity) error {
		out.Rows = append(out.Rows, entityOf(e, maxShown))
		return nil
	})
	if err != nil {
		return err
	}
	if next != nil {
		out.Next = placeText(next)
	}
	out.Total, _ = t.Usage()
	out.Millis = float64(time.Since(began).Microseconds()) / 1000
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// queryOf reads what a query looks for, and writes it as one filter.
func queryOf(q url.Values) (query tablestore.Query, text string, err error) {
	own := strings.TrimSpace(q.Get("filter"))
	if _, err := odata.Parse(q.Get("filter")); err != nil { // alone, so that places are those in the box
		return query, "", placed(q.Get("filter"), err)
	}
	text = strings.Join(terms(q, own), " and ")
	filter, err := odata.Parse(text)
	if err != nil {
		return query, text, placed(text, err)
	}
	query.In = filter.Boxes()
	if filter != nil {
		query.Match = func(e *tablestore.Entity) bool { return filter.Match(e) }
	}
	query.From, err = parsePlace(q.Get("after"))
	return query, text, err
}

func terms(q url.Values, own string) (all []string) {
	for _, key := range [...][2]string{{"pk", tablestore.PartitionKeyName}, {"rk", tablestore.RowKeyName}} {
		if q.Has(key[0]) {
			all = append(all, key[1]+" eq '"+strings.ReplaceAll(q.Get(key[0]), "'", "''")+"'")
		}
	}
	switch {
	case own != "" && len(all) > 0:
		all = append(all, "("+own+")")
	case own != "":
		all = append(all, own)
	}
	return all
}

// placed is a mistake of a filter with its place, as bytes of the text.
func placed(text string, err error) error {
	var e *odata.Error
	if !errors.As(err, &e) {
		return err
	}
	at := 0
	for n := 1; n < e.Position && at < len(text); n++ {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return &portal.SyntaxError{Message: e.Message, Place: portal.Place{Line: 1, Col: e.Position, Start: at, End: wordEnd(text, at)}}
}

// wordEnd is the end of the word at a byte of the text, of a character at least.
func wordEnd(text string, at int) int {
	end := at
	for end < len(text) && strings.IndexByte(" \t\r\n()", text[end]) < 0 {
		end++
	}
	if end == at && at < len(text) {
		end++
	}
	return end
}

// placeText is where a query goes on, for an address.
func placeText(p *tablestore.Position) string {
	text, err := json.Marshal([2]string{p.PartitionKey, p.RowKey})
	if err != nil {
		panic(err) // texts always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parsePlace(text string) (*tablestore.Position, error) {
	if text == "" {
		return nil, nil
	}
	var keys [2]string
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &keys)
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "after", "%q is no place in this list", clip(text))
	}
	return &tablestore.Position{PartitionKey: keys[0], RowKey: keys[1]}, nil
}
