package objectstore

import (
	"context"
	"errors"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Source is what is copied: a blob, snapshot or version of any account.
type Source struct {
	Account    Account
	Address    Address
	Conditions Conditions // of the source
}

// CopyPut is what the copy gets besides the source's content, type and tier.
// What is not replaced is the source's; tags are only copied when asked for.
type CopyPut struct {
	Put               Put
	ReplaceProperties bool
	ReplaceMetadata   bool
	CopyTags          bool
	Lasting           bool // a lease of the blob has to be one without end, as BeginCopy wants it
}

// CopyFrom makes the content of a source the blob's. Both share the bytes, which
// takes no time and no space. A source that is not there is
// CannotVerifyCopySource.
func (a Account) CopyFrom(ctx context.Context, dst Address, src Source, c CopyPut) (info Info, err error) {
	from, err := src.Account.Open(ctx, src.Address, src.Conditions)
	if err != nil {
		return info, sourceError(err)
	}
	defer from.Close()
	of := from.v.rec
	if of.copy.pending() {
		return info, codes.New(PendingCopyOperation, "source of the copy", "a copy to it is under way")
	}
	p := c.Put
	p.Type = of.typ
	if !c.ReplaceProperties {
		p.Properties = of.props
	}
	if !c.ReplaceMetadata {
		p.Metadata = of.metadata
	}
	if c.CopyTags {
		p.Tags = of.tags
	}
	err = a.change(ctx, dst, func(t *txn) error {
		if c.Lasting {
			if err := t.copyable(p.Conditions); err != nil {
				return err
			}
		}
		if exists(t.old) && t.old.typ != of.typ {
			return errors.Join(t.creatable(p.Conditions), wrongType(t.resource()))
		}
		info, err = t.replace(p, func(r *record) error { return t.share(r, from.db(), from.v.c.cid, of) })
		return err
	})
	return info, err
}

// sourceError words a refusal of the source.
func sourceError(err error) error {
	switch {
	case fault.CodeOf(err) == ContainerNotFound, fault.CodeOf(err) == BlobNotFound:
		return codes.Wrap(CannotVerifyCopySource, "source of the copy", err, "it is not there")
	case fault.CodeOf(err) == ConditionNotMet, fault.CodeOf(err) == NotModified:
		return codes.Wrap(SourceConditionNotMet, "source of the copy", err, "a condition does not hold")
	}
	return err
}

// Snapshot keeps the blob as it is, under the Snapshot of the answer, whose ETag
// is the blob's. metadata, when not nil, replaces that of the snapshot.
func (a Account) Snapshot(ctx context.Context, addr Address, metadata Metadata, cond Conditions) (info Info, err error) {
	if addr.Snapshot != "" || addr.Version != "" {
		return info, codes.New(InvalidOperation, "blob "+addr.Container+"/"+addr.Blob, "a snapshot or version has no snapshots")
	}
	err = a.change(ctx, addr, func(t *txn) error {
		if !exists(t.old) {
			return noBlob(t.c.name, t.name)
		}
		if err := cond.meet(t.resource(), writes, t.old.etag, t.old.modified, t.old.tags); err != nil {
			return err
		}
		if err := t.old.lease.guard(t.resource(), cond.Lease, false, t.now, blobLease()); err != nil {
			return err
		}
		if err := t.copying(); err != nil {
			return err
		}
		r := *t.old
		r.state, r.lease, r.pending, r.version = stateSnapshot, lease{}, false, 0
		if metadata != nil {
			r.metadata = slices.Clone(metadata)
		}
		at := t.tick()
		if err := t.share(&r, t.s.db, t.c.cid, t.old); err != nil {
			return err
		}
		t.set(stateKey(nil, t.c.cid, t.name, at), &r)
		info = r.info(t.c.name, t.name, at, t.now)
		return nil
	})
	return info, err
}

// db is what the rest of the content is read from.
func (c *Content) db() kv.Reader {
	if c.v.snap != nil {
		return c.v.snap
	}
	return c.v.s.db
}
