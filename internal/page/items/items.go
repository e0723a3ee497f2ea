package items

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxQuery    = 1 << 20
	maxItem     = 2 << 20 // a document of the service
	maxRows     = 500     // of one page of results
	maxRowBytes = 4 << 20
)

// Query is a question to a container.
type Query struct {
	Text         string                     `json:"query"`
	Parameters   map[string]json.RawMessage `json:"parameters,omitempty"` // "@name" to a value
	Max          int                        `json:"max"`                  // rows; at most 500, default 100
	Continuation string                     `json:"continuation,omitempty"`
}

// Answer is a page of the answer to a query.
type Answer struct {
	Rows         []json.RawMessage `json:"rows"`
	Continuation string            `json:"continuation,omitempty"`
	Charge       float64           `json:"charge"` // request units
	Explain      string            `json:"explain"`
	Entries      int64             `json:"entries"`   // index entries and documents walked over
	Documents    int64             `json:"documents"` // evaluated
	Bytes        int64             `json:"bytes"`     // of these documents
	DurationMs   float64           `json:"durationMs"`
}

func (p page) container(r *http.Request) (*docstore.Container, error) {
	db, err := p.Account.Database(r.PathValue("db"))
	if err != nil {
		return nil, err
	}
	return db.Container(r.PathValue("coll"))
}

// queryItems serves POST …/query with a Query.
func (p page) queryItems(w http.ResponseWriter, r *http.Request) error {
	var q Query
	c, err := p.container(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxQuery, &q)
	}
	if err != nil {
		return err
	}
	if q.Max <= 0 {
		q.Max = 100
	}
	q.Max = min(q.Max, maxRows)
	began := time.Now()
	answer, err := p.Query(r.Context(), c, q, maxRowBytes)
	if err != nil {
		return err
	}
	answer.DurationMs = float64(time.Since(began).Microseconds()) / 1000
	portal.WriteJSON(w, http.StatusOK, answer)
	return nil
}

// createItem serves POST …/items with a document; one with its id and
// partition key must not exist.
func (p page) createItem(w http.ResponseWriter, r *http.Request) error {
	return p.writeItem(w, r, docstore.Op{Kind: docstore.Create}, http.StatusCreated)
}

// replaceItem serves PUT …/items[?etag=…] with a document that exists. With
// an etag it must still have that version.
func (p page) replaceItem(w http.ResponseWriter, r *http.Request) error {
	return p.writeItem(w, r, docstore.Op{Kind: docstore.Replace, IfMatch: r.URL.Query().Get("etag")}, http.StatusOK)
}

func (p page) writeItem(w http.ResponseWriter, r *http.Request, op docstore.Op, status int) error {
	var doc json.RawMessage
	c, err := p.container(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxItem, &doc)
	}
	if err != nil {
		return err
	}
	op.Body = doc
	item, err := write(r, c, op)
	if err != nil {
		return err
	}
	portal.WriteJSON(w, status, json.RawMessage(item.Body))
	return nil
}

// deleteItem serves DELETE …/items?id=…&pk=["…"][&etag=…]; pk is the partition
// key as in the header of the REST dialect, a JSON array.
func (p page) deleteItem(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	c, err := p.container(r)
	var key docstore.PartitionKey
	if err == nil {
		key, err = docstore.ParsePartitionKey(q.Get("pk"))
	}
	if err == nil {
		_, err = write(r, c, docstore.Op{Kind: docstore.Delete, ID: q.Get("id"), Key: &key, IfMatch: q.Get("etag")})
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func write(r *http.Request, c *docstore.Container, op docstore.Op) (docstore.Item, error) {
	results, err := c.Write(r.Context(), []docstore.Op{op}, false)
	if err != nil {
		return docstore.Item{}, err
	}
	if err := results[0].Err; err != nil {
		if op.IfMatch != "" && fault.Is(err, fault.PreconditionFailed) {
			return docstore.Item{}, fault.Wrap(fault.PreconditionFailed, "", err, "somebody else changed the item meanwhile; load it again")
		}
		return docstore.Item{}, err
	}
	return results[0].Item, nil
}
