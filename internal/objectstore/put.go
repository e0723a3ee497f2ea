package objectstore

import (
	"context"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// PutBlob makes an upload the blob: a block blob in one piece, or an empty append
// or page blob, for which u is nil. It replaces what is there, uncommitted blocks
// too, and keeps a lease. u must still be discarded.
func (a Account) PutBlob(ctx context.Context, addr Address, u *Upload, p Put) (info Info, err error) {
	switch {
	case p.Type < BlockBlob || p.Type > PageBlob, (p.Type == BlockBlob) != (u != nil):
		return info, codes.New(InvalidOperation, "blob "+addr.Container+"/"+addr.Blob, "a block blob is put with its content, others without")
	case p.Type == PageBlob && (p.PageSize < 0 || p.PageSize%pageBytes != 0 || p.PageSize > maxPageBlob):
		return info, codes.New(InvalidSize, "blob "+addr.Container+"/"+addr.Blob, "the size of a page blob is a multiple of %d bytes up to 8 TiB", pageBytes)
	}
	if err := u.ready(); err != nil {
		return info, err
	}
	err = a.change(ctx, addr, func(t *txn) error {
		info, err = t.replace(p, func(r *record) error {
			t.contents(r, u.refs())
			if p.Type == PageBlob {
				r.size = p.PageSize
			}
			return nil
		})
		return err
	})
	u.keep(err)
	return info, err
}

// ready ends the upload, nil too, so that a record can name it.
func (u *Upload) ready() error {
	if u == nil {
		return nil
	}
	if u.taken {
		return codes.New(InvalidOperation, "upload", "it has become content already")
	}
	return u.finish()
}

// refs returns the content of the upload, none of nil.
func (u *Upload) refs() []ref {
	if u == nil {
		return nil
	}
	return u.take()
}

// keep marks the upload as content unless an operation on it was refused. A
// commit of unknown fate keeps it too.
func (u *Upload) keep(err error) {
	if u != nil && (err == nil || fault.CodeOf(err) == ServerBusy) {
		u.taken = true
	}
}

// replace makes a new blob, which content fills.
func (t *txn) replace(p Put, content func(*record) error) (Info, error) {
	if err := t.creatable(p.Conditions); err != nil {
		return Info{}, err
	}
	if err := t.displace(); err != nil {
		return Info{}, err
	}
	if err := t.discardBlocks(); err != nil {
		return Info{}, err
	}
	r := &record{
		typ: p.Type, props: p.Properties, metadata: slices.Clone(p.Metadata), tags: slices.Clone(p.Tags), tier: p.Tier,
		sequence: p.Sequence, encryption: p.Encryption, copy: p.Copy,
	}
	if p.Tier != "" {
		r.tierChanged = tickOf(t.now)
	}
	t.inherit(r)
	t.versioned = t.settings.retention.Versions
	if err := content(r); err != nil {
		return Info{}, err
	}
	t.put(r, true)
	return r.info(t.c.name, t.name, 0, t.now), nil
}

// contents makes refs the content of r.
func (t *txn) contents(r *record, refs []ref) {
	t.grow(refs)
	t.store(r, refs)
}

// inherit gives a new blob what the old one's name has: its time of creation and
// its lease.
func (t *txn) inherit(r *record) {
	if exists(t.old) {
		r.created = t.old.created
	}
	if t.old != nil && t.old.deleted == 0 {
		r.lease = t.old.lease.written(t.now)
	}
}

// archiveTier is the tier whose content cannot be read.
const archiveTier = "Archive"
