package docstore

import (
	"context"
	"errors"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Expired documents are invisible at once, because every read looks at the
// clock; deleting them is housekeeping. There are two ways to find them:
//
//   - documents with a "ttl" of their own have an entry in table T;
//   - those that follow the container's default expire in the order of their
//     _ts, which is the order of the change feed. Walking the feed from its
//     start finds the expired ones and can stop at the first that is not. They
//     need no entry.

// sweepMost is how many documents of a container one round deletes.
const sweepMost = 20_000

// swept remembers that no document up to lsn expires by the default of ttl
// seconds.
type swept struct {
	ttl int32
	lsn uint64
}

// sweepAll deletes expired documents of all containers.
func (s *Store) sweepAll(ctx context.Context) {
	s.catalog.RLock()
	var all []*Container
	for _, c := range s.containers {
		if c.ttl() != nil {
			all = append(all, c)
		}
	}
	s.catalog.RUnlock()
	for _, c := range all {
		n, err := c.sweep(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errDeleted) && !s.use.Ended(err) {
			s.log.Warn("expired documents not deleted", "container", c.name, "error", err)
		}
		if n > 0 {
			s.log.Debug("expired documents deleted", "container", c.name, "documents", n)
		}
	}
}

// sweep deletes expired documents and returns how many.
func (c *Container) sweep(ctx context.Context) (deleted int, err error) {
	var ops []Op
	settled := c.LSN()
	snap := c.store.db.Snapshot()
	err = c.eachExpired(snap, settled, c.now(), func(r *record) bool {
		key := PartitionKey{string(r.key), len(c.keyPaths)}
		ops = append(ops, Op{Kind: expire, Key: &key, ID: string(r.id)})
		return len(ops) < sweepMost
	})
	if err = errors.Join(err, snap.Close()); err != nil || len(ops) == 0 {
		return 0, err
	}
	results, err := c.Write(ctx, ops, false)
	for _, r := range results {
		if r.Err == nil {
			deleted++
		}
	}
	return deleted, err
}

// expiredAt returns the ordinals of the expired documents that are still there.
func (c *Container) expiredAt(snap *kv.Snapshot, settled uint64, now int64) (map[uint64]bool, error) {
	found := map[uint64]bool{}
	err := c.eachExpired(snap, settled, now, func(r *record) bool {
		found[r.ordinal] = true
		return true
	})
	return found, err
}

// eachExpired calls use for the snapshot's expired documents until it returns
// false. settled is the container's LSN from before the snapshot.
func (c *Container) eachExpired(snap *kv.Snapshot, settled uint64, now int64, use func(*record) bool) error {
	ttl := c.ttl()
	if ttl == nil {
		return nil
	}
	more, err := c.expiredByOwn(snap, now, ttl, use)
	if err != nil || !more || *ttl < 0 {
		return err
	}
	return c.expiredByDefault(snap, settled, now, ttl, use)
}

// expiredByOwn finds documents whose own ttl has passed, by table T.
func (c *Container) expiredByOwn(snap *kv.Snapshot, now int64, ttl *int32, use func(*record) bool) (more bool, err error) {
	it, err := snap.Iter(tableKey(nil, tableExpiry, c.cid), expiryKey(nil, c.cid, now+1, 0))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		r, ok, err := c.record(snap, lastOrdinal(it.Key()))
		if err != nil {
			return false, err
		}
		if ok && r.expired(ttl, now) && !use(&r) {
			return false, nil
		}
	}
	return true, nil
}

// expiredByDefault finds documents whose default ttl has passed, by the feed.
func (c *Container) expiredByDefault(snap *kv.Snapshot, settled uint64, now int64, ttl *int32, use func(*record) bool) (err error) {
	from := swept{ttl: *ttl}
	if known := c.swept.Load(); known != nil && known.ttl == from.ttl {
		from = *known
	}
	f, err := c.newFeed(snap, from.lsn, maxOrdinal-1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	found := false
	for f.next() {
		r := &f.rec
		switch {
		case r.ttl != 0:
		case !r.expired(ttl, now):
			c.swept.Store(&from)
			return f.err
		default:
			found = true
			if !use(r) {
				return f.err
			}
		}
		// The next walk may begin here: below are only documents with a ttl of
		// their own.
		if !found {
			from.lsn = max(from.lsn, min(r.lsn-1, settled))
		}
	}
	if from.lsn > 0 {
		c.swept.Store(&from)
	}
	return f.err
}
