package docstore

import (
	"encoding/binary"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Every key of the store begins with the space's byte (see kv.Layout) and a
// table's byte.
// Numbers are big-endian; cid is the container's number, 4 bytes; ordinal and
// lsn are positions, 8 bytes; iid is an index's number, 4 bytes.
//
//	D cid ordinal                 -> record: header and document (record.go)
//	U cid partition-key id        -> ordinal; uniqueness, point reads, counts by partition
//	L cid lsn ordinal             -> nothing; change feed entries of documents changed since their creation
//	T cid expiry ordinal          -> nothing; documents with a "ttl" of their own
//	K cid n partition-key values  -> ordinal; unique keys, n the key's number, 1 byte
//	X cid iid [partition-key] values ordinal -> nothing; indexes
//	P cid                         -> tally: highest position, count of documents, their bytes
//	R cid iid                     -> index definition and state, JSON
//	C cid                         -> container, JSON
//	B dbid                        -> database, JSON
//	N                             -> the next numbers of databases and containers, JSON
//
// A document written once has exactly two keys, D and U. It needs no feed entry
// because ordinals and LSNs are one clock: walking D in ordinal order yields the
// documents never changed since their creation in LSN order, and L has the
// others. Changes merges the two.
const (
	spacePrefix = kv.DocumentsPrefix

	tableDocs       = 'D'
	tableUnique     = 'U'
	tableFeed       = 'L'
	tableExpiry     = 'T'
	tableUniqueKeys = 'K'
	tableIndex      = 'X'
	tableTally      = 'P'
	tableRegistry   = 'R'
	tableContainers = 'C'
	tableDatabases  = 'B'
	tableNumbers    = 'N'
)

// containerTables are the tables that hold a container's data, for deletion.
const containerTables = "DULTKXPR"

// tableKey returns the start of a container's keys in a table.
func tableKey(dst []byte, table byte, cid uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, spacePrefix[0], table), cid)
}

const tableKeyLen = 6

func docKey(dst []byte, cid uint32, ordinal uint64) []byte {
	return binary.BigEndian.AppendUint64(tableKey(dst, tableDocs, cid), ordinal)
}

func uniqueKey(dst []byte, cid uint32, key string, id string) []byte {
	return append(append(tableKey(dst, tableUnique, cid), key...), id...)
}

func feedKey(dst []byte, cid uint32, lsn, ordinal uint64) []byte {
	dst = binary.BigEndian.AppendUint64(tableKey(dst, tableFeed, cid), lsn)
	return binary.BigEndian.AppendUint64(dst, ordinal)
}

func expiryKey(dst []byte, cid uint32, expiry int64, ordinal uint64) []byte {
	dst = binary.BigEndian.AppendUint64(tableKey(dst, tableExpiry, cid), uint64(expiry))
	return binary.BigEndian.AppendUint64(dst, ordinal)
}

func indexKey(dst []byte, cid, iid uint32) []byte {
	return binary.BigEndian.AppendUint32(tableKey(dst, tableIndex, cid), iid)
}

func registryKey(dst []byte, cid, iid uint32) []byte {
	return binary.BigEndian.AppendUint32(tableKey(dst, tableRegistry, cid), iid)
}

func tallyKey(cid uint32) []byte { return tableKey(nil, tableTally, cid) }

// lastOrdinal returns the ordinal that ends a key.
func lastOrdinal(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// ordinalValue encodes the ordinal that U and K keep as their value.
func ordinalValue(dst []byte, ordinal uint64) []byte { return binary.AppendUvarint(dst, ordinal) }

func parseOrdinal(b []byte) (uint64, bool) {
	o, n := binary.Uvarint(b)
	return o, n > 0 && n == len(b)
}
