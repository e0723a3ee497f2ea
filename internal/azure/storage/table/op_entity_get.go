package table

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// getEntity answers a point read.
//
// Supported: $select, $format and Accept. An entity outside of the range of a SAS
// is refused.
func (x *exchange) getEntity() error {
	level, err := x.format()
	if err != nil {
		return err
	}
	t, err := x.svc.store.Table(x.addr.table)
	if err != nil {
		return err
	}
	if err := x.inRange(x.addr.partition, x.addr.row); err != nil {
		return err
	}
	w := x.writer(level, t.Name())
	if w.selects, err = odata.ParseSelect(x.r.Query.Get("$select")); err != nil {
		return about("$select", err)
	}
	var e tablestore.Entity
	if err := t.Get(x.r.HTTP.Context(), x.addr.partition, x.addr.row, &e); err != nil {
		return err
	}
	x.set("Etag", etagText(e.Timestamp))
	x.event.Items = 1
	out := x.svc.buffers.Get()
	defer x.svc.buffers.Put(out)
	out.B = w.single(out.B, &e)
	return x.replyJSON(http.StatusOK, level, out.B)
}

// inRange refuses an entity outside of the range that a SAS opens.
func (x *exchange) inRange(partition, row string) error {
	if !x.grant.Keys.Contains(partition, row) {
		return storage.Fail("AuthorizationFailure").With("Reason", "The signature opens a range of keys in which the entity is not.")
	}
	return nil
}
