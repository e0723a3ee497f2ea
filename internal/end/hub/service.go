package hub

import (
	"bytes"
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Service opens hubs. Whether a connection leads into this process or to a
// remote service is its decision; it refuses, naming the setting, what it
// cannot reach. Its methods may be called at the same time.
type Service interface {
	// Host is what tells the connection's namespace from others, for people and in
	// the names of positions: a host name, with its port where the usual one would
	// mean another.
	Host(conn settings.Connection) string
	// Open opens a hub as a consumer sees it.
	Open(ctx context.Context, conn settings.Connection, hub string, as Consumer) (Hub, error)
	// Sink opens a hub for sending.
	Sink(ctx context.Context, conn settings.Connection, hub string) (Sink, error)
}

// Consumer is who reads a hub.
type Consumer struct {
	Group string
	// Owner is the name of one who owns the partitions that it reads: where the hub
	// knows owners, the last of two that open a partition has it, and the reader of
	// the other ends with ErrTaken. "": it owns none.
	Owner string
	// Ahead is how many events are fetched before they are asked for, where fetching
	// takes time; 0: as many as the service thinks good.
	Ahead int
}

// ErrTaken ends the reader of a partition that another owner has opened.
var ErrTaken = fault.New(fault.Conflict, "partition", "another reader has taken it")

// Hub is one hub as one consumer sees it.
type Hub interface {
	// Namespace is the fully qualified namespace, which names checkpoints.
	Namespace() string
	// Partitions lists the partition ids.
	Partitions(ctx context.Context) ([]string, error)
	// Open starts reading a partition.
	Open(ctx context.Context, partition string, from Position) (Reader, error)
	// Changed returns a channel that is closed once the hub is no longer what
	// it was: it has other partitions, or it was deleted.
	Changed() <-chan struct{}
	// Remote reports whether the hub goes on when this process ends, so that others
	// wait for what one that was killed has read.
	Remote() bool
	// Close releases the hub, after its readers.
	Close()
}

// Reader reads one partition in order. It is used by one goroutine.
type Reader interface {
	// Read appends at least one and at most max events to dst, waiting as
	// long as there are none. When ctx ends it returns dst as it was with
	// ctx's error, and no event is lost. Event bytes stay valid until the
	// next Read.
	Read(ctx context.Context, dst []Event, max int) ([]Event, error)
	// Close releases the reader.
	Close() error
}

// Position says where reading begins.
type Position struct {
	Kind   PositionKind
	Offset string    // with AfterOffset: the first event is the one after it
	Time   time.Time // with FromTime: the first event enqueued at or after it

	Sequence int64 // with AfterSequence: the first event is the one after it
}

// PositionKind is one way to say where reading begins.
type PositionKind uint8

// The ways to say where reading begins.
const (
	FromStart PositionKind = iota
	FromEnd
	AfterOffset
	FromTime
	AfterSequence
)

// Event is one event of a hub.
type Event struct {
	Body         []byte
	Sequence     int64
	Offset       string // decimal text
	EnqueuedAt   time.Time
	PartitionKey string // "" when the sender gave none
	// Properties is the sender's application properties as a JSON object; nil
	// when there are none.
	Properties []byte
	// System is the message's standard properties and annotations besides the
	// four above, as a JSON object; nil when there are none.
	System []byte
	// TraceParent is the sender's W3C trace context, or "".
	TraceParent string
}

// Sink sends events to a hub.
type Sink interface {
	// Send appends all events and returns when all are durable, or with the
	// first error; then others may have been sent. Events of one partition key
	// stay in their order; those without a key stay together in one partition.
	// It keeps no slice. An event that is too large is fault.TooLarge, and then
	// nothing is sent. A hub that was deleted is fault.Gone or fault.NotFound.
	Send(ctx context.Context, events []Outgoing) error
}

// clone copies the event's bytes, so that it outlives the next Read.
func (e Event) clone() Event {
	e.Body = bytes.Clone(e.Body)
	e.Properties = bytes.Clone(e.Properties)
	e.System = bytes.Clone(e.System)
	return e
}
