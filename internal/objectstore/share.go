package objectstore

import (
	"encoding/binary"
	"errors"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// share gives r the content of another record, of the same type and with the same
// blocks. No bytes are copied: both name them.
func (t *txn) share(r *record, db kv.Reader, cid uint32, from *record) error {
	r.uid, r.table, r.listed, r.refs = 0, false, false, nil
	r.typ, r.size, r.blocks, r.idLen, r.sequence = from.typ, from.size, from.blocks, from.idLen, from.sequence
	if from.table {
		t.number(r)
		r.table = true
		if err := t.shareRows(r, db, cid, from); err != nil {
			return err
		}
	} else {
		r.refs = from.refs
		t.grow(r.refs)
	}
	if !from.listed {
		return nil
	}
	t.number(r)
	r.listed = true
	list, ok, err := get(db, blockListKey(cid, from.uid))
	if err == nil && !ok {
		err = codes.Wrap(InternalError, t.resource(), errRecord, "the list of its blocks is gone")
	}
	t.batch.Set(blockListKey(t.c.cid, r.uid), list)
	return err
}

// shareRows copies the rows of table C.
func (t *txn) shareRows(r *record, db kv.Reader, cid uint32, from *record) error {
	return eachRow(db, cid, from, 0, func(off int64, refs []ref) (bool, error) {
		t.grow(refs)
		t.setRow(r.uid, off, refs)
		return true, nil
	})
}

// eachRow calls use with the rows of table C of a record, from the one that
// holds the byte off on, until it returns false.
func eachRow(db kv.Reader, cid uint32, r *record, off int64, use func(off int64, refs []ref) (bool, error)) error {
	low, high := contentBounds(cid, r.uid)
	it, err := db.Iter(low, high)
	if err != nil {
		return kvError(err)
	}
	ok := it.SeekLT(contentKey(nil, cid, r.uid, off+1))
	if !ok {
		ok = it.First()
	}
	for more := true; ok && more; ok = it.Next() {
		d := decoder{b: it.Value()}
		refs := d.refs()
		if err := d.err(); err != nil {
			return errors.Join(codes.Wrap(InternalError, "blob", err, "the list of its parts cannot be read"), it.Close())
		}
		at := int64(binary.BigEndian.Uint64(it.Key()[len(it.Key())-8:]))
		if more, err = use(at, refs); err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return errors.Join(kvError(it.Error()), it.Close())
}
