package portal

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
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

// QueryPage is a page of its answer.
type QueryPage struct {
	Rows         []json.RawMessage `json:"rows"`
	Continuation string            `json:"continuation,omitempty"`
	Charge       float64           `json:"charge"` // request units
	Explain      string            `json:"explain"`
	Entries      int64             `json:"entries"`   // index entries and documents walked over
	Documents    int64             `json:"documents"` // evaluated
	Bytes        int64             `json:"bytes"`     // of these documents
	DurationMs   float64           `json:"durationMs"`
}

// MaxBytes is the most that a page's rows may weigh.
func (q Query) MaxBytes() int { return maxRowBytes }

func (s *Server) container(r *http.Request) (*docstore.Container, error) {
	db, err := s.cfg.Store.Database(r.PathValue("db"))
	if err != nil {
		return nil, err
	}
	return db.Container(r.PathValue("coll"))
}

// queryItems serves POST …/query with a Query.
func (s *Server) queryItems(w http.ResponseWriter, r *http.Request) {
	var q Query
	c, err := s.container(r)
	if err == nil {
		err = readJSON(w, r, maxQuery, &q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if q.Max <= 0 {
		q.Max = 100
	}
	q.Max = min(q.Max, maxRows)
	began := time.Now()
	page, err := s.cfg.Querier.Query(r.Context(), c, q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.DurationMs = float64(time.Since(began).Microseconds()) / 1000
	writeJSON(w, http.StatusOK, page)
}

// createItem serves POST …/items with a document; one with its id and
// partition key must not exist.
func (s *Server) createItem(w http.ResponseWriter, r *http.Request) {
	s.writeItem(w, r, docstore.Op{Kind: docstore.Create}, http.StatusCreated)
}

// replaceItem serves PUT …/items[?etag=…] with a document that exists. With
// an etag it must still have that version.
func (s *Server) replaceItem(w http.ResponseWriter, r *http.Request) {
	s.writeItem(w, r, docstore.Op{Kind: docstore.Replace, IfMatch: r.URL.Query().Get("etag")}, http.StatusOK)
}

func (s *Server) writeItem(w http.ResponseWriter, r *http.Request, op docstore.Op, status int) {
	var doc json.RawMessage
	c, err := s.container(r)
	if err == nil {
		err = readJSON(w, r, maxItem, &doc)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	op.Body = doc
	item, err := write(r, c, op)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, status, json.RawMessage(item.Body))
}

// deleteItem serves DELETE …/items?id=…&pk=["…"][&etag=…]; pk is the partition
// key as in the header of the REST dialect, a JSON array.
func (s *Server) deleteItem(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, err := s.container(r)
	var key docstore.PartitionKey
	if err == nil {
		key, err = docstore.ParsePartitionKey(q.Get("pk"))
	}
	if err == nil {
		_, err = write(r, c, docstore.Op{Kind: docstore.Delete, ID: q.Get("id"), Key: &key, IfMatch: q.Get("etag")})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
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
