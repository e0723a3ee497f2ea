package docstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// ChangeOptions restrict Changes.
type ChangeOptions struct {
	Max      int           // most items of a page; default 100
	MaxBytes int           // most body bytes of a page, at least one item; default 4 MiB
	Key      *PartitionKey // only this logical partition, or those that begin with it
	Since    time.Time     // only items with _ts at or after it, to the second
}

// Changes returns the latest version of the items changed after an LSN (0, one
// that Changes returned, or LSN's), in LSN order, and the LSN to go on from:
// that of the newest change looked at. A transaction is never split over pages,
// so a page may exceed Max. An item changed again moves to its new place;
// deleted and expired items do not show. An empty page means that there is
// nothing newer.
//
// What a page holds is durable, and so is whatever it left out because a newer
// version replaced it.
func (c *Container) Changes(ctx context.Context, after uint64, o ChangeOptions) ([]Item, uint64, error) {
	if o.Max <= 0 {
		o.Max = 100
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 4 << 20
	}
	select {
	case <-c.gone:
		return nil, after, errDeleted
	default:
	}
	limit := c.LSN()
	if after >= limit {
		return nil, after, ctx.Err()
	}
	items, last, err := c.changes(ctx, after, limit, o)
	if err != nil {
		return nil, after, err
	}
	// A version that was replaced by one not yet on the disk is missing above.
	// Were the power to fail now, it would come back below last: so wait.
	taken := c.clock.taken()
	err = c.clock.wait(ctx, c.gone, func(p *positions) bool { return p.settled >= taken })
	if err != nil {
		return nil, after, err
	}
	return items, last, nil
}

// pageRoom is the size of the blocks that hold a page's records.
const pageRoom = 64 << 10

func (c *Container) changes(ctx context.Context, after, limit uint64, o ChangeOptions) (items []Item, last uint64, err error) {
	snap := c.store.db.Snapshot()
	defer func() { err = errors.Join(err, snap.Close()) }()
	since := int64(0)
	if !o.Since.IsZero() {
		since = o.Since.Unix()
		if after, err = c.before(snap, after, limit, since); err != nil {
			return nil, after, err
		}
	}
	f, err := c.newFeed(snap, after, limit)
	if err != nil {
		return nil, after, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	var (
		ttl, now = c.ttl(), c.now()
		size     int
		steps    int
		room     []byte // where records are kept, one block for many
	)
	last = after
	for f.next() {
		r := &f.rec
		if r.lsn > last && (len(items) >= o.Max || size >= o.MaxBytes && len(items) > 0) {
			return items, last, nil
		}
		last = max(last, r.lsn)
		if steps++; steps%ctxEvery == 0 && ctx.Err() != nil {
			return nil, after, ctx.Err()
		}
		if r.ts < since || ttl != nil && r.expired(ttl, now) || o.Key != nil && !strings.HasPrefix(string(r.key), o.Key.enc) {
			continue
		}
		if len(f.raw) > cap(room)-len(room) {
			room = make([]byte, 0, max(len(f.raw), min(pageRoom, (o.Max-len(items))*len(f.raw))))
		}
		start := len(room)
		room = append(room, f.raw...)
		kept, err := parseRecord(room[start:len(room):len(room)], r.ordinal)
		if err != nil {
			return nil, after, err
		}
		items = append(items, kept.item(c))
		size += len(kept.doc)
	}
	if f.err != nil {
		return nil, after, f.err
	}
	return items, limit, nil // whatever lies between the last item and the limit was deleted
}

// feed walks the records of a snapshot in LSN order: those never changed since
// their creation in the order of table D, the others in that of table L (see
// keys.go).
type feed struct {
	c     *Container
	snap  *kv.Snapshot
	made  *kv.Iter // D, above after
	moved *kv.Iter // L, above after
	docs  *kv.Iter // D, for the records of L

	madeOK, movedOK bool
	behind          *kv.Iter // the iterator under rec, to be moved on by next
	raw             []byte   // the current record; valid until next
	rec             record   // the same, taken apart
	err             error
}

func (c *Container) newFeed(snap *kv.Snapshot, after, limit uint64) (*feed, error) {
	f := &feed{c: c, snap: snap}
	all := tableKey(nil, tableDocs, c.cid)
	var errs [3]error
	f.made, errs[0] = snap.Iter(docKey(nil, c.cid, after+1), docKey(nil, c.cid, limit+1))
	f.moved, errs[1] = snap.Iter(feedKey(nil, c.cid, after+1, 0), feedKey(nil, c.cid, limit+1, 0))
	f.docs, errs[2] = snap.Iter(all, kv.PrefixEnd(all))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, f.close())
	}
	f.madeOK, f.movedOK = f.made.First(), f.moved.First()
	return f, nil
}

// next moves to the next record.
func (f *feed) next() bool {
	switch f.behind {
	case f.made:
		f.madeOK = f.made.Next()
	case f.moved:
		f.movedOK = f.moved.Next()
	}
	movedLSN := uint64(1<<64 - 1)
	if f.movedOK {
		movedLSN = lsnOf(f.moved.Key())
	}
	// The LSN of a document never changed is at least its ordinal, so beyond
	// movedLSN there is nothing to find in D.
	for ; f.madeOK && lastOrdinal(f.made.Key()) <= movedLSN; f.madeOK = f.made.Next() {
		if !f.parse(f.made) {
			return false
		}
		if !f.rec.moved && f.rec.lsn <= movedLSN {
			f.behind = f.made
			return true
		}
		if !f.rec.moved {
			break
		}
	}
	if !f.movedOK {
		f.err = errors.Join(f.err, f.made.Error(), f.moved.Error())
		return false
	}
	f.behind = f.moved
	ordinal := lastOrdinal(f.moved.Key())
	key := docKey(nil, f.c.cid, ordinal)
	if !f.docs.SeekGE(key) || !bytes.Equal(f.docs.Key(), key) {
		f.err = errors.Join(f.docs.Error(), fmt.Errorf("document %d of container %s: the change feed has it, the documents have not", ordinal, f.c.name))
		return false
	}
	return f.parse(f.docs)
}

// parse reads the record under an iterator over D.
func (f *feed) parse(it *kv.Iter) bool {
	f.raw = it.Value()
	f.rec, f.err = parseRecord(f.raw, lastOrdinal(it.Key()))
	return f.err == nil
}

// lsnOf returns the LSN in a key of table L.
func lsnOf(key []byte) uint64 { return lastOrdinal(key[:len(key)-8]) }

func (f *feed) close() error {
	var errs []error
	for _, it := range []*kv.Iter{f.made, f.moved, f.docs} {
		if it != nil {
			errs = append(errs, it.Close())
		}
	}
	return errors.Join(errs...)
}
