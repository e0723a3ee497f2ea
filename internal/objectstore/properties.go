package objectstore

import (
	"context"
	"slices"
)

// modify commits what change makes of a blob that is there. A stamped change has
// a new ETag.
func (a Account) modify(ctx context.Context, addr Address, cond Conditions, stamped bool, change func(t *txn, r *record) error) (info Info, err error) {
	if addr.Snapshot != "" || addr.Version != "" {
		return info, codes.New(InvalidOperation, "blob "+addr.Container+"/"+addr.Blob, "a snapshot or version does not change")
	}
	err = a.change(ctx, addr, func(t *txn) error {
		if err := t.existing(cond); err != nil {
			return err
		}
		r := *t.old
		r.lease = r.lease.written(t.now)
		if err := change(t, &r); err != nil {
			return err
		}
		t.put(&r, stamped)
		info = r.info(t.c.name, t.name, 0, t.now)
		return nil
	})
	return info, err
}

// PropertiesChange is what SetProperties changes. What is nil stays.
type PropertiesChange struct {
	Properties *Properties // replaces all of them
	Size       *int64      // of a page blob: a multiple of 512 bytes
	Sequence   func(now int64) int64
	Conditions Conditions
}

// SetProperties changes the headers that the blob is served with; of a page blob
// also its size and sequence number. A write ends what is known of a copy.
func (a Account) SetProperties(ctx context.Context, addr Address, c PropertiesChange) (Info, error) {
	return a.modify(ctx, addr, c.Conditions, true, func(t *txn, r *record) error {
		if (c.Size != nil || c.Sequence != nil) && r.typ != PageBlob {
			return wrongType(t.resource())
		}
		if c.Properties != nil {
			r.props = *c.Properties
			r.props.ContentMD5 = slices.Clone(c.Properties.ContentMD5)
			r.copy = nil
		}
		if c.Sequence != nil {
			r.sequence = c.Sequence(r.sequence)
		}
		if c.Size != nil {
			return t.resize(r, *c.Size)
		}
		return nil
	})
}

// SetMetadata replaces the blob's metadata. With versions the blob as it was
// becomes one.
func (a Account) SetMetadata(ctx context.Context, addr Address, metadata Metadata, cond Conditions) (Info, error) {
	return a.modify(ctx, addr, cond, true, func(t *txn, r *record) error {
		if t.settings.retention.Versions {
			t.keep(t.old, stateVersion)
			t.versioned = true
			if err := t.share(r, t.s.db, t.c.cid, t.old); err != nil {
				return err
			}
		}
		r.metadata, r.copy = slices.Clone(metadata), nil
		return nil
	})
}

// SetTier moves the blob, a snapshot or version of it, to a tier. Neither ETag
// nor time change. It reports whether the blob comes out of the archive.
func (a Account) SetTier(ctx context.Context, addr Address, tier string, cond Conditions) (rehydrated bool, err error) {
	err = a.changeAt(ctx, addr, cond, func(t *txn, r *record) error {
		rehydrated = r.tier == archiveTier && tier != archiveTier
		r.tier, r.tierChanged = tier, tickOf(t.now)
		return nil
	})
	return rehydrated, err
}

// SetTags replaces the tags of the blob, or of a version of it. Neither ETag nor
// time change.
func (a Account) SetTags(ctx context.Context, addr Address, tags []Pair, cond Conditions) error {
	return a.changeAt(ctx, addr, cond, func(_ *txn, r *record) error {
		r.tags = slices.Clone(tags)
		return nil
	})
}

// changeAt changes the blob, or a snapshot or version of it, without a new ETag.
// A write of the kind does not ask for a snapshot's lease.
func (a Account) changeAt(ctx context.Context, addr Address, cond Conditions, change func(*txn, *record) error) error {
	at, err := addr.at()
	if err != nil {
		return err
	}
	if at == 0 {
		_, err := a.modify(ctx, addr, cond, false, change)
		return err
	}
	return a.change(ctx, addr, func(t *txn) error {
		old, base, err := t.at(addr, at)
		if err != nil {
			return err
		}
		if err := cond.meet(t.resource(), writes, old.etag, old.modified, old.tags); err != nil {
			return err
		}
		if base && old.copy.pending() {
			return t.copying()
		}
		r := *old
		if err := change(t, &r); err != nil {
			return err
		}
		if base {
			t.put(&r, false)
		} else {
			t.set(stateKey(nil, t.c.cid, t.name, at), &r)
		}
		return nil
	})
}

// at reads the snapshot or version that is meant, and reports whether it is the
// blob itself, whose version it is.
func (t *txn) at(addr Address, at tick) (r *record, base bool, err error) {
	v := &view{s: t.s, c: t.c, addr: addr, at: at, now: t.now}
	if err := v.read(t.s.db); err != nil {
		return nil, false, err
	}
	if v.rec == nil || v.rec.deleted != 0 {
		return nil, false, noBlob(t.c.name, t.name)
	}
	return v.rec, v.rec.state == stateBase, nil
}

// Seal ends an append blob: nothing is appended any more.
func (a Account) Seal(ctx context.Context, addr Address, position int64, cond Conditions) (Info, error) {
	return a.modify(ctx, addr, cond, true, func(t *txn, r *record) error {
		switch {
		case r.typ != AppendBlob:
			return wrongType(t.resource())
		case position >= 0 && position != r.size:
			return codes.New(AppendPositionConditionNotMet, t.resource(), "it has %d bytes", r.size)
		}
		r.sealed = true
		return nil
	})
}

// Lease does an action on the lease of a blob, or with an empty blob's name of
// the container. Neither ETag nor time change.
func (a Account) Lease(ctx context.Context, addr Address, q LeaseRequest) (result LeaseResult, err error) {
	if addr.Blob == "" {
		return a.leaseContainer(ctx, addr.Container, q)
	}
	if addr.Snapshot != "" || addr.Version != "" {
		return result, codes.New(InvalidOperation, "blob "+addr.Container+"/"+addr.Blob, "a snapshot or version has no lease")
	}
	err = a.change(ctx, addr, func(t *txn) error {
		if !exists(t.old) {
			return noBlob(t.c.name, t.name)
		}
		if err := q.Conditions.meet(t.resource(), writes, t.old.etag, t.old.modified, t.old.tags); err != nil {
			return err
		}
		if err := t.copying(); err != nil {
			return err
		}
		r := *t.old
		r.lease, result.Seconds, err = r.lease.apply(t.resource(), q, t.now)
		if err != nil {
			return err
		}
		if q.Action != BreakLease && q.Action != ReleaseLease {
			result.ID = r.lease.id.String()
		}
		i := r.info(t.c.name, t.name, 0, t.now)
		result.ETag, result.Modified = i.ETag, i.Modified
		t.put(&r, false)
		return nil
	})
	return result, err
}
