package trigger

import (
	"bytes"
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Connector opens what bindings name. Whether a connection leads into this
// process or to a remote service is its decision; it refuses, naming the
// setting, what it cannot reach. Methods may be called at the same time.
type Connector interface {
	// EventHub opens a hub as seen by one consumer group.
	EventHub(ctx context.Context, conn settings.Connection, hub, group string) (EventHub, error)
	// ChangeFeed opens the change feed of a container.
	ChangeFeed(ctx context.Context, conn settings.Connection, database, container string) (ChangeFeed, error)
	// Leases opens the container that holds a change feed's position, and
	// creates it first (partition key /id) when create is set.
	Leases(ctx context.Context, conn settings.Connection, database, container string, create bool) (Leases, error)
	// Documents opens a container for writing, and creates it first with the
	// partition key path when that is not empty.
	Documents(ctx context.Context, conn settings.Connection, database, container, createWithKey string) (DocumentSink, error)
	// EventSink opens a hub for sending.
	EventSink(ctx context.Context, conn settings.Connection, hub string) (EventSink, error)
}

// EventHub is one hub seen by one consumer group.
type EventHub interface {
	// Namespace is the fully qualified namespace, which names checkpoints.
	Namespace() string
	// Partitions lists the partition ids.
	Partitions(ctx context.Context) ([]string, error)
	// Open starts reading a partition.
	Open(ctx context.Context, partition string, from Position) (EventReader, error)
}

// EventReader reads one partition in order. It is used by one goroutine.
type EventReader interface {
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
}

// PositionKind is one way to say where reading begins.
type PositionKind uint8

// The ways to say where reading begins.
const (
	FromStart PositionKind = iota
	FromEnd
	AfterOffset
	FromTime
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

// ChangeFeed reads the latest version of every document of a container in the
// order of change. Deletes do not appear.
type ChangeFeed interface {
	// Identity names the account and container, for lease documents.
	Identity() FeedIdentity
	// Now returns the continuation behind the newest change.
	Now(ctx context.Context) (string, error)
	// Read returns at most q.Max documents and the continuation after the
	// last of them, without waiting. No documents: the feed has been read to
	// its end, and next still moves over what was filtered out. Documents are
	// complete JSON objects, valid for as long as the caller likes.
	Read(ctx context.Context, q FeedQuery) (docs [][]byte, next string, err error)
	// Wait returns when there may be changes after the continuation.
	Wait(ctx context.Context, after string) error
}

// FeedIdentity is what the names of lease documents are made of.
type FeedIdentity struct {
	AccountHost  string // host name of the account's endpoint
	DatabaseRID  string
	ContainerRID string
}

// FeedQuery asks for a page of a change feed.
type FeedQuery struct {
	After string    // a continuation; "" is the beginning
	Since time.Time // only changes at or after it; zero: all
	Max   int
}

// Leases is a container for lease documents.
type Leases interface {
	// KeyPath is the container's partition key path: /id or /partitionKey.
	KeyPath() string
	// Read returns a document and its ETag, or fault.NotFound.
	Read(ctx context.Context, id string) (doc []byte, etag string, err error)
	// Create writes a new document, or fails with fault.Conflict.
	Create(ctx context.Context, doc []byte) (etag string, err error)
	// Replace writes a document over the version with the ETag, or fails with
	// fault.PreconditionFailed.
	Replace(ctx context.Context, id string, doc []byte, etag string) (newETag string, err error)
}

// DocumentSink writes documents to a container.
type DocumentSink interface {
	// Upsert writes all documents, each a JSON object, and returns when all
	// are durable, or with the first error. It keeps no slice.
	Upsert(ctx context.Context, docs [][]byte) error
}

// EventSink sends events to a hub.
type EventSink interface {
	// Send appends all events and returns when all are durable, or with the
	// first error; then others may have been sent. Events of one partition key
	// stay in their order; those without a key stay together in one partition.
	// It keeps no slice. An event that is too large is fault.TooLarge, and then
	// nothing is sent.
	Send(ctx context.Context, events []OutgoingEvent) error
}

// OutgoingEvent is an event to send.
type OutgoingEvent struct {
	Body         []byte
	PartitionKey string // "": any partition
}

// MetadataStore keeps small sets of named values under blob names, as the
// metadata of empty blobs. It is all that checkpoints need of blob storage.
type MetadataStore interface {
	// Metadata returns a blob's metadata with lower-case keys, or
	// fault.NotFound.
	Metadata(ctx context.Context, container, blob string) (map[string]string, error)
	// SetMetadata writes a blob's metadata, creating the blob, and returns
	// when it is durable.
	SetMetadata(ctx context.Context, container, blob string, metadata map[string]string) error
}

// clone copies the event's bytes, so that it outlives the next Read.
func (e Event) clone() Event {
	e.Body = bytes.Clone(e.Body)
	e.Properties = bytes.Clone(e.Properties)
	e.System = bytes.Clone(e.System)
	return e
}
