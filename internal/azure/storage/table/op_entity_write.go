package table

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// change is a change of an entity and how it is answered.
type change struct {
	op     tablestore.Op
	level  metadata
	prefer preference // of an insert
}

// writeEntity makes one change of an entity: insert, replace, merge, upsert, delete.
//
// Supported: If-Match (which makes an upsert a replace or merge), Prefer, $format.
// An insert answers 201 with the entity, or 204 when the client prefers that; the
// others answer 204.
func (x *exchange) writeEntity() error {
	t, err := x.svc.store.Table(x.addr.table)
	if err != nil {
		return err
	}
	c, err := x.op.part(x)
	if err != nil {
		return err
	}
	if err := x.inRange(c.op.Entity.PartitionKey, c.op.Entity.RowKey); err != nil {
		return err
	}
	stamp, err := t.Write(x.r.HTTP.Context(), &c.op)
	if err != nil {
		return err
	}
	return x.replyChange(t, c, stamp)
}

// insert reads an insert.
func (x *exchange) insert() (*change, error) {
	level, err := x.format()
	if err != nil {
		return nil, err
	}
	e, err := x.readEntityBody()
	if err != nil {
		return nil, err
	}
	return &change{op: tablestore.Op{Kind: tablestore.Insert, Entity: e.Entity}, level: level, prefer: x.prefer()}, nil
}

// replace reads a replace, or without If-Match an upsert.
func (x *exchange) replace() (*change, error) { return x.update(tablestore.Replace, tablestore.Upsert) }

// merge reads a merge, or without If-Match an upsert that merges.
func (x *exchange) merge() (*change, error) {
	return x.update(tablestore.Merge, tablestore.UpsertMerge)
}

func (x *exchange) update(conditional, otherwise tablestore.OpKind) (*change, error) {
	c := &change{op: tablestore.Op{Kind: otherwise}}
	if x.r.HasHeader("If-Match") {
		var err error
		if c.op.IfMatch, err = parseETag(x.r.Header("If-Match")); err != nil {
			return nil, err
		}
		c.op.Kind = conditional
	}
	e, err := x.readEntityBody()
	if err != nil {
		return nil, err
	}
	c.op.Entity = e.Entity
	return c, nil
}

// delete reads a delete, which needs an If-Match.
func (x *exchange) delete() (*change, error) {
	if !x.r.HasHeader("If-Match") {
		return nil, storage.MissingHeader("If-Match").With("Reason", "A delete needs the header If-Match: the ETag of the entity, or * for any.")
	}
	match, err := parseETag(x.r.Header("If-Match"))
	if err != nil {
		return nil, err
	}
	e := tablestore.Entity{PartitionKey: x.addr.partition, RowKey: x.addr.row}
	return &change{op: tablestore.Op{Kind: tablestore.Delete, Entity: e, IfMatch: match}}, nil
}

// replyChange answers a change that was made.
func (x *exchange) replyChange(t *tablestore.Table, c *change, stamp tablestore.Ticks) error {
	e := &c.op.Entity
	e.Timestamp = stamp
	x.event.Items = 1
	if c.op.Kind == tablestore.Delete {
		return x.replyJSON(http.StatusNoContent, c.level, nil)
	}
	x.set("Etag", etagText(stamp))
	if c.op.Kind != tablestore.Insert {
		return x.replyJSON(http.StatusNoContent, c.level, nil)
	}
	w := x.writer(c.level, t.Name())
	location := string(appendKeys([]byte(w.base+"/"+w.table), e.PartitionKey, e.RowKey))
	x.set("Location", location)
	if c.prefer == returnNoContent {
		x.set("Dataserviceid", location)
		return x.replyJSON(http.StatusNoContent, c.level, nil)
	}
	out := x.svc.buffers.Get()
	defer func() { x.svc.buffers.Put(out) }()
	out.B = w.single(out.B, e)
	return x.replyJSON(http.StatusCreated, c.level, out.B)
}
