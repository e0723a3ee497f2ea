package docstore

import (
	"bytes"
	"encoding/binary"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// insert puts a new item.
func (t *txn) insert(s *step, ordinal, lsn uint64) error {
	r := record{lsn: lsn, ordinal: ordinal}
	if err := t.claim(s, nil, ordinal); err != nil {
		return err
	}
	t.put(s, &r)
	var room [10]byte
	t.batch.Set(s.unique, ordinalValue(room[:0], ordinal))
	t.docs++
	t.bytes += int64(r.headSize + len(r.doc))
	if len(t.indexes.list) > 0 {
		t.fresh.load(r.doc, r.key, ordinal)
		for _, x := range t.indexes.list {
			t.keys[0] = t.fresh.append(t.keys[0][:0], t.c.cid, x)
			t.batch.Set(t.keys[0], nil)
		}
	}
	s.result.Item, s.result.Created = r.item(t.c), true
	return nil
}

// replace puts a new version of an item. It keeps the ordinal and so the _rid.
func (t *txn) replace(s *step, old *record, lsn uint64) error {
	r := record{lsn: lsn, ordinal: old.ordinal, moved: true}
	if err := t.claim(s, old, old.ordinal); err != nil {
		return err
	}
	t.unfeed(old)
	t.put(s, &r)
	t.keys[0] = feedKey(t.keys[0][:0], t.c.cid, lsn, r.ordinal)
	t.batch.Set(t.keys[0], nil)
	t.bytes += int64(r.headSize+len(r.doc)) - int64(old.headSize+len(old.doc))
	if len(t.indexes.list) > 0 {
		t.old.load(old.doc, old.key, old.ordinal)
		t.fresh.load(r.doc, r.key, r.ordinal)
		for _, x := range t.indexes.list {
			x.build.touch(old.ordinal)
			t.keys[0] = t.old.append(t.keys[0][:0], t.c.cid, x)
			t.keys[1] = t.fresh.append(t.keys[1][:0], t.c.cid, x)
			if !bytes.Equal(t.keys[0], t.keys[1]) {
				t.batch.Delete(t.keys[0])
				t.batch.Set(t.keys[1], nil)
			} else if x.build != nil {
				t.batch.Set(t.keys[1], nil)
			}
		}
	}
	s.result.Item, s.result.Created = r.item(t.c), false
	return nil
}

// remove deletes an item.
func (t *txn) remove(old *record, unique []byte, lsn uint64) {
	t.unfeed(old)
	t.keys[0] = docKey(t.keys[0][:0], t.c.cid, old.ordinal)
	t.batch.Delete(t.keys[0])
	t.batch.Delete(unique)
	for n := range t.c.uniqueKeys {
		t.old.load(old.doc, old.key, old.ordinal)
		t.keys[0] = t.uniqueValue(t.keys[0][:0], n, &t.old)
		t.batch.Delete(t.keys[0])
		t.claims(t.keys[0], 0)
	}
	if len(t.indexes.list) > 0 {
		t.old.load(old.doc, old.key, old.ordinal)
		for _, x := range t.indexes.list {
			x.build.touch(old.ordinal)
			t.keys[0] = t.old.append(t.keys[0][:0], t.c.cid, x)
			t.batch.Delete(t.keys[0])
		}
	}
	t.docs--
	t.bytes -= int64(old.headSize + len(old.doc))
	t.used = max(t.used, lsn)
	t.note(unique, nil, 0)
}

// unfeed deletes the feed and expiry entries of a record.
func (t *txn) unfeed(old *record) {
	if old.moved {
		t.keys[0] = feedKey(t.keys[0][:0], t.c.cid, old.lsn, old.ordinal)
		t.batch.Delete(t.keys[0])
	}
	if old.ttl > 0 {
		t.keys[0] = expiryKey(t.keys[0][:0], t.c.cid, old.ts+int64(old.ttl), old.ordinal)
		t.batch.Delete(t.keys[0])
	}
}

// put stamps the step's draft and sets its record and expiry entry. It fills in
// r.
func (t *txn) put(s *step, r *record) {
	r.ts, r.ttl = t.span.ts, s.draft.ttl
	text := make([]byte, 0, len(s.draft.text)+stampLen+len(s.key)+len(s.id)+32)
	r.key, r.id = []byte(s.key), []byte(s.id)
	text = r.appendHead(text)
	r.headSize = len(text)
	text = append(text, s.draft.text...)
	if len(s.draft.text) == 1 { // "{"
		panic("docstore: a document without id")
	}
	text = t.c.appendStamp(text, r.ordinal, r.ts)
	r.doc = text[r.headSize:]
	r.key, r.id = text[r.headSize-len(s.key)-len(s.id):r.headSize-len(s.id)], text[r.headSize-len(s.id):r.headSize]

	t.keys[0] = docKey(t.keys[0][:0], t.c.cid, r.ordinal)
	t.batch.Set(t.keys[0], text)
	if r.ttl > 0 {
		t.keys[0] = expiryKey(t.keys[0][:0], t.c.cid, r.ts+int64(r.ttl), r.ordinal)
		t.batch.Set(t.keys[0], nil)
	}
	t.used = max(t.used, r.lsn)
	t.note(s.unique, text, r.ordinal)
}

// claim checks the container's unique keys for the step's draft and moves them
// from the old version. It changes nothing when it returns an error.
func (t *txn) claim(s *step, old *record, ordinal uint64) error {
	if len(t.c.uniqueKeys) == 0 {
		return nil
	}
	fresh := entries{doc: append(append([]byte(nil), s.draft.text...), '}'), key: []byte(s.key), ordinal: ordinal}
	fresh.members = topLevel(fresh.doc, nil)
	var was entries
	if old != nil {
		was.load(old.doc, old.key, old.ordinal)
	}
	type move struct{ from, to []byte }
	var moves []move
	for n := range t.c.uniqueKeys {
		m := move{to: t.uniqueValue(nil, n, &fresh)}
		if old != nil {
			if m.from = t.uniqueValue(nil, n, &was); bytes.Equal(m.from, m.to) {
				continue
			}
		}
		owner, err := t.owner(m.to)
		if err != nil {
			return err
		}
		if owner != 0 {
			return fault.New(fault.Conflict, "item "+s.id, "another item has the same values at the unique key %v", t.c.meta.Load().Spec.UniqueKeys[n])
		}
		moves = append(moves, m)
	}
	for _, m := range moves {
		if m.from != nil {
			t.batch.Delete(m.from)
			t.claims(m.from, 0)
		}
		t.batch.Set(m.to, binary.AppendUvarint(nil, ordinal))
		t.claims(m.to, ordinal)
	}
	return nil
}

// uniqueValue appends the table K key of a document's n-th unique key.
func (t *txn) uniqueValue(dst []byte, n int, e *entries) []byte {
	dst = append(tableKey(dst, tableUniqueKeys, t.c.cid), byte(n))
	dst = append(dst, e.key...)
	for _, path := range t.c.uniqueKeys[n] {
		dst = appendRaw(dst, e.value(path))
	}
	return dst
}

// owner returns the ordinal of the item that holds a unique key, 0 when none
// does. An expired holder is deleted: the partition is locked.
func (t *txn) owner(key []byte) (uint64, error) {
	if t.overlay != nil {
		if ordinal, ok := t.overlay.claims[string(key)]; ok {
			return ordinal, nil
		}
	}
	b, ok, err := t.c.store.db.Get(nil, key)
	if err != nil || !ok {
		return 0, err
	}
	ordinal, ok := parseOrdinal(b)
	if !ok {
		return 0, errRecord
	}
	if t.ttl == nil {
		return ordinal, nil
	}
	r, ok, err := t.c.record(t.c.store.db, ordinal)
	if err != nil {
		return 0, err
	}
	if ok && r.expired(t.ttl, t.now) {
		t.remove(&r, uniqueKey(nil, t.c.cid, string(r.key), string(r.id)), t.span.first)
		return 0, nil
	}
	return ordinal, nil
}

func (t *txn) claims(key []byte, ordinal uint64) {
	if t.overlay != nil {
		t.overlay.claims[string(key)] = ordinal
	}
}
