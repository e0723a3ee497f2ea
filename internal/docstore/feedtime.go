package docstore

import (
	"errors"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// before returns an LSN, at least after, up to which every change is older than
// the second since. Timestamps never go back along the clock, so it halves the
// range; where it cannot tell, it stays low, and the caller's walk passes over
// the rest.
func (c *Container) before(snap *kv.Snapshot, after, limit uint64, since int64) (at uint64, err error) {
	f, err := c.newFeed(snap, after, limit)
	if err != nil {
		return after, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	for _, older := range []func(uint64, int64) (uint64, bool){f.madeOlder, f.movedOlder} {
		low, high := after, limit // changes up to low are older; those above high are not known to be
		for low < high {
			mid := low + (high-low+1)/2
			lsn, ok := older(mid, since)
			if f.err != nil {
				return after, f.err
			}
			if ok {
				low = max(mid, lsn)
			} else {
				high = mid - 1
			}
		}
		at = max(at, min(low, limit))
	}
	return max(at, after), nil
}

// olderTries is how many changed documents madeOlder passes over.
const olderTries = 64

// madeOlder looks for a document never changed, near and above a position, that
// is older than since, and returns its LSN.
func (f *feed) madeOlder(position uint64, since int64) (uint64, bool) {
	ok := f.made.SeekGE(docKey(nil, f.c.cid, position))
	for range olderTries {
		if !ok || !f.parse(f.made) {
			return 0, false
		}
		if !f.rec.moved {
			return f.rec.lsn, f.rec.ts < since
		}
		ok = f.made.Next()
	}
	return 0, false
}

// movedOlder does the same for changed documents.
func (f *feed) movedOlder(position uint64, since int64) (uint64, bool) {
	if !f.moved.SeekGE(feedKey(nil, f.c.cid, position, 0)) {
		return 0, false
	}
	key := f.moved.Key()
	rec, ok, err := f.c.record(f.snap, lastOrdinal(key))
	if err != nil || !ok {
		f.err = err
		return 0, false
	}
	return lsnOf(key), rec.ts < since
}

// lastTimestamp returns the _ts of the newest change, 0 when there is none.
func (c *Container) lastTimestamp() (ts int64, err error) {
	snap := c.store.db.Snapshot()
	defer func() { err = errors.Join(err, snap.Close()) }()
	f, err := c.newFeed(snap, 0, maxOrdinal)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if f.made.Last() && f.parse(f.made) {
		ts = f.rec.ts
	}
	if f.moved.Last() {
		rec, ok, err := c.record(snap, lastOrdinal(f.moved.Key()))
		if err != nil {
			return 0, err
		}
		if ok {
			ts = max(ts, rec.ts)
		}
	}
	return ts, f.err
}
