package items

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// maxItem is the largest document of the service, in bytes.
const maxItem = 2 << 20

// account is the one in the address.
func (p page) account(r *http.Request) (Named, error) {
	return find(p.Accounts(), r.PathValue("account"))
}

func find(accounts []Named, name string) (Named, error) {
	for _, a := range accounts {
		if strings.EqualFold(a.Name, name) {
			return a, nil
		}
	}
	return Named{}, fault.New(fault.NotFound, "account "+name, "there is none")
}

func (p page) database(r *http.Request) (*docstore.Database, error) {
	a, err := p.account(r)
	if err != nil {
		return nil, err
	}
	return a.Stored.Database(r.PathValue("db"))
}

func (p page) container(r *http.Request) (*docstore.Container, error) {
	db, err := p.database(r)
	if err != nil {
		return nil, err
	}
	return db.Container(r.PathValue("coll"))
}

// Item is an item as it is now.
type Item struct {
	Text string `json:"text"` // the document as it is stored, system properties included
	ID   string `json:"id"`
	Key  string `json:"key"` // its partition key, as in the header of the REST dialect: ["a",1]
	RID  string `json:"rid"`
	ETag string `json:"etag"`
	Time int64  `json:"time"` // of its last change, in seconds since 1970
	LSN  uint64 `json:"lsn"`  // of its last change, in the container's feed
}

func itemOf(i docstore.Item) Item {
	return Item{string(i.Body), i.ID, i.Key.String(), i.RID, i.ETag, i.Timestamp, i.LSN}
}

// readItem serves GET …/item?id=…&key=["…"], or ?rid=…: a point read.
func (p page) readItem(w http.ResponseWriter, r *http.Request) error {
	c, err := p.container(r)
	if err != nil {
		return err
	}
	item, err := point(r, c)
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, itemOf(item))
	return nil
}

func point(r *http.Request, c *docstore.Container) (docstore.Item, error) {
	q := r.URL.Query()
	if text := q.Get("rid"); text != "" {
		rid, err := docstore.ParseRID(text)
		if err != nil {
			return docstore.Item{}, err
		}
		if rid.Owner().String() != c.Resource().RID {
			return docstore.Item{}, fault.New(fault.NotFound, "item "+text, "it is not in this container")
		}
		return c.ReadOrdinal(r.Context(), rid.Ordinal)
	}
	key, err := docstore.ParsePartitionKey(q.Get("key"))
	if err != nil {
		return docstore.Item{}, err
	}
	return c.Read(r.Context(), key, q.Get("id"))
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
	c, err := p.container(r)
	if err == nil {
		op.Body, err = readItemText(w, r)
	}
	if err != nil {
		return err
	}
	item, err := write(r, c, op)
	if err != nil {
		return err
	}
	portal.WriteJSON(w, status, itemOf(item))
	return nil
}

// readItemText reads a document, which must be JSON: otherwise the error says
// where it is not.
func readItemText(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := portal.OnlyJSON(r); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxItem))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, fault.New(fault.TooLarge, "item", "more than %d bytes", large.Limit)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "item", err, "its text did not arrive")
	}
	return text, checkJSON(text)
}

// deleteItem serves DELETE …/items?id=…&key=["…"][&etag=…]; key is the partition
// key as in the header of the REST dialect, a JSON array.
func (p page) deleteItem(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	c, err := p.container(r)
	var key docstore.PartitionKey
	if err == nil {
		key, err = docstore.ParsePartitionKey(q.Get("key"))
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
