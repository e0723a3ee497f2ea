package docstore

import (
	"context"
	"encoding/json"
	"time"
)

// Container is a set of items under one partition key definition.
type Container struct{}

// Resource returns the container's properties.
func (c *Container) Resource() Resource { return Resource{} }

// ID returns the container's name.
func (c *Container) ID() string { return "" }

// Spec returns what the container was made with, defaults filled in. It is a
// copy.
func (c *Container) Spec() ContainerSpec { return ContainerSpec{} }

// SetThroughput replaces the offer's content.
func (c *Container) SetThroughput(ctx context.Context, content json.RawMessage) error { return nil }

// Usage returns the number of documents and their bytes, at no cost.
func (c *Container) Usage() (documents, bytes int64) { return 0, 0 }

// Read returns the item with the full partition key and the id; fault.NotFound.
func (c *Container) Read(ctx context.Context, key PartitionKey, id string) (Item, error) {
	return Item{}, nil
}

// Write executes the operations and returns one result for each, in order.
//
// With atomic set they happen together under one LSN or not at all: the first
// failure is in its result, the others get fault.Unavailable results naming it,
// and all must have one partition key. Without it each stands for itself, with
// its own LSN, and shares the commit with its neighbours.
//
// Write returns after everything that succeeded is durable. The error is for
// the call as a whole (a closed store, a failing disk, a cancelled context);
// then no result is to be trusted as durable.
func (c *Container) Write(ctx context.Context, ops []Op, atomic bool) ([]Result, error) {
	return nil, nil
}

// ChangeOptions restrict Changes.
type ChangeOptions struct {
	Max      int           // most items of a page; default 100
	MaxBytes int           // most body bytes of a page, at least one item; default 4 MiB
	Key      *PartitionKey // only this logical partition, or those that begin with it
	Since    time.Time     // only items with _ts at or after it, to the second
}

// Changes returns the latest version of the items changed after an LSN, in LSN
// order, and the LSN to go on from: that of the last item, or of the newest
// change looked at. A transaction is never split over pages, so a page may
// exceed Max. An item changed again moves to its new place; deletes do not
// show.
func (c *Container) Changes(ctx context.Context, after uint64, o ChangeOptions) ([]Item, uint64, error) {
	return nil, 0, nil
}

// LSN returns the newest position whose change, and every one before it, is
// durable.
func (c *Container) LSN() uint64 { return 0 }

// WaitLSN returns when LSN is above after, ctx ends, or the container is
// deleted (fault.NotFound).
func (c *Container) WaitLSN(ctx context.Context, after uint64) error { return nil }

// Count returns the number of documents, of one logical partition (or those
// that begin with key) when key is given.
func (c *Container) Count(ctx context.Context, key *PartitionKey) (int64, error) { return 0, nil }
