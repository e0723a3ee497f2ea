package docstore

import "encoding/json"

// DatabaseSpec describes a database to create.
type DatabaseSpec struct {
	ID         string
	Throughput json.RawMessage // the offer's content, opaque; nil for none
}

// ContainerSpec describes a container to create or replace.
type ContainerSpec struct {
	ID             string
	PartitionKey   PartitionKeySpec
	IndexingPolicy IndexingPolicy
	UniqueKeys     [][]string // each a set of paths whose values are unique within a logical partition
	// DefaultTTL switches expiry on: -1 only documents with their own "ttl"
	// expire; n > 0 the others expire n seconds after their last change. Nil
	// switches it off.
	DefaultTTL *int32
	// Extras keeps further properties of the container's body as they came
	// (conflictResolutionPolicy, geospatialConfig, computedProperties, ...).
	Extras     map[string]json.RawMessage
	Throughput json.RawMessage // the offer's content, opaque; nil for none
}

// PartitionKeySpec says where items carry their partition key. It cannot
// change.
type PartitionKeySpec struct {
	Paths   []string `json:"paths"`             // "/deviceId"; up to three
	Kind    string   `json:"kind"`              // Hash or MultiHash; found out from Paths when empty
	Version int      `json:"version,omitempty"` // 1 or 2; of the hash that clients compute; 0 becomes 1
}

// IndexingPolicy says which paths may be indexed. The zero value becomes the
// service's default: everything but _etag.
type IndexingPolicy struct {
	Mode      string // consistent (default) or none
	Automatic bool
	Included  []string // "/*", "/data/temperature/?", "/data/*"
	Excluded  []string
	Composite [][]CompositePath
	Raw       json.RawMessage // the policy as it came; kept for reading back
}

// CompositePath is one column of a composite index.
type CompositePath struct {
	Path       string
	Descending bool
}
