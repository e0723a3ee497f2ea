package docstore

import (
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Read returns the item with the full partition key and the id; fault.NotFound.
func (c *Container) Read(ctx context.Context, key PartitionKey, id string) (Item, error) {
	if err := c.fullKey(key); err != nil {
		return Item{}, err
	}
	select {
	case <-c.gone:
		return Item{}, errDeleted
	default:
	}
	var room [128]byte
	r, ok, err := c.lookup(c.store.db, uniqueKey(room[:0], c.cid, key.enc, id))
	if err != nil {
		return Item{}, err
	}
	if ttl := c.ttl(); !ok || ttl != nil && r.expired(ttl, c.now()) {
		return Item{}, fault.New(fault.NotFound, "item "+id, "no such item")
	}
	return r.item(c), nil
}

// lookup returns the record of the item at a table U key. The record is the
// caller's to keep.
func (c *Container) lookup(from kv.Reader, unique []byte) (record, bool, error) {
	// Between the two reads the item may be deleted and made again.
	for {
		var room [16]byte
		b, ok, err := from.Get(room[:0], unique)
		if err != nil || !ok {
			return record{}, false, err
		}
		ordinal, ok := parseOrdinal(b)
		if !ok {
			return record{}, false, fmt.Errorf("item %q: %w", unique, errRecord)
		}
		if r, ok, err := c.record(from, ordinal); ok || err != nil {
			return r, ok, err
		}
	}
}

// record returns the record at an ordinal. The record is the caller's to keep.
func (c *Container) record(from kv.Reader, ordinal uint64) (record, bool, error) {
	var room [24]byte
	b, ok, err := from.Get(nil, docKey(room[:0], c.cid, ordinal))
	if err != nil || !ok {
		return record{}, false, err
	}
	r, err := parseRecord(b, ordinal)
	if err != nil {
		return record{}, false, fmt.Errorf("document %d of container %s: %w", ordinal, c.name, err)
	}
	return r, true, nil
}
