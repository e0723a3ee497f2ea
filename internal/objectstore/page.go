package objectstore

import (
	"context"
)

const (
	pageBytes    = 512
	maxPageBlob  = 8 << 40
	maxPageWrite = 4 << 20
)

// PageConditions are the conditions of a write of pages. The numbers are
// compared with the blob's sequence number; nil is no condition.
type PageConditions struct {
	SequenceLE, SequenceLT, SequenceEQ *int64
	Conditions                         Conditions
}

// PageRange is bytes of a page blob from Start to before End.
type PageRange struct {
	Start, End int64
	Clear      bool // of a difference: written before and cleared since
}

// WritePages writes the upload to the pages from off on, or with u nil clears n
// bytes of them. Both are multiples of 512.
func (a Account) WritePages(ctx context.Context, addr Address, off, n int64, u *Upload, c PageConditions) (info Info, err error) {
	resource := "blob " + addr.Container + "/" + addr.Blob
	if off < 0 || n <= 0 || off%pageBytes != 0 || n%pageBytes != 0 || u != nil && (u.size != n || n > maxPageWrite) {
		return info, codes.New(InvalidPageRange, resource, "pages are written in multiples of %d bytes, at most 4 MiB at once", pageBytes)
	}
	if err := u.ready(); err != nil {
		return info, err
	}
	info, err = a.modify(ctx, addr, c.Conditions, true, func(t *txn, r *record) error {
		switch {
		case r.typ != PageBlob:
			return wrongType(resource)
		case c.SequenceLE != nil && r.sequence > *c.SequenceLE, c.SequenceLT != nil && r.sequence >= *c.SequenceLT,
			c.SequenceEQ != nil && r.sequence != *c.SequenceEQ:
			return codes.New(SequenceNumberConditionNotMet, resource, "its sequence number is %d", r.sequence)
		case off > r.size || n > r.size-off:
			return codes.New(InvalidPageRange, resource, "it has %d bytes", r.size)
		}
		r.copy = nil
		r.table = true
		t.number(r)
		if err := t.cut(r, off, n); err != nil {
			return err
		}
		if u != nil {
			refs := u.refs()
			t.grow(refs)
			t.setRow(r.uid, off, refs)
		}
		return nil
	})
	u.keep(err)
	return info, err
}

// cut takes n bytes from off on out of the rows of r.
func (t *txn) cut(r *record, off, n int64) error {
	if !r.table {
		return nil
	}
	return eachRow(t.s.db, t.c.cid, r, off, func(at int64, refs []ref) (bool, error) {
		end := at + totalOf(refs)
		if at >= off+n {
			return false, nil
		}
		if end <= off {
			return true, nil
		}
		t.batch.Delete(contentKey(nil, t.c.cid, r.uid, at))
		t.shrink(refs)
		t.keepRow(r, at, clip(refs, 0, off-at))
		t.keepRow(r, max(at, off+n), clip(refs, off+n-at, end-at))
		return end < off+n, nil
	})
}

func (t *txn) keepRow(r *record, off int64, refs []ref) {
	if len(refs) > 0 {
		t.grow(refs)
		t.setRow(r.uid, off, refs)
	}
}

// clip returns the bytes from from to before to of refs that lie one behind the
// other.
func clip(refs []ref, from, to int64) (part []ref) {
	at := int64(0)
	for _, r := range refs {
		low, high := max(from, at), min(to, at+r.n)
		if low < high {
			part = append(part, r.slice(low-at, high-low))
		}
		at += r.n
	}
	return part
}

// resize changes the size of a page blob.
func (t *txn) resize(r *record, size int64) error {
	if size < 0 || size%pageBytes != 0 || size > maxPageBlob {
		return codes.New(InvalidSize, t.resource(), "the size of a page blob is a multiple of %d bytes up to 8 TiB", pageBytes)
	}
	if size < r.size {
		if err := t.cut(r, size, r.size-size); err != nil {
			return err
		}
	}
	r.size = size
	return nil
}
