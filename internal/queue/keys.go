package queue

import (
	"encoding/binary"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// The keys of the space, all numbers big-endian. States and texts are apart, so that a
// start reads no text.
//
//	secret                            what receipts are signed with
//	properties  account               the service's properties, opaque
//	queues      account name          a queue, as JSON
//	states      account queue seq     a message's state (see record.go)
//	texts       account queue seq     a message's text
const (
	secretKind byte = iota
	propertiesKind
	queueKind
	stateKind
	textKind
)

func key(kind byte, numbers ...uint64) []byte {
	k := make([]byte, 0, len(kv.QueuesPrefix)+1+8*3)
	k = append(append(k, kv.QueuesPrefix...), kind)
	for _, n := range numbers {
		k = binary.BigEndian.AppendUint64(k, n)
	}
	return k
}

func queueKey(account uint64, name string) []byte { return append(key(queueKind, account), name...) }

func (q *Queue) stateKey(seq uint64) []byte { return key(stateKind, q.account, q.id, seq) }

func (q *Queue) textKey(seq uint64) []byte { return key(textKind, q.account, q.id, seq) }

// deleteAll removes all keys with the prefix.
func deleteAll(b *kv.Batch, prefix []byte) { b.DeleteRange(prefix, kv.PrefixEnd(prefix)) }

// numbersOf reads the numbers at the end of a key.
func numbersOf(k []byte, kind byte, n int) ([]uint64, bool) {
	head := len(kv.QueuesPrefix) + 1
	if len(k) != head+8*n || k[head-1] != kind {
		return nil, false
	}
	all := make([]uint64, n)
	for i := range all {
		all[i] = binary.BigEndian.Uint64(k[head+8*i:])
	}
	return all, true
}
