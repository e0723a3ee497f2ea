package objectstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// A copy whose source is not in this store takes time. The blob is there at once,
// empty, and nobody changes it before the copy has ended:
//
//	BeginCopy ──▶ pending ─┬─ PendingCopy.Finish ─▶ success, with the content and a new ETag
//	                       ├─ PendingCopy.Fail ───▶ failed, empty
//	                       └─ AbortCopy ──────────▶ aborted, empty
//
// The order, what the caller needs to go on with the copy after a restart, is kept
// beside the blob (table K) until then. The feed has the blob only when it succeeds:
// an empty one is nobody's news.

// The states of a copy.
const (
	CopySuccess = "success"
	CopyPending = "pending"
	CopyAborted = "aborted"
	CopyFailed  = "failed"
)

func (c *Copy) pending() bool { return c != nil && c.Status == CopyPending }

// copying refuses a change of a blob that a copy is about to fill.
func (t *txn) copying() error {
	if t.old != nil && t.old.copy.pending() {
		return codes.New(PendingCopyOperation, t.resource(), "a copy to it is under way")
	}
	return nil
}

// PendingCopy is a copy that is under way, to be ended with Finish or Fail.
type PendingCopy struct {
	c     *container
	Blob  string
	ID    string // of the copy
	Order []byte // as BeginCopy was given it
}

// BeginCopy makes the blob an empty one that a copy, p.Copy, is to fill. A lease that
// it has must be one without end: InfiniteLeaseDurationRequired.
func (a Account) BeginCopy(ctx context.Context, addr Address, p Put, order []byte) (info Info, pending PendingCopy, err error) {
	to := *p.Copy
	to.Status = CopyPending
	p.Copy = &to
	err = a.change(ctx, addr, func(t *txn) error {
		if err := t.copyable(p.Conditions); err != nil {
			return err
		}
		info, err = t.replace(p, func(r *record) error {
			t.contents(r, nil)
			return nil
		})
		t.batch.Set(blobKey(nil, tableCopies, t.c.cid, t.name), append([]byte{recordVersion}, order...))
		pending = PendingCopy{t.c, t.name, to.ID, order}
		return err
	})
	return info, pending, err
}

// copyable demands that the lease of the blob that is copied to does not end.
func (t *txn) copyable(cond Conditions) error {
	if err := t.creatable(cond); err != nil {
		return err
	}
	if t.old != nil && t.old.deleted == 0 && t.old.lease.state(t.now) == Leased && t.old.lease.duration != 0 {
		return codes.New(InfiniteLeaseDurationRequired, t.resource(), "its lease ends, perhaps before the copy does")
	}
	return nil
}

// PendingCopies are the copies under way, for who goes on with them after a restart.
func (s *Store) PendingCopies(ctx context.Context) (all []PendingCopy, err error) {
	err = kv.Each(s.db, []byte{kv.BlobsPrefix[0], tableCopies}, func(key, value []byte) error {
		s.catalog.RLock()
		c := s.byNumber[binary.BigEndian.Uint32(key[2:])]
		s.catalog.RUnlock()
		if c == nil || len(value) == 0 || value[0] != recordVersion {
			return nil // its container is being purged
		}
		name := string(key[prefixLen:])
		r, err := s.record(s.db, blobKey(nil, tableBlobs, c.cid, name), "blob "+c.name+"/"+name)
		if err != nil {
			return err
		}
		if r != nil && r.copy.pending() {
			all = append(all, PendingCopy{c, name, r.copy.ID, bytes.Clone(value[1:])})
		}
		return ctx.Err()
	})
	return all, kvError(err)
}

// Resource names the blob in logs.
func (p PendingCopy) Resource() string { return "blob " + p.c.name + "/" + p.Blob }

// Account is the number of the blob's account.
func (p PendingCopy) Account() uint64 { return p.c.account }

// NewUpload begins the upload of the content; see Account.NewUpload.
func (p PendingCopy) NewUpload(ctx context.Context, size int64) (*Upload, error) {
	return Account{p.c.s, p.c.account}.NewUpload(ctx, size)
}

// Finish gives the blob its content. md5 is what the blob has as its Content-MD5
// when it has none of the source's. NoPendingCopyOperation: the copy has ended
// otherwise. u must still be discarded.
func (p PendingCopy) Finish(u *Upload, md5 []byte) error {
	if err := u.ready(); err != nil {
		return err
	}
	err := p.end(func(t *txn, r *record) {
		t.contents(r, u.refs())
		if len(r.props.ContentMD5) == 0 {
			r.props.ContentMD5 = slices.Clone(md5)
		}
		r.copy.Status, r.copy.Copied, r.copy.Total = CopySuccess, r.size, r.size
		if r.created == r.etag {
			r.created = 0 // it comes to be now
		}
		t.put(r, true)
	})
	u.keep(err)
	return err
}

// Fail leaves the blob empty, and says why.
func (p PendingCopy) Fail(description string, copied int64) error {
	return p.end(func(t *txn, r *record) {
		r.copy.Status, r.copy.StatusDescription, r.copy.Copied = CopyFailed, description, copied
		r.copy.Total = max(r.copy.Total, copied)
		t.put(r, false)
	})
}

// end ends the copy by what change makes of the blob, also in a container that was
// softly deleted meanwhile.
func (p PendingCopy) end(change func(*txn, *record)) error {
	a := Account{p.c.s, p.c.account}
	return a.commit(&txn{a: a, s: a.s, c: p.c, name: p.Blob, softly: true}, func(t *txn) error {
		if t.old == nil || !t.old.copy.pending() || t.old.copy.ID != p.ID {
			return codes.New(NoPendingCopyOperation, t.resource(), "the copy has ended")
		}
		t.endCopy(change)
		return nil
	})
}

func (t *txn) endCopy(change func(*txn, *record)) {
	r, ended := *t.old, *t.old.copy
	ended.Completed = t.now
	r.copy = &ended
	change(t, &r)
	t.batch.Delete(blobKey(nil, tableCopies, t.c.cid, t.name))
}

// AbortCopy ends a copy that is under way; the blob stays, empty. id is the copy's:
// CopyIdMismatch.
func (a Account) AbortCopy(ctx context.Context, addr Address, id, lease string) error {
	return a.change(ctx, addr, func(t *txn) error {
		if !exists(t.old) {
			return noBlob(t.c.name, t.name)
		}
		if err := t.old.lease.guard(t.resource(), lease, true, t.now, blobLease()); err != nil {
			return err
		}
		switch {
		case !t.old.copy.pending():
			return codes.New(NoPendingCopyOperation, t.resource(), "no copy to it is under way")
		case t.old.copy.ID != id:
			return codes.New(CopyIDMismatch, t.resource(), "the copy under way has another id")
		}
		t.endCopy(func(t *txn, r *record) {
			r.copy.Status = CopyAborted
			t.put(r, false)
		})
		return nil
	})
}
