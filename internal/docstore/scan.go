package docstore

import (
	"context"
	"errors"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// ScanOptions choose the documents of a Scan.
type ScanOptions struct {
	Key     *PartitionKey // only this logical partition, or those that begin with it
	After   uint64        // only ordinals beyond this one in the walk's direction; 0: from the start
	Reverse bool          // newest first
}

// listLimit is the size from which a partition is walked by an index of its
// own. Below it, sorting its ordinals costs less than every write would.
const listLimit = 4096

// Scan walks all documents, or a logical partition, in insertion order.
func (c *Container) Scan(ctx context.Context, o ScanOptions) (*Rows, error) {
	if o.Key == nil || o.Key.n == 0 {
		return c.scanAll(ctx, o)
	}
	if o.Key.n > len(c.keyPaths) {
		return nil, c.fullKey(*o.Key)
	}
	x := c.indexes.Load().lookup(&index{byKey: true})
	if o.Key.n == len(c.keyPaths) && x != nil && x.build == nil {
		return c.scanPartition(ctx, o, x)
	}
	rows, err := c.newRows(ctx, false)
	if err != nil {
		return nil, err
	}
	if rows.list, err = c.ordinals(rows.snap, *o.Key); err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	if len(rows.list) > listLimit && o.Key.n == len(c.keyPaths) && len(c.indexes.Load().list) < maxIndexes {
		if err := rows.Close(); err != nil {
			return nil, err
		}
		if x, err = c.ensureIndex(ctx, &index{byKey: true}); err != nil {
			return nil, err
		}
		return c.scanPartition(ctx, o, x)
	}
	slices.Sort(rows.list)
	rows.list = beyond(rows.list, o)
	return rows, nil
}

// beyond cuts sorted ordinals at o.After and puts them in o's direction.
func beyond(list []uint64, o ScanOptions) []uint64 {
	if o.Reverse {
		if o.After > 0 {
			n, _ := slices.BinarySearch(list, o.After)
			list = list[:n]
		}
		slices.Reverse(list)
		return list
	}
	n, _ := slices.BinarySearch(list, o.After+1)
	return list[n:]
}

func (c *Container) scanAll(ctx context.Context, o ScanOptions) (*Rows, error) {
	rows, err := c.newRows(ctx, false)
	if err != nil {
		return nil, err
	}
	rows.isDocs = true
	low := tableKey(nil, tableDocs, c.cid)
	high := kv.PrefixEnd(low)
	switch {
	case o.After > 0 && o.Reverse:
		high = docKey(nil, c.cid, o.After)
	case o.After > 0:
		low = docKey(nil, c.cid, o.After+1)
	}
	return rows.over(low, high, o.Reverse)
}

// scanPartition walks a partition by its index.
func (c *Container) scanPartition(ctx context.Context, o ScanOptions, x *index) (*Rows, error) {
	rows, err := c.newRows(ctx, false)
	if err != nil {
		return nil, err
	}
	prefix := append(indexKey(nil, c.cid, x.id), o.Key.enc...)
	at := func(ordinal uint64) []byte { return appendOrdinal(slices.Clone(prefix), ordinal) }
	low, high := prefix, kv.PrefixEnd(prefix)
	switch {
	case o.After > 0 && o.Reverse:
		high = at(o.After)
	case o.After > 0:
		low = at(o.After + 1)
	}
	return rows.over(low, high, o.Reverse)
}

// ordinals returns those of the documents whose partition key begins with key,
// in no order.
func (c *Container) ordinals(snap *kv.Snapshot, key PartitionKey) (list []uint64, err error) {
	low := uniqueKey(nil, c.cid, key.enc, "")
	it, err := snap.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		ordinal, ok := parseOrdinal(it.Value())
		if !ok {
			return nil, errRecord
		}
		list = append(list, ordinal)
	}
	return list, nil
}

// Count returns the number of documents, of one logical partition (or those
// that begin with key) when key is given. Without a key it reads a counter, and
// takes off what has expired and is not deleted yet.
func (c *Container) Count(ctx context.Context, key *PartitionKey) (n int64, err error) {
	if key == nil && c.ttl() == nil {
		return c.docs.Load(), ctx.Err()
	}
	if key == nil {
		return c.countLiving(ctx)
	}
	rows, err := c.newRows(ctx, true)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	low := uniqueKey(nil, c.cid, key.enc, "")
	it, err := rows.snap.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		if rows.expired != nil {
			if ordinal, _ := parseOrdinal(it.Value()); rows.expired[ordinal] {
				continue
			}
		}
		if n++; n%ctxEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return n, nil
}

// countLiving is Count of a container whose documents may expire.
func (c *Container) countLiving(ctx context.Context) (n int64, err error) {
	select {
	case <-c.gone:
		return 0, errDeleted
	default:
	}
	settled := c.LSN()
	snap := c.store.db.Snapshot()
	defer func() { err = errors.Join(err, snap.Close()) }()
	tally, err := kv.TallyAt(snap, tallyKey(c.cid))
	if err != nil {
		return 0, err
	}
	n = tally.Sum[0]
	err = c.eachExpired(snap, settled, c.now(), func(*record) bool {
		n--
		return n%ctxEvery != 0 || ctx.Err() == nil
	})
	return n, errors.Join(err, ctx.Err())
}
