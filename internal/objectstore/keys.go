package objectstore

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Every key of the store begins with the space's byte (see kv.Layout) and a
// table's byte. Numbers are big-endian; cid is the container's number, 4 bytes;
// uid is the number of a blob's content, tick a time (clock.go), extent a file's
// number, offset a byte of the blob, 8 bytes each.
//
//	B cid name                -> record (record.go): the blob
//	S cid name 0 tick         -> record: a snapshot or an earlier version of it
//	C cid uid offset          -> parts: where the content from that offset is; what fits is in the record instead
//	L cid uid                 -> ids and sizes of the blocks of a committed list
//	U cid name 0 block id     -> uncommitted block
//	F cid tick                -> name; the feed: for each blob the last change of its content
//	G cid name                -> nothing; blobs with tags
//	K cid name                -> the order of the copy to the blob that is under way
//	E tick cid name 0 [tick]  -> nothing; when what was softly deleted goes for good
//	T cid                     -> tally: highest tick, count of blobs, their bytes
//	X extent                  -> tally: highest byte in use, bytes in use
//	N account name 0 tick     -> container
//	Z cid                     -> nothing; a deleted container whose blobs are being removed
//	A account                 -> settings of the account
//	M                         -> tally: highest number given out as cid or uid
const (
	tableBlobs      = 'B'
	tableStates     = 'S'
	tableContent    = 'C'
	tableBlockLists = 'L'
	tablePending    = 'U'
	tableFeed       = 'F'
	tableTagged     = 'G'
	tableExpiry     = 'E'
	tableCopies     = 'K'
	tableTallies    = 'T'
	tableExtents    = 'X'
	tableContainers = 'N'
	tablePurge      = 'Z'
	tableAccounts   = 'A'
	tableNumbers    = 'M'
)

// containerTables are the tables that hold a container's blobs, for deletion.
const containerTables = "BSCLUFGKT"

const prefixLen = 6 // of keys that begin with a container's number

func tableKey(dst []byte, table byte, cid uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, kv.BlobsPrefix[0], table), cid)
}

func blobKey(dst []byte, table byte, cid uint32, name string) []byte {
	return append(tableKey(dst, table, cid), name...)
}

// belowName begins the keys that belong to a blob in the tables S and U.
func belowName(dst []byte, table byte, cid uint32, name string) []byte {
	return append(blobKey(dst, table, cid, name), 0)
}

func stateKey(dst []byte, cid uint32, name string, t tick) []byte {
	return binary.BigEndian.AppendUint64(belowName(dst, tableStates, cid, name), uint64(t))
}

// splitState returns the name and tick of a key of table S.
func splitState(key []byte) (name []byte, t tick) {
	n := len(key) - 9
	return key[prefixLen:n], tick(binary.BigEndian.Uint64(key[n+1:]))
}

// splitPending returns the name and block id of a key of table U. Names hold no
// zero byte.
func splitPending(key []byte) (name, id []byte) {
	i := prefixLen + bytes.IndexByte(key[prefixLen:], 0)
	return key[prefixLen:i], key[i+1:]
}

func contentKey(dst []byte, cid uint32, uid uint64, off int64) []byte {
	dst = binary.BigEndian.AppendUint64(tableKey(dst, tableContent, cid), uid)
	return binary.BigEndian.AppendUint64(dst, uint64(off))
}

func contentBounds(cid uint32, uid uint64) (low, high []byte) {
	low = binary.BigEndian.AppendUint64(tableKey(nil, tableContent, cid), uid)
	return low, kv.PrefixEnd(low)
}

func blockListKey(cid uint32, uid uint64) []byte {
	return binary.BigEndian.AppendUint64(tableKey(nil, tableBlockLists, cid), uid)
}

func feedKey(dst []byte, cid uint32, t tick) []byte {
	return binary.BigEndian.AppendUint64(tableKey(dst, tableFeed, cid), uint64(t))
}

func tallyKey(dst []byte, cid uint32) []byte { return tableKey(dst, tableTallies, cid) }

func extentKey(dst []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, kv.BlobsPrefix[0], tableExtents), number)
}

func expiryKey(at tick, cid uint32, name string, state tick) []byte {
	key := binary.BigEndian.AppendUint64([]byte{kv.BlobsPrefix[0], tableExpiry}, uint64(at))
	key = append(append(binary.BigEndian.AppendUint32(key, cid), name...), 0)
	if state != 0 {
		key = binary.BigEndian.AppendUint64(key, uint64(state))
	}
	return key
}

// splitExpiry is the inverse of expiryKey.
func splitExpiry(key []byte) (at tick, cid uint32, name string, state tick) {
	at = tick(binary.BigEndian.Uint64(key[2:]))
	cid = binary.BigEndian.Uint32(key[10:])
	i := 14 + bytes.IndexByte(key[14:], 0)
	if rest := key[i+1:]; len(rest) == 8 {
		state = tick(binary.BigEndian.Uint64(rest))
	}
	return at, cid, string(key[14:i]), state
}

func accountKey(table byte, account uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kv.BlobsPrefix[0], table}, account)
}

func containerKey(account uint64, name string, made tick) []byte {
	key := append(append(accountKey(tableContainers, account), name...), 0)
	return binary.BigEndian.AppendUint64(key, uint64(made))
}

func purgeKey(cid uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kv.BlobsPrefix[0], tablePurge}, cid)
}

func numbersKey() []byte { return []byte{kv.BlobsPrefix[0], tableNumbers} }

// hashName chooses the lock of a blob's name.
func hashName(seed maphash.Seed, cid uint32, name string) uint64 {
	return maphash.String(seed, name) + uint64(cid)*0x9E3779B97F4A7C15
}
