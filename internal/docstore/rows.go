package docstore

import "context"

// ScanOptions choose the documents of a Scan.
type ScanOptions struct {
	Key     *PartitionKey // only this logical partition, or those that begin with it
	After   uint64        // only ordinals beyond this one in the walk's direction; 0: from the start
	Reverse bool          // newest first
}

// IndexOptions choose the entries of an IndexScan.
type IndexOptions struct {
	Path    []string      // property names from the root: ["data","temperature"]
	Key     *PartitionKey // full partition key: uses the index of (partition key, path)
	Low     Bound
	High    Bound
	Reverse bool // highest value first; equal values then by ordinal downwards too
	// KeysOnly yields Value and Ordinal without reading documents; Doc is nil.
	KeysOnly bool
	// Resume continues beyond the entry at which Rows.Position returned it.
	Resume []byte
}

// CompositeOptions choose the entries of a CompositeScan.
type CompositeOptions struct {
	Columns  []CompositePath // as the policy defines them, or all reversed
	KeysOnly bool
	Resume   []byte
}

// Rows walks documents of one consistent moment.
//
//	for rows.Next() { use(rows.Doc()) }
//	if err := rows.Err(); ...
//	rows.Close()
type Rows struct{}

// Next moves to the next row.
func (r *Rows) Next() bool { return false }

// Doc returns the document's bytes, valid until the next call of Next.
func (r *Rows) Doc() []byte { return nil }

// Ordinal returns the document's place in insertion order, for
// ScanOptions.After and for ties.
func (r *Rows) Ordinal() uint64 { return 0 }

// Value returns the indexed value, for IndexScan. It is exact for scalars; for
// Array and Object only the kind.
func (r *Rows) Value() Value { return Value{} }

// Position returns the opaque place of the current row, for Resume. Its length
// is about that of the value.
func (r *Rows) Position() []byte { return nil }

// Err returns what ended the walk early, or nil.
func (r *Rows) Err() error { return nil }

// Close lets the moment go. It must be called.
func (r *Rows) Close() error { return nil }

// Scan walks all documents, or a logical partition, in insertion order.
func (c *Container) Scan(ctx context.Context, o ScanOptions) (*Rows, error) { return nil, nil }

// CanIndex reports whether the indexing policy allows an index over the path.
// IndexScan builds one when it is not there yet.
func (c *Container) CanIndex(path []string) bool { return false }

// HasIndex reports whether the index of the path (within a partition: of the
// partition key and the path) is built and ready.
func (c *Container) HasIndex(path []string, withinPartition bool) bool { return false }

// IndexScan walks documents by the value at a path. Every document has one
// entry; one without the property has the value Undefined. The first scan of a
// path builds its index and takes as long as that takes; the index is kept from
// then on. It returns fault.Invalid for a path the policy excludes.
func (c *Container) IndexScan(ctx context.Context, o IndexOptions) (*Rows, error) { return nil, nil }

// CompositeScan walks documents by several values, using a composite index of
// the policy; fault.Invalid when there is none that fits.
func (c *Container) CompositeScan(ctx context.Context, o CompositeOptions) (*Rows, error) {
	return nil, nil
}
