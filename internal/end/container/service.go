package container

import (
	"context"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Service opens containers. Whether a connection leads into this process or to
// a remote service is its decision; it refuses, naming the setting, what it
// cannot reach. Its methods may be called at the same time.
type Service interface {
	// Feed opens the change feed of a container.
	Feed(ctx context.Context, conn settings.Connection, database, container string) (changefeed.Source, error)
	// Leases opens the container that holds a change feed's positions, and
	// creates it first (partition key /id) when create is set.
	Leases(ctx context.Context, conn settings.Connection, database, container string, create bool) (changefeed.LeaseStore, error)
	// Sink opens a container for writing, and creates it first with the
	// partition key path when that is not empty.
	Sink(ctx context.Context, conn settings.Connection, database, container, createWithKey string) (Sink, error)
	// Reader opens a container for reading documents. It makes none: one that
	// is missing is fault.NotFound, here or at the first read.
	Reader(ctx context.Context, conn settings.Connection, database, container string) (Reader, error)
}

// Reader reads documents of a container.
type Reader interface {
	// Read returns the document with an id under a partition key of one text;
	// nil is that of documents without a value for the key. doc is nil where
	// there is no such document; a container that is missing is fault.NotFound.
	Read(ctx context.Context, id string, key *string) (doc []byte, err error)
	// Query returns all results of a query, each a JSON value.
	Query(ctx context.Context, q Query) (rows [][]byte, err error)
}

// Query is a question to a container.
type Query struct {
	Text       string
	Parameters []Parameter
	Key        *string // the only partition to look in; nil: all
}

// Parameter is a value of a query, always a text.
type Parameter struct{ Name, Value string } // the name with its "@"

// Sink writes documents to a container.
type Sink interface {
	// Upsert writes all documents, each a JSON object, and returns when all
	// are durable, or with the first error. It keeps no slice.
	Upsert(ctx context.Context, docs [][]byte) error
}

// Creator is a Sink that can leave alone what is there.
type Creator interface {
	Sink
	// Create is Upsert for documents that are new. One that is there already, by id and
	// partition key, stays as it is, which is no error.
	Create(ctx context.Context, docs [][]byte) error
}
