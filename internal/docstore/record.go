package docstore

import (
	"encoding/binary"
	"errors"
)

// A record is the value of the table D.
//
//	+-------+-------+------+---------------+---------+---------+-----+----+----------+
//	| flags | lsn   | _ts  | ttl, if       | key len | id len  | key | id | document |
//	| 1     | 8 LE  | 4 LE | flagTTL: 4 LE | uvarint | uvarint |     |    |          |
//	+-------+-------+------+---------------+---------+---------+-----+----+----------+
//
// The document is the whole JSON text; key is the encoded partition key. Both
// key and id are in the document too, but are wanted without parsing it.
type record struct {
	moved    bool   // changed since its creation: L has its feed entry
	lsn      uint64 // position of the latest change
	ts       int64  // seconds since 1970
	ttl      int32  // the document's own, -1 or seconds; 0 when it has none
	key, id  []byte
	doc      []byte
	ordinal  uint64 // from the key, not in the value
	headSize int
}

const (
	flagMoved = 1 << iota
	flagTTL
)

var errRecord = errors.New("malformed record")

// appendHead appends everything but the document.
func (r *record) appendHead(dst []byte) []byte {
	flags := byte(0)
	if r.moved {
		flags |= flagMoved
	}
	if r.ttl != 0 {
		flags |= flagTTL
	}
	dst = append(dst, flags)
	dst = binary.LittleEndian.AppendUint64(dst, r.lsn)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.ts))
	if r.ttl != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(r.ttl))
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.key)))
	dst = binary.AppendUvarint(dst, uint64(len(r.id)))
	return append(append(dst, r.key...), r.id...)
}

// parseRecord takes a record apart without copying.
func parseRecord(b []byte, ordinal uint64) (record, error) {
	if len(b) < 13 || b[0]&^(flagMoved|flagTTL) != 0 {
		return record{}, errRecord
	}
	r := record{
		moved:   b[0]&flagMoved != 0,
		lsn:     binary.LittleEndian.Uint64(b[1:]),
		ts:      int64(binary.LittleEndian.Uint32(b[9:])),
		ordinal: ordinal,
	}
	rest := b[13:]
	if b[0]&flagTTL != 0 {
		if len(rest) < 4 {
			return record{}, errRecord
		}
		r.ttl = int32(binary.LittleEndian.Uint32(rest))
		rest = rest[4:]
	}
	keyLen, n := binary.Uvarint(rest)
	if n <= 0 {
		return record{}, errRecord
	}
	rest = rest[n:]
	idLen, n := binary.Uvarint(rest)
	if n <= 0 {
		return record{}, errRecord
	}
	rest = rest[n:]
	if keyLen > uint64(len(rest)) || idLen > uint64(len(rest))-keyLen {
		return record{}, errRecord
	}
	r.key, rest = rest[:keyLen], rest[keyLen:]
	r.id, r.doc = rest[:idLen], rest[idLen:]
	r.headSize = len(b) - len(r.doc)
	return r, nil
}

// expiry returns the second at which the document expires, given the
// container's default.
func (r *record) expiry(defaultTTL *int32) (int64, bool) {
	if defaultTTL == nil {
		return 0, false
	}
	ttl := r.ttl
	if ttl == 0 {
		ttl = *defaultTTL
	}
	return r.ts + int64(ttl), ttl > 0
}

// expired reports whether the document is to be treated as absent at now.
func (r *record) expired(defaultTTL *int32, now int64) bool {
	at, ok := r.expiry(defaultTTL)
	return ok && at <= now
}

// item returns the record as callers see it. The item keeps r.doc.
func (r *record) item(c *Container) Item {
	return Item{
		ID:        string(r.id),
		Key:       PartitionKey{string(r.key), len(c.keyPaths)},
		Body:      r.doc,
		RID:       string(ridOf(r.doc)),
		ETag:      etagOf(r.doc),
		Timestamp: r.ts,
		LSN:       r.lsn,
		Ordinal:   r.ordinal,
	}
}
