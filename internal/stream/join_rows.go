package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// keptRows are the rows that one side of a join keeps: a queue in order of
// time, and for each key a chain through it. Rows are numbered from 1 as they
// come; a number stays while the row does. As rows leave in the order they came,
// the row that leaves is always the first of its chain.
type keptRows struct {
	keys    *table // two words: numbers of the first and the last row of the chain
	entries []keptRow
	head    int
	base    uint64 // number of entries[head]
	buf     []byte // the rows, as rowQueue has them
	gone    int    // bytes of buf before the first row
}

type keptRow struct {
	time     int64
	leftTime int64
	next     uint64 // number of the next row with the key, or 0
	at, size int    // in buf
	key      uint32 // id in keys, or missing
	matched  bool
}

func (k *keptRows) len() int                { return len(k.entries) - k.head }
func (k *keptRows) first() *keptRow         { return &k.entries[k.head] }
func (k *keptRows) entry(n uint64) *keptRow { return &k.entries[k.head+int(n-k.base)] }

// push adds a row and returns its number.
func (k *keptRows) push(row *streamsql.Row, leftTime int64, key []byte, hasKey bool) uint64 {
	if k.base == 0 {
		k.base = 1
	}
	n := k.base + uint64(k.len())
	e := keptRow{time: row.Time, leftTime: leftTime, at: len(k.buf), key: missing}
	k.buf = appendRow(k.buf, row)
	e.size = len(k.buf) - e.at
	if hasKey {
		e.key = k.chain(key, n)
	}
	k.entries = append(k.entries, e)
	return n
}

// chain puts row n, which is about to be added, behind the others of its key,
// and returns the key's id.
func (k *keptRows) chain(key []byte, n uint64) uint32 {
	id, added := k.keys.insert(key, nil)
	if chain := k.keys.state(id); added {
		chain[0], chain[1] = n, n
	} else {
		k.entry(chain[1]).next = n
		chain[1] = n
	}
	return id
}

// read decodes a row into slots. The values are valid until compact.
func (k *keptRows) read(e *keptRow, slots []streamsql.Value) []streamsql.Value {
	row := streamsql.Row{Slots: slots}
	q := rowQueue{buf: k.buf}
	q.read(e.at, &row)
	return slots
}

// size is the bytes of the rows.
func (k *keptRows) size() int { return len(k.buf) - k.gone }

// pop forgets the first row and returns its bytes.
func (k *keptRows) pop() int {
	e := k.first()
	if e.key != missing {
		if e.next == 0 {
			k.keys.remove(e.key)
		} else {
			k.keys.state(e.key)[0] = e.next
		}
	}
	k.gone = e.at + e.size
	k.head++
	k.base++
	return e.size
}

// wasteful says whether most of the memory is of rows that have left.
func (k *keptRows) wasteful() bool {
	return k.gone > 1<<16 && k.gone > len(k.buf)/2 || k.head > 1<<12 && k.head > len(k.entries)/2
}

func (k *keptRows) compact() {
	k.buf = append(k.buf[:0], k.buf[k.gone:]...)
	k.entries = append(k.entries[:0], k.entries[k.head:]...)
	for i := range k.entries {
		k.entries[i].at -= k.gone
	}
	k.gone, k.head = 0, 0
}

func (k *keptRows) save(w *stateWriter) {
	w.uint(k.base)
	w.uint(uint64(k.len()))
	for i := k.head; i < len(k.entries); i++ {
		e := &k.entries[i]
		w.int(e.time)
		w.int(e.leftTime)
		w.bool(e.matched)
		w.bytes(k.buf[e.at : e.at+e.size])
		w.bool(e.key != missing)
		if e.key != missing {
			w.bytes(k.keys.key(e.key))
		}
	}
}

func (k *keptRows) load(r *stateReader) {
	k.base = r.uint()
	for range r.count(5) {
		e := keptRow{time: r.int(), leftTime: r.int(), matched: r.bool(), at: len(k.buf), key: missing}
		row := r.bytes()
		k.buf, e.size = append(k.buf, row...), len(row)
		if r.bool() {
			e.key = k.chain(r.bytes(), k.base+uint64(k.len()))
		}
		k.entries = append(k.entries, e)
	}
}
