package docstore

import (
	"bytes"
	"context"
	"errors"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// deleteAtOnce is how many items of a partition one Write deletes: as many as
// four of its batches, of which the disk syncs one while the next is made.
const deleteAtOnce = 4 * chunkOps

// DeletePartition deletes the items of one logical partition, in batches, and
// returns how many it deleted and their bytes, when it fails without those of
// its last batch. What is written to the partition
// after the call began stays. It returns after everything deleted is durable.
//
// When it fails, or the power does, each item is still there or deleted with
// all that belongs to it; calling it again goes on.
func (c *Container) DeletePartition(ctx context.Context, key PartitionKey) (items int, size int64, err error) {
	if err := c.fullKey(key); err != nil {
		return 0, 0, err
	}
	upTo := c.clock.taken()
	for from := uniqueKey(nil, c.cid, key.enc, ""); ; {
		ops, next, err := c.partitionOps(key, from, upTo)
		if err != nil || len(ops) == 0 {
			return items, size, err
		}
		results, err := c.Write(ctx, ops, false)
		if err != nil {
			return items, size, err
		}
		for i := range results {
			if results[i].Err == nil {
				items++
				size += int64(len(results[i].Item.Body))
			}
		}
		from = next
	}
}

// partitionOps returns the deletions of the next items at or after a key of
// table U, and the key to go on from.
func (c *Container) partitionOps(key PartitionKey, from []byte, upTo uint64) (ops []Op, next []byte, err error) {
	if err := c.store.use.Enter(); err != nil {
		return nil, nil, err
	}
	defer c.store.use.Leave()
	select {
	case <-c.gone:
		return nil, nil, errDeleted
	default:
	}
	prefix := uniqueKey(nil, c.cid, key.enc, "")
	it, err := c.store.db.Iter(from, kv.PrefixEnd(prefix))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for ok := it.First(); ok && len(ops) < deleteAtOnce; ok = it.Next() {
		ops = append(ops, Op{Kind: purge, Key: &key, ID: string(it.Key()[len(prefix):]), upTo: upTo})
		next = append(next[:0], it.Key()...)
	}
	return ops, append(bytes.Clone(next), 0), nil
}

// purge is the step of a partition's deletion.
func (t *txn) purge(s *step, old *record, found bool, lsn uint64) error {
	if !found || old.lsn > s.op.upTo {
		return fault.New(fault.NotFound, "item "+s.id, "it is not among those to delete")
	}
	t.remove(old, s.unique, lsn)
	s.result.Item = old.item(t.c)
	return nil
}
