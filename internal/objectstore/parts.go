package objectstore

import (
	"github.com/lazuli-dev/lazuli/internal/kv"
)

const (
	// inlineRefs is how many refs of content are kept in the record.
	inlineRefs = 16
	// rowRefs is how many refs one row of table C holds.
	rowRefs = 256
)

// part is a ref and where in the blob it is.
type part struct {
	off int64
	ref
}

// store makes refs the content of r: in the record or in table C. r has no
// content yet.
func (t *txn) store(r *record, refs []ref) {
	r.size, r.table, r.refs = totalOf(refs), false, nil
	if len(refs) <= inlineRefs {
		r.refs = refs
		return
	}
	t.number(r)
	r.table = true
	for off := int64(0); len(refs) > 0; {
		row := refs[:min(len(refs), rowRefs)]
		t.setRow(r.uid, off, row)
		off += totalOf(row)
		refs = refs[len(row):]
	}
}

// number gives r a number for its keys in the tables C and L.
func (t *txn) number(r *record) {
	if r.uid == 0 {
		r.uid = t.s.numbers.Add(1)
		t.batch.AddTally(numbersKey(), kv.Tally{Max: r.uid})
	}
}

func (t *txn) setRow(uid uint64, off int64, refs []ref) {
	t.touched = true
	t.batch.Set(contentKey(nil, t.c.cid, uid, off), appendRefs(nil, refs))
}

// eachPart calls use with the parts of r's content that touch the bytes from off
// to off+n, in order. What is between them is zeros.
func eachPart(db kv.Reader, cid uint32, r *record, off, n int64, use func(part) error) error {
	if !r.table {
		_, err := eachOfRow(r.refs, 0, off, off+n, use)
		return err
	}
	return eachRow(db, cid, r, off, func(at int64, refs []ref) (bool, error) {
		return eachOfRow(refs, at, off, off+n, use)
	})
}

// eachOfRow calls use with refs that lie one behind the other from at on. It
// reports whether there may be more behind them.
func eachOfRow(refs []ref, at, from, to int64, use func(part) error) (more bool, err error) {
	for _, r := range refs {
		if at >= to {
			return false, nil
		}
		if at+r.n > from {
			if err := use(part{at, r}); err != nil {
				return false, err
			}
		}
		at += r.n
	}
	return at < to, nil
}

// allRefs returns the content of a blob in order.
func allRefs(db kv.Reader, cid uint32, r *record) ([]ref, error) {
	if !r.table {
		return r.refs, nil
	}
	var refs []ref
	err := eachPart(db, cid, r, 0, maxBlob, func(p part) error {
		refs = append(refs, p.ref)
		return nil
	})
	return refs, err
}

// maxBlob is more than any blob has.
const maxBlob = 1 << 60

// drop lets the content of a record go.
func (t *txn) drop(r *record) error {
	refs, err := allRefs(t.s.db, t.c.cid, r)
	if err != nil {
		return err
	}
	t.shrink(refs)
	if r.table {
		t.batch.DeleteRange(contentBounds(t.c.cid, r.uid))
	}
	if r.listed {
		t.batch.Delete(blockListKey(t.c.cid, r.uid))
	}
	return nil
}

// displace makes way for a new blob: what is there becomes a version, a deleted
// snapshot, or nothing, by what the account keeps.
func (t *txn) displace() error {
	old := t.old
	switch {
	case old == nil || old.uncommitted:
		return nil
	case t.settings.retention.Versions && old.deleted == 0:
		t.keep(old, stateVersion)
	case old.deleted != 0 || t.settings.retention.BlobDays > 0:
		kept := *old
		if kept.deleted == 0 {
			t.markDeleted(&kept)
		}
		t.keep(&kept, stateSnapshot)
	default:
		return t.drop(old)
	}
	return nil
}

// keep puts what was the blob into table S, with its content.
func (t *txn) keep(r *record, as state) {
	kept := *r
	kept.state, kept.lease, kept.pending = as, lease{}, false
	at := kept.version
	if as == stateSnapshot {
		at, kept.version = t.tick(), 0
	} else if at == 0 {
		at, kept.version = kept.etag, kept.etag
	}
	t.set(stateKey(nil, t.c.cid, t.name, at), &kept)
	if kept.deleted != 0 {
		t.batch.Set(expiryKey(kept.expires, t.c.cid, t.name, at), nil)
	}
}

// discardBlocks lets the uncommitted blocks go.
func (t *txn) discardBlocks() error {
	if t.old == nil || !t.old.pending {
		return nil
	}
	low := belowName(nil, tablePending, t.c.cid, t.name)
	err := kv.Each(t.s.db, low, func(_, value []byte) error {
		b, err := parseBlock(value)
		t.shrink(b.refs)
		return err
	})
	if err != nil {
		return kvError(err)
	}
	t.touched = true
	t.batch.DeleteRange(low, kv.PrefixEnd(low))
	return nil
}
