package docstore

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// ReadOrdinal returns the item with the ordinal, which its resource id
// carries; fault.NotFound.
func (c *Container) ReadOrdinal(ctx context.Context, ordinal uint64) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	select {
	case <-c.gone:
		return Item{}, errDeleted
	default:
	}
	r, ok, err := c.record(c.store.db, ordinal)
	if err != nil {
		return Item{}, err
	}
	if ttl := c.ttl(); !ok || ttl != nil && r.expired(ttl, c.now()) {
		return Item{}, fault.New(fault.NotFound, "item "+RID{c.rid.Database, c.rid.Container, ordinal}.String(), "no such item")
	}
	return r.item(c), nil
}
