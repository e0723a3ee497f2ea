package cosmossql

import "context"

// Source is a set of documents to query: a container, or one logical partition
// of it. It must be safe for use by several queries at once.
type Source interface {
	// Scan opens the walk that a describes. The caller closes the rows.
	Scan(ctx context.Context, a Access) (Rows, error)
	// Count returns how many documents the walk would yield. It may stop at
	// limit and return limit then; 0 means no limit. A Count of the whole source
	// (IsAll) should cost no walk at all.
	Count(ctx context.Context, a Access, limit int64) (int64, error)
}

// SourceInfo is what the planner may know about a Source.
type SourceInfo struct {
	// PartitionKeyPaths are the partition key's paths, outermost first. A query
	// that fixes all of them is narrowed to that logical partition. Empty: the
	// planner leaves partitions alone. On a Pinned source they say which
	// conditions narrow nothing.
	PartitionKeyPaths []Path
	// Pinned says that the Source covers one logical partition already, so
	// that indexes within a partition apply with Access.Partition left nil.
	Pinned bool
	// Indexable says whether walks along path may be asked for; inPartition
	// means within one logical partition. It must be cheap: the index itself may
	// be built when Scan or Count first names it. Nil means no indexes.
	Indexable func(path Path, inPartition bool) bool
}

// Path is a property path from the document's root: ["data","temperature"] for
// c.data.temperature.
type Path []string

// Access describes one walk over documents. The zero Access is every document
// of the source in insertion order.
type Access struct {
	// Partition restricts the walk to one logical partition: one Scalar for each
	// of SourceInfo.PartitionKeyPaths. Nil: the source's own extent.
	Partition []Scalar
	// ID, if not nil, restricts the walk to the document with this id. It comes
	// only together with Partition or on a Pinned source, and without Path.
	ID *string
	// Path, if not nil, orders the walk by the scalar at that path. Every
	// document of the extent has exactly one entry: documents that lack the path
	// count as Undefined; arrays and objects count as Array and Object and are
	// equal among themselves. Entries are ordered by Scalar.Compare, equal
	// entries by ordinal.
	Path Path
	// Low and High bound the value at Path; nil is no bound.
	Low, High *Bound
	// Reverse walks backwards, in ordinals of equal entries too.
	Reverse bool
	// KeysOnly says that Row.Doc is not needed.
	KeysOnly bool
	// After is a Rows.Position of an equal Access: the walk starts behind it,
	// whether or not that entry still exists. Nil starts at the beginning. It comes
	// from a client: if it is malformed, Scan returns ErrContinuation.
	After []byte
}

// IsAll says whether the access covers the source's whole extent, in whatever
// order.
func (a Access) IsAll() bool {
	return a.Partition == nil && a.ID == nil && a.Low == nil && a.High == nil && a.After == nil
}

// Bound is one end of a range of scalars.
type Bound struct {
	Value     Scalar
	Inclusive bool
}

// Rows is an open walk. It is used by one goroutine.
type Rows interface {
	// Next moves to the next entry and fills row, whose slices stay valid until
	// the following call. It returns false at the end and with an error.
	Next(row *Row) (bool, error)
	// Position returns where the walk is, for Access.After, also after a restart
	// of the process. The slice is valid until the following Next. Position is
	// called only after Next returned true. Above 600 bytes it makes the following
	// page slower, as it does not fit into a continuation.
	Position() []byte
	// Close ends the walk.
	Close() error
}

// Row is one entry of a walk.
type Row struct {
	Doc     []byte // the complete document as JSON; nil when Access.KeysOnly
	Ordinal uint64 // grows with insertion; unique in the source
	Value   Scalar // the value at Access.Path, if there is one
}
