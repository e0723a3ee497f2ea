package cosmos

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/docstore"
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

// findItem reads the addressed item.
func (x *exchange) findItem(key docstore.PartitionKey) (docstore.Item, error) {
	id, err := x.targetID(key)
	if err != nil {
		return docstore.Item{}, err
	}
	return x.coll.Read(x.r.Context(), key, id)
}

// targetID is the id of the addressed item. In a path of _rids, as the _self
// links of documents are, the last segment is the item's _rid. In a path of
// names it is a name whatever it looks like.
func (x *exchange) targetID(key docstore.PartitionKey) (string, error) {
	if x.addr.coll == x.coll.ID() {
		return x.addr.id, nil
	}
	rid, err := docstore.ParseRID(x.addr.id)
	if err != nil || rid.Ordinal == 0 || rid.Owner().String() != x.info.rid {
		return x.addr.id, nil
	}
	item, err := x.coll.ReadOrdinal(x.r.Context(), rid.Ordinal)
	if err != nil {
		return "", err
	}
	if item.Key != key {
		return "", notFound("item " + x.addr.id)
	}
	return item.ID, nil
}
