package tablestore

import (
	"context"
	"errors"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Get reads an entity into e, whose memory is used again; ResourceNotFound.
func (t *Table) Get(ctx context.Context, partition, row string, e *Entity) error {
	if err := errors.Join(ctx.Err(), t.check()); err != nil {
		return err
	}
	x := t.store.work.Get().(*txn) //nolint:errcheck,forcetypeassert // the pool makes nothing else
	defer t.store.work.Put(x)
	x.key = entityKey(x.key[:0], t.record.Number, partition, row)
	var found bool
	var err error
	x.old, found, err = t.store.db.Get(x.old[:0], x.key)
	if err != nil {
		return err
	}
	if !found {
		return codes.New(ResourceNotFound, entityName(partition, row), "there is no such entity")
	}
	e.PartitionKey, e.RowKey = partition, row
	if err := e.parse(string(x.old)); err != nil {
		return damaged(partition, row, err)
	}
	return nil
}

// damaged is the error of a record that cannot be read.
func damaged(partition, row string, err error) error {
	return fault.Wrap(fault.Internal, entityName(partition, row), err, "it cannot be read")
}

// Position is where a query goes on: at the entity with those keys or the one
// after it.
type Position struct{ PartitionKey, RowKey string }

// Query is what Table.Query looks for.
type Query struct {
	// In are the keys to look at, in any order; they may overlap. nil is all.
	In []Box
	// Match says whether an entity is wanted; nil is every one. The entity is lent.
	Match func(*Entity) bool
	// From is where the query goes on; nil at the beginning.
	From *Position
	Max  int // entities of the page, 1 to MaxPage
}

// A page ends when it has looked at so much, so that no query holds a connection
// for long (Azure: five seconds, 4 MiB).
const (
	maxScanned      = 200_000 // entities
	maxScannedBytes = 64 << 20
	maxPageBytes    = 4 << 20
)

// Query calls use for the entities in the order of their keys until the page is
// full, and returns where the next page begins, or nil at the end. A page may be
// empty and not the last. The entity that use gets is lent: its texts may be
// kept. The page is of one moment.
func (t *Table) Query(ctx context.Context, q Query, use func(*Entity) error) (next *Position, err error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	spans := spansOf(q.In, q.From)
	if len(spans) == 0 {
		return nil, nil
	}
	p := page{t: t, query: q, use: use, prefix: tableKey(nil, rowEntities, t.record.Number)}
	low, high := p.bounds(keySpan{spans[0].low, spans[len(spans)-1].high})
	it, err := t.store.db.Iter(low, high)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for _, span := range spans {
		low, high := p.bounds(span)
		if next, err = p.walk(ctx, it, low, high); next != nil || err != nil {
			return next, err
		}
	}
	return nil, nil
}
