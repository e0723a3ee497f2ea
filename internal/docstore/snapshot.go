package docstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
)

// Snapshot walks all documents of one moment, each exactly once, in insertion
// order; whatever is written, deleted or expires during the walk does not show.
// It is the way to read "everything there is": the change feed is for positions,
// and shows a document again that changes while its pages are read.
//
//	for item, err := range c.Snapshot(ctx) {
//		if err != nil {
//			return err // the last pair
//		}
//		use(item)
//	}
//
// The moment is that of the range statement. Every change up to an LSN taken
// before it is in it, so that an unchanged LSN means an unchanged snapshot, but
// for documents that expired since. A snapshot keeps old data alive: walk it
// through, or break.
func (c *Container) Snapshot(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		wanted, err := c.walk(ctx, func(item Item) bool { return yield(item, nil) })
		if err != nil && wanted {
			yield(Item{}, fmt.Errorf("all documents of container %s: %w", c.name, err))
		}
	}
}

// walk calls use for all documents until it returns false, and reports whether
// it never did.
func (c *Container) walk(ctx context.Context, use func(Item) bool) (wanted bool, err error) {
	rows, err := c.scanAll(ctx, ScanOptions{})
	if err != nil {
		return true, err
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	for rows.Next() {
		r, err := parseRecord(bytes.Clone(rows.it.Value()), rows.Ordinal())
		if err != nil {
			return true, err
		}
		if !use(r.item(c)) {
			return false, nil
		}
	}
	return true, nil
}
