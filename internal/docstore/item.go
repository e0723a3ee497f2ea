package docstore

import "errors"

// Item is a document as stored.
type Item struct {
	ID        string
	Key       PartitionKey
	Body      []byte // the whole JSON object, system properties included; do not change it
	RID       string // _rid
	ETag      string // _etag: the GUID in double quotes, as the header carries it
	Timestamp int64  // _ts: seconds since 1970
	LSN       uint64 // the position of its latest change
	Ordinal   uint64 // its place in insertion order; RID carries it
}

// OpKind is what an Op does.
type OpKind uint8

// The operations.
const (
	Create  OpKind = iota // fault.Conflict when the id is taken
	Upsert                // create or replace
	Replace               // fault.NotFound when absent
	Delete                // fault.NotFound when absent
	Read                  // for batches: reads under the same lock
	Mutate                // read, call Op.Mutate, replace
	expire                // delete if expired; fault.NotFound otherwise
	purge                 // delete if not changed since; fault.NotFound otherwise
)

// Op is one operation of a Write.
type Op struct {
	Kind OpKind
	// Key is the partition key the request names. Nil takes it from Body.
	// When both are there they must agree (ErrKeyMismatch).
	Key  *PartitionKey
	ID   string // of Replace, Delete, Read, Mutate; for Create and Upsert optional. It must agree with Body
	Body []byte // of Create, Upsert, Replace: a JSON object; Write does not keep it
	// IfMatch is an ETag or "*": an item that exists must have it
	// (fault.PreconditionFailed). An absent item has none to miss: an Upsert
	// creates it, as on the service.
	IfMatch string
	// IfNoneMatch is an ETag or "*": a Read of an item that still has it is
	// Result.NotModified; for Create and Upsert "*" means must not exist.
	IfNoneMatch string
	// Mutate returns the new body for the current item. It runs under the
	// item's lock, possibly with other operations of the same Write waiting: it
	// must only compute, and not keep the item.
	Mutate func(current Item) ([]byte, error)

	// Origin says where a change comes from, to who reads it in the change feed soon:
	// see Container.Origin. It is no part of the item.
	Origin string

	upTo uint64 // of purge: the newest version to delete
}

// Result is what became of an Op.
type Result struct {
	Item    Item // as stored; for Delete the item as it was
	Created bool // Create, or Upsert that found nothing
	// NotModified tells that a Read met its IfNoneMatch. It is no failure: the
	// other operations of an atomic Write go on.
	NotModified bool
	Err         error
}

var (
	// ErrKeyMismatch is in the chain of a fault.Invalid error when the partition
	// key of the request is not the document's, or lacks components.
	ErrKeyMismatch = errors.New("the partition key of the request does not fit")
	// ErrAborted is in the chain of the results of an atomic Write that were
	// not the reason of its failure.
	ErrAborted = errors.New("another operation of the transaction failed")
)
