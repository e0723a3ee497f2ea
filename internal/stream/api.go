package stream

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// Event is one event of an input partition.
type Event struct {
	// Offset is the position in the partition; offsets increase, and need not
	// be dense.
	Offset  int64
	Arrival int64 // when the source took it, in ticks (100 ns since year 1)
	// Body is a JSON object, or several events: an array of objects, or objects
	// one after the other. It stays unchanged until the Batch is read into again.
	Body         []byte
	PartitionKey string
	Properties   Properties // set by the sender; nil: none
	Origin       string     // the blob that holds it; "": none
	In           *Place     // where in the blob; nil where Origin is ""
	// Sequence is the event's number in the partition, which queries see; it is
	// the offset where a source has nothing else.
	Sequence int64
}

// Place is where the events of a body are in a blob. The body is then objects one
// after the other; one that is broken ends with its line.
type Place struct {
	Blob string // CONTAINER/NAME
	Row  int    // number of the first one, from 1
	// Err is what is wrong with the blob from there on, instead of a body; "":
	// nothing. It is a data error.
	Err string
}

// Properties are what the sender of an event has set. They are read when a
// query asks for them, before the Batch is read into again.
type Properties interface {
	// Each calls use for each property, in the order in which they were set.
	Each(use func(name string, v streamsql.Value)) error
}

// Batch is a piece of a partition. The job owns it and hands it to Read again
// and again; Buf is memory that the reader may put bodies in.
type Batch struct {
	Events []Event
	Buf    []byte
}

// Position says where reading begins.
type Position struct {
	// Offset is the first offset wanted, if not negative.
	Offset int64
	// Arrival is used if Offset is negative: the first event that arrived at
	// or after it, in ticks. StartOfInput takes all there is.
	Arrival int64
}

// StartOfInput is before every arrival time.
const StartOfInput = minTime

// AtOffset is the position of an offset.
func AtOffset(offset int64) Position { return Position{Offset: offset} }

// AtArrival is the position of the first event that arrived at or after ticks.
func AtArrival(ticks int64) Position { return Position{Offset: -1, Arrival: ticks} }

// Source is a stream input with a fixed number of partitions.
type Source interface {
	Partitions(ctx context.Context) (int, error)
	Open(ctx context.Context, partition int, at Position) (Reader, error)
}

// Reader reads one partition. It is used by one goroutine.
type Reader interface {
	// Read waits for at least one event and fills b.Events, whose length it
	// sets, with at most max. At the end of an input that ends it returns
	// io.EOF and no events. Errors of kind fault.Unavailable are tried again.
	Read(ctx context.Context, b *Batch, max int) error
	// Backlog is the number of events behind the last one read, or -1.
	Backlog() int64
	Close() error
}

// Sink takes the rows of an output. It is called by one goroutine at a time
// for each lane. A row may be written again after a crash or a failure, under
// the same OutputBatch.ID and with the same content; a sink that stores by it or
// by a key in the row makes that invisible. No other row ever has the ID.
//
// An error of kind fault.Invalid or fault.TooLarge says that the rows can never
// be written: the error policy decides. All other errors are tried again until
// they end, while the lane waits.
type Sink interface {
	Write(ctx context.Context, b OutputBatch) error
}

// OutputBatch is rows for a sink, in the order of their numbers. Its memory is
// valid during the call only.
type OutputBatch struct {
	Job, Output string
	Run         string // Options.Run
	Lane        string
	First       uint64 // number of Rows[0] among all rows of this run, lane and output
	Rows        []OutputRow
}

// OutputRow is one row.
type OutputRow struct {
	Time int64  // System.Timestamp() in ticks
	JSON []byte // one object
	Key  string // of INTO output PARTITION BY key; "" without
}

// Reference is reference data: a table that changes from time to time.
type Reference interface {
	// Snapshots returns the versions in order of ValidFrom, at least one. A
	// version holds until the next one begins.
	Snapshots(ctx context.Context) ([]Snapshot, error)
}

// Snapshot is one version of reference data.
type Snapshot struct {
	ValidFrom int64 // in ticks; StartOfInput for the first
	// ETag names the content: a version of the same ValidFrom and ETag as one
	// that was read before is that one. "" is equal to nothing; see RowsETag.
	ETag string
	Rows [][]byte // JSON objects
	// Read reads the rows, instead of Rows, when a version is wanted: of a long
	// series few are. nil: Rows are there. It may be called again, at the same time.
	// With fault.NotFound, fault.Invalid and fault.TooLarge the version cannot be
	// used, and the one before it stays; other errors pass.
	Read func(context.Context) ([][]byte, error) `json:"-"`
}

// Store keeps the checkpoints of one job. Both calls are durable when they
// return.
type Store interface {
	// Load returns what Save and Append have left for a lane; nil state if
	// there is none.
	Load(ctx context.Context, lane string) (state []byte, journal [][]byte, err error)
	// Save replaces state and journal in one step.
	Save(ctx context.Context, lane string, state []byte, journal [][]byte) error
	// Append adds an entry to the journal.
	Append(ctx context.Context, lane string, entry []byte) error
}
