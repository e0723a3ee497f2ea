package changefeed

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Source is a container's change feed. [Container] is the one of the service;
// others are for programs that have the documents at hand. Its methods may be
// called at the same time.
type Source interface {
	// Identity names the account and the container.
	Identity(ctx context.Context) (Identity, error)
	// Ranges are the parts in which the feed is read now; together they are all
	// of it.
	Ranges(ctx context.Context) ([]Range, error)
	// Read returns changes without waiting. It fails with ErrSplit when the
	// range is not read as one any more, with ErrDeleted when the container is
	// another or gone.
	Read(ctx context.Context, q Query) (Page, error)
	// Now is the position behind the newest change of a range.
	Now(ctx context.Context, r Range) (string, error)
}

// Waiter is a Source that knows when something changes. The processor asks one
// that does not every [Options.PollInterval].
type Waiter interface {
	// Wait returns when there may be changes of the range after a position.
	Wait(ctx context.Context, r Range, after string) error
}

// Identity is what the names of lease documents are made of.
type Identity struct {
	AccountHost  string // host name of the account's endpoint
	DatabaseRID  string
	ContainerRID string
}

// Range is a part of a container: its partition keys from Min to before Max, both
// as the service hashes them ("" to "FF" is all).
type Range struct {
	ID       string // of the service; "" for a part that was made when ranges were merged
	Min, Max string
	Parents  []string // the IDs of the ranges that it was split from or merged of
}

// Query asks for a page of a change feed.
type Query struct {
	Range Range
	After string    // the position that an earlier page ended with; "" is the beginning
	Since time.Time // without After: only changes at or after it; zero is all
	Max   int       // at most so many documents; the service may send fewer
}

// Page is what a query gave: documents in the order of their changes, each a JSON
// object with its _lsn, and the position behind them. Without documents the feed
// has been read to its end. The documents are the caller's.
type Page struct {
	Docs []json.RawMessage
	Next string
}

// Errors of sources and lease stores, wrapped with what happened where.
var (
	ErrSplit   = errors.New("the range was split or merged")
	ErrDeleted = errors.New("the container does not exist any more")
	ErrMissing = errors.New("there is no such lease document")
	ErrExists  = errors.New("the lease document exists already")
	ErrChanged = errors.New("the lease document was changed meanwhile")
)

// LeaseStore keeps lease documents. [Leases] keeps them in a container of the
// service. Its methods may be called at the same time.
type LeaseStore interface {
	// List returns the documents whose ids begin with the prefix.
	List(ctx context.Context, prefix string) ([]json.RawMessage, error)
	// Read returns a document with its _etag, or ErrMissing.
	Read(ctx context.Context, id string) (json.RawMessage, error)
	// Create writes a new document and returns its ETag, or fails with ErrExists.
	Create(ctx context.Context, doc json.RawMessage) (etag string, err error)
	// Replace writes the document over the version with the ETag and returns the
	// new one, or fails with ErrChanged, or ErrMissing.
	Replace(ctx context.Context, doc json.RawMessage, etag string) (newETag string, err error)
	// Delete removes the version of a document with the ETag, or fails with
	// ErrChanged, or ErrMissing.
	Delete(ctx context.Context, doc json.RawMessage, etag string) error
}
