package cosmos

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// createItem: 201, or 409 when the id is taken in its logical partition.
func (x *exchange) createItem() error { return x.putItem(docstore.Create) }

// upsertItem: 201 for a new item, 200 for a replaced one. A replaced item keeps
// its _rid.
func (x *exchange) upsertItem() error { return x.putItem(docstore.Upsert) }

// replaceItem: 200, or 404.
func (x *exchange) replaceItem() error { return x.putItem(docstore.Replace) }

// putItem writes the document of the request body.
func (x *exchange) putItem(kind docstore.OpKind) error {
	key, err := x.openForWrite()
	if err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	op := docstore.Op{Kind: kind, Key: &key, Body: body}
	if kind != docstore.Create {
		op.IfMatch, op.IfNoneMatch = x.header(hdrIfMatch), x.header(hdrIfNoneMatch)
	}
	if kind == docstore.Replace {
		if op.ID, err = x.targetID(key); err != nil {
			return err
		}
	}
	res, err := x.writeOne(op)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if res.Created {
		status = http.StatusCreated
		x.charge = chargeCreate(len(res.Item.Body))
	} else {
		x.charge = chargeReplace(len(res.Item.Body))
	}
	return x.replyWritten(status, &res.Item)
}

// deleteItem: 204 without a body, or 404.
func (x *exchange) deleteItem() error {
	key, err := x.openForWrite()
	if err != nil {
		return err
	}
	id, err := x.targetID(key)
	if err != nil {
		return err
	}
	res, err := x.writeOne(docstore.Op{Kind: docstore.Delete, Key: &key, ID: id, IfMatch: x.header(hdrIfMatch)})
	if err != nil {
		return err
	}
	x.charge = chargeCreate(len(res.Item.Body))
	return x.reply(http.StatusNoContent, nil)
}

// openForWrite resolves the container and the item's partition key.
func (x *exchange) openForWrite() (docstore.PartitionKey, error) {
	if err := x.openContainer(); err != nil {
		return docstore.PartitionKey{}, err
	}
	if err := x.refuseScripts(); err != nil {
		return docstore.PartitionKey{}, err
	}
	return x.readKey()
}

// writeOne commits one operation.
func (x *exchange) writeOne(op docstore.Op) (docstore.Result, error) {
	results, err := x.coll.Write(x.r.Context(), []docstore.Op{op}, false)
	if err != nil {
		return docstore.Result{}, err
	}
	return results[0], writeError(results[0].Err)
}

// replyWritten answers a write with the item, unless the client prefers none.
func (x *exchange) replyWritten(status int, item *docstore.Item) error {
	x.set(hdrETag, item.ETag)
	if x.minimal() {
		return x.reply(status, nil)
	}
	return x.reply(status, item.Body)
}

// minimal reports whether the client wants no body back from a write.
func (x *exchange) minimal() bool {
	return strings.EqualFold(x.header(hdrPrefer), "return=minimal")
}
