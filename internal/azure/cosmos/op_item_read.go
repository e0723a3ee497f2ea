package cosmos

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// readItem is the point read: 200, 304 when If-None-Match is the current ETag,
// 404. If-Match does not apply to reads.
func (x *exchange) readItem() error {
	if err := x.openForRead(); err != nil {
		return err
	}
	key, err := x.readKey()
	if err != nil {
		return err
	}
	item, err := x.findItem(key)
	if err != nil {
		return err
	}
	x.set(hdrETag, item.ETag)
	if match := x.header(hdrIfNoneMatch); match != "" && (match == item.ETag || match == "*") {
		x.charge = chargeMinimal
		return x.reply(http.StatusNotModified, nil)
	}
	x.charge = chargeRead(len(item.Body))
	return x.reply(http.StatusOK, item.Body)
}

// findItem reads the addressed item by its id or, when there is none of that
// name, by its _rid, which the _self links of documents end with.
func (x *exchange) findItem(key docstore.PartitionKey) (docstore.Item, error) {
	item, err := x.coll.Read(x.r.Context(), key, x.addr.id)
	if fault.KindOf(err) != fault.NotFound {
		return item, err
	}
	id, ridErr := x.idOfRID(&key)
	if ridErr != nil || id == "" {
		return item, err
	}
	return x.coll.Read(x.r.Context(), key, id)
}

// idOfRID returns the id of the item in the partition whose _rid the path
// names, or "" when the path names no such item.
func (x *exchange) idOfRID(key *docstore.PartitionKey) (string, error) {
	rid, err := docstore.ParseRID(x.addr.id)
	if err != nil || rid.Ordinal == 0 || (docstore.RID{Database: rid.Database, Container: rid.Container}).String() != x.info.rid {
		return "", nil
	}
	rows, err := x.coll.Scan(x.r.Context(), docstore.ScanOptions{Key: key, After: rid.Ordinal - 1})
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if !rows.Next() || rows.Ordinal() != rid.Ordinal {
		return "", rows.Err()
	}
	var id string
	err = readObject(rows.Doc(), func(name string, value []byte) (err error) {
		if name == "id" {
			id, err = unquote(value)
		}
		return err
	})
	return id, err
}

// targetID is the id of the item that a write addresses, resolving a _rid.
func (x *exchange) targetID(key docstore.PartitionKey) (string, error) {
	if len(x.addr.id) == 24 {
		if id, err := x.idOfRID(&key); id != "" || err != nil {
			return id, err
		}
	}
	return x.addr.id, nil
}
