package objectstore

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// SnapshotsOption says what Delete does with a blob's snapshots.
type SnapshotsOption uint8

// The options.
const (
	NoSnapshots      SnapshotsOption = iota // there must be none
	IncludeSnapshots                        // they go too
	OnlySnapshots                           // they go, the blob stays
)

// DeleteOptions are the options of Delete.
type DeleteOptions struct {
	Snapshots  SnapshotsOption
	Permanent  bool // what is softly deleted goes for good; of a snapshot or version
	Conditions Conditions
}

// Delete deletes a blob, a snapshot or a version. With retention it can be
// brought back.
func (a Account) Delete(ctx context.Context, addr Address, o DeleteOptions) error {
	at, err := addr.at()
	if err != nil {
		return err
	}
	if at != 0 && o.Snapshots != NoSnapshots {
		return codes.New(InvalidOperation, "blob "+addr.Container+"/"+addr.Blob, "a snapshot or version has no snapshots")
	}
	return a.change(ctx, addr, func(t *txn) error {
		if at != 0 {
			return t.deleteState(addr, at, o)
		}
		return t.deleteBlob(o)
	})
}

func (t *txn) deleteBlob(o DeleteOptions) error {
	if err := t.existing(o.Conditions); err != nil {
		return err
	}
	if err := t.deleteSnapshots(o.Snapshots); err != nil {
		return err
	}
	if o.Snapshots == OnlySnapshots {
		return nil
	}
	if err := t.discardBlocks(); err != nil {
		return err
	}
	switch r := t.settings.retention; {
	case r.Versions:
		t.keep(t.old, stateVersion)
		t.removeBase()
	case r.BlobDays > 0:
		kept := *t.old
		kept.lease, kept.pending = lease{}, false
		t.markDeleted(&kept)
		t.unfeed(t.old)
		t.put(&kept, false)
		t.batch.Set(expiryKey(kept.expires, t.c.cid, t.name, 0), nil)
	default:
		t.removeBase()
		return t.drop(t.old)
	}
	return nil
}

// markDeleted makes r softly deleted.
func (t *txn) markDeleted(r *record) {
	r.deleted = tickOf(t.now)
	r.expires = tickOf(t.now.Add(time.Duration(t.settings.retention.BlobDays) * 24 * time.Hour))
}

// deleteSnapshots deletes the snapshots of the blob, or refuses because there
// are some.
func (t *txn) deleteSnapshots(o SnapshotsOption) error {
	return t.eachState(func(at tick, r *record) error {
		switch {
		case r.state != stateSnapshot || r.deleted != 0:
			return nil
		case o == NoSnapshots:
			return codes.New(SnapshotsPresent, t.resource(), "it has snapshots")
		}
		return t.removeState(at, r)
	})
}

// eachState calls use with the snapshots and versions of the name, oldest first.
func (t *txn) eachState(use func(at tick, r *record) error) error {
	low := belowName(nil, tableStates, t.c.cid, t.name)
	it, err := t.s.db.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return kvError(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		r, err := parseRecord(it.Value())
		if err != nil {
			err = codes.Wrap(InternalError, t.resource(), err, "a snapshot's record cannot be read")
		} else {
			err = use(tick(binary.BigEndian.Uint64(it.Key()[len(low):])), r)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return errors.Join(kvError(it.Error()), it.Close())
}

// removeState deletes a snapshot or version, softly with retention.
func (t *txn) removeState(at tick, r *record) error {
	key := stateKey(nil, t.c.cid, t.name, at)
	if t.settings.retention.BlobDays > 0 && r.deleted == 0 {
		kept := *r
		t.markDeleted(&kept)
		t.set(key, &kept)
		t.batch.Set(expiryKey(kept.expires, t.c.cid, t.name, at), nil)
		return nil
	}
	t.del(key)
	return t.drop(r)
}

func (t *txn) deleteState(addr Address, at tick, o DeleteOptions) error {
	v := &view{s: t.s, c: t.c, addr: addr, at: at, now: t.now}
	if err := v.read(t.s.db); err != nil {
		return err
	}
	r := v.rec
	switch {
	case r == nil || r.deleted != 0 && !o.Permanent:
		return noBlob(t.c.name, t.name)
	case r.state == stateBase:
		return codes.New(InvalidOperation, t.resource(), "the current version is deleted as the blob")
	}
	if err := o.Conditions.meet(t.resource(), writes, r.etag, r.modified, r.tags); err != nil {
		return err
	}
	if exists(t.old) && addr.Snapshot != "" {
		if err := t.old.lease.guard(t.resource(), o.Conditions.Lease, o.Conditions.Lease != "", t.now, blobLease()); err != nil {
			return err
		}
	}
	if o.Permanent && r.deleted != 0 {
		t.del(stateKey(nil, t.c.cid, t.name, at))
		return t.drop(r)
	}
	return t.removeState(at, r)
}

// Undelete brings a deleted blob and its deleted snapshots and versions back. It
// is no error when nothing of it is deleted.
func (a Account) Undelete(ctx context.Context, addr Address) error {
	return a.change(ctx, addr, func(t *txn) error {
		found := t.old != nil && !t.old.uncommitted
		if t.old != nil && t.old.deleted != 0 {
			r := *t.old
			r.deleted, r.expires = 0, 0
			t.put(&r, false)
			t.feed(&r)
		}
		err := t.eachState(func(at tick, r *record) error {
			found = true
			if r.deleted != 0 {
				back := *r
				back.deleted, back.expires = 0, 0
				t.set(stateKey(nil, t.c.cid, t.name, at), &back)
			}
			return nil
		})
		if err == nil && !found {
			return noBlob(t.c.name, t.name)
		}
		return err
	})
}
