package container

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Service opens containers. Whether a connection leads into this process or to
// a remote service is its decision; it refuses, naming the setting, what it
// cannot reach. Its methods may be called at the same time.
type Service interface {
	// Feed opens the change feed of a container.
	Feed(ctx context.Context, conn settings.Connection, database, container string) (Feed, error)
	// Leases opens the container that holds a change feed's position, and
	// creates it first (partition key /id) when create is set.
	Leases(ctx context.Context, conn settings.Connection, database, container string, create bool) (Leases, error)
	// Sink opens a container for writing, and creates it first with the
	// partition key path when that is not empty.
	Sink(ctx context.Context, conn settings.Connection, database, container, createWithKey string) (Sink, error)
}

// Feed reads the latest version of every document of a container in the
// order of change. Deletes do not appear.
type Feed interface {
	// Identity names the account and container, for lease documents.
	Identity() FeedIdentity
	// Now returns the continuation behind the newest change.
	Now(ctx context.Context) (string, error)
	// Read returns at most q.Max documents and the continuation after the
	// last of them, without waiting. No documents: the feed has been read to
	// its end, and next still moves over what was filtered out. Documents are
	// complete JSON objects, valid for as long as the caller likes.
	Read(ctx context.Context, q FeedQuery) (docs [][]byte, next string, err error)
	// Wait returns when there may be changes after the continuation. A
	// container that was deleted is fault.Gone or fault.NotFound.
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

// Sink writes documents to a container.
type Sink interface {
	// Upsert writes all documents, each a JSON object, and returns when all
	// are durable, or with the first error. It keeps no slice.
	Upsert(ctx context.Context, docs [][]byte) error
}
