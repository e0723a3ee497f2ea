package broker

import (
	"strconv"
	"time"
)

// DefaultGroup is the consumer group that every hub has.
const DefaultGroup = "$Default"

// Append is a batch of records for one partition. The batch is stored whole or
// not at all, its records follow each other without a gap and share one
// enqueued time. The slices must stay unchanged until done is called.
type Append struct {
	Records [][]byte // encoded messages, oldest first; at least one
	Key     string   // the partition key of all of them, or ""
}

// AppendResult says where an append went, or why it did not.
type AppendResult struct {
	FirstSequence int64     // sequence number of the first record; the others follow
	Count         int       // number of records
	EnqueuedAt    time.Time // UTC, whole milliseconds; never goes back within a partition
	Err           error     // fault.TooLarge, fault.Invalid or fault.Unavailable; then nothing was stored
}

// Record is one stored record.
type Record struct {
	Sequence   int64     // 0, 1, 2, … within the partition
	Offset     Offset    // grows with Sequence, also over a hub's re-creation
	EnqueuedAt time.Time // UTC, whole milliseconds
	Key        string    // partition key, or ""
	Body       []byte    // the bytes as appended; read-only, valid as long as it is referenced
}

// Offset is a record's position as clients see it: opaque to them, a growing
// decimal number to us.
type Offset int64

// String returns the offset in decimal, or "-1" for "before the first".
func (o Offset) String() string { return strconv.FormatInt(int64(o), 10) }

// AppendTo appends the decimal form to dst, without allocating.
func (o Offset) AppendTo(dst []byte) []byte { return strconv.AppendInt(dst, int64(o), 10) }

// PartitionInfo is a partition's state at one moment.
type PartitionInfo struct {
	BeginSequence int64     // oldest record kept, or the next number when empty
	LastSequence  int64     // newest record ever stored, or -1
	LastOffset    string    // its offset, or "-1"
	LastEnqueued  time.Time // its time; the zero Time when there never was one
	Empty         bool      // no record is kept
	Bytes         int64     // size on disk
}
