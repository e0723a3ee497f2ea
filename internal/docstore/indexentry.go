package docstore

import "encoding/binary"

// entries computes index keys of one document.
type entries struct {
	doc     []byte
	members []member // of the top level, stamp included
	key     []byte   // the encoded partition key
	ordinal uint64
}

// load points e at a record, reusing its room.
func (e *entries) load(doc, key []byte, ordinal uint64) {
	e.doc, e.key, e.ordinal = doc, key, ordinal
	e.members = topLevel(doc, e.members[:0])
}

// topLevel appends the members of a valid object.
func topLevel(doc []byte, dst []member) []member {
	for i := skipSpace(doc, skipSpace(doc, 0)+1); doc[i] == '"'; i = skipSpace(doc, i+1) {
		nameEnd := skipString(doc, i)
		start := skipSpace(doc, skipSpace(doc, nameEnd)+1)
		end := skip(doc, start)
		dst = append(dst, member{int32(i + 1), int32(nameEnd - 1), int32(start), int32(end)})
		if i = skipSpace(doc, end); doc[i] != ',' {
			break
		}
	}
	return dst
}

// value returns the raw value at the path, or nil.
func (e *entries) value(path []string) []byte {
	raw := lookup(e.doc, e.members, path[0])
	if raw == nil || len(path) == 1 {
		return raw
	}
	return find(raw, path[1:])
}

// append appends the document's key in the index.
func (e *entries) append(dst []byte, cid uint32, x *index) []byte {
	dst = indexKey(dst, cid, x.id)
	if x.byKey {
		dst = append(dst, e.key...)
	}
	for _, col := range x.columns {
		start := len(dst)
		dst = appendRaw(dst, e.value(col.path))
		if col.descending {
			invert(dst[start:])
		}
	}
	return binary.BigEndian.AppendUint64(dst, e.ordinal)
}

// appendPlain is append for a document whose members are not loaded, when one
// column is all that is wanted of it.
func (e *entries) appendPlain(dst []byte, cid uint32, x *index) []byte {
	if len(x.columns) != 1 {
		return e.append(dst, cid, x)
	}
	dst = indexKey(dst, cid, x.id)
	if x.byKey {
		dst = append(dst, e.key...)
	}
	start := len(dst)
	dst = appendRaw(dst, find(e.doc, x.columns[0].path))
	if x.columns[0].descending {
		invert(dst[start:])
	}
	return binary.BigEndian.AppendUint64(dst, e.ordinal)
}
