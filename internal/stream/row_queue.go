package stream

import (
	"encoding/binary"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// rowQueue keeps copies of rows, first in first out, in one buffer:
//
//	┌─────────┬───────────┬───────────┬────────┬─────────┐
//	│ time    │ arrival   │ partition │ slots  │ values… │
//	│ 8 bytes │ varint    │ varint    │ varint │         │
//	└─────────┴───────────┴───────────┴────────┴─────────┘
//
// so that waiting rows cost the garbage collector nothing and a checkpoint is
// one copy.
type rowQueue struct {
	buf  []byte
	head int // start of the first row
	n    int
}

func (q *rowQueue) len() int { return q.n }

// size is the bytes of the rows.
func (q *rowQueue) size() int { return len(q.buf) - q.head }

// push adds a copy of the row.
func (q *rowQueue) push(row *streamsql.Row) {
	if q.n == 0 {
		q.reset()
	} else if q.head > 1<<16 && q.head > len(q.buf)/2 {
		q.buf = append(q.buf[:0], q.buf[q.head:]...)
		q.head = 0
	}
	q.buf = appendRow(q.buf, row)
	q.n++
}

func appendRow(b []byte, row *streamsql.Row) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(row.Time))
	b = binary.AppendVarint(b, row.Arrival)
	b = binary.AppendVarint(b, int64(row.Partition))
	b = binary.AppendUvarint(b, uint64(len(row.Slots)))
	for _, v := range row.Slots {
		b = appendValue(b, v)
	}
	return b
}

// time is the time of the first row.
func (q *rowQueue) time() int64 { return int64(binary.LittleEndian.Uint64(q.buf[q.head:])) }

// pop reads the first row into row, whose Slots must be as long as those of the
// row pushed, and forgets it. The values stay valid until the next push.
func (q *rowQueue) pop(row *streamsql.Row) {
	q.head = q.read(q.head, row)
	q.n--
}

// read reads the row at a place in the buffer and returns the place of the next.
func (q *rowQueue) read(at int, row *streamsql.Row) int {
	b := q.buf[at:]
	row.Time = int64(binary.LittleEndian.Uint64(b))
	b = b[8:]
	arrival, size := binary.Varint(b)
	b = b[size:]
	partition, size := binary.Varint(b)
	b = b[size:]
	slots, size := binary.Uvarint(b)
	b = b[size:]
	row.Arrival, row.Partition = arrival, int32(partition)
	for i := range int(slots) {
		row.Slots[i], b = readValue(b)
	}
	return len(q.buf) - len(b)
}

// byTime returns the places of all rows in order of time; rows of the same time
// stay in the order they came.
func (q *rowQueue) byTime() []int {
	places := make([]int, 0, q.n)
	for at := q.head; at < len(q.buf); at = q.skip(at) {
		places = append(places, at)
	}
	slices.SortStableFunc(places, func(a, b int) int {
		x, y := binary.LittleEndian.Uint64(q.buf[a:]), binary.LittleEndian.Uint64(q.buf[b:])
		switch {
		case int64(x) < int64(y):
			return -1
		case int64(x) > int64(y):
			return 1
		}
		return 0
	})
	return places
}

func (q *rowQueue) skip(at int) int {
	b := q.buf[at+8:]
	_, size := binary.Varint(b)
	b = b[size:]
	_, size = binary.Varint(b)
	b = b[size:]
	slots, size := binary.Uvarint(b)
	b = b[size:]
	for range int(slots) {
		_, b = readValue(b)
	}
	return len(q.buf) - len(b)
}

// keptBuffer is how large a buffer an empty queue keeps.
const keptBuffer = 4 << 20

// release gives a large buffer of an empty queue back. The values that were
// popped stay valid.
func (q *rowQueue) release() {
	if cap(q.buf) > keptBuffer {
		q.buf, q.head = nil, 0
	}
}

func (q *rowQueue) reset() { q.buf, q.head, q.n = q.buf[:0], 0, 0 }

func (q *rowQueue) save(w *stateWriter) {
	w.uint(uint64(q.n))
	w.bytes(q.buf[q.head:])
}

func (q *rowQueue) load(r *stateReader) {
	q.reset()
	q.n = int(r.uint())
	q.buf = append(q.buf, r.bytes()...)
}
