package docstore

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	maxKeyPaths     = 3
	maxUniqueKeys   = 10
	maxUniquePaths  = 16
	kindHash        = "Hash"
	kindMultiHash   = "MultiHash"
	maxResourceName = 255
)

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
	Throughput json.RawMessage `json:",omitempty"` // the offer's content, opaque; nil for none
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

// CheckName tells whether a database or container may have the name.
func CheckName(what, id string) error {
	switch {
	case id == "" || utf8.RuneCountInString(id) > maxResourceName || !utf8.ValidString(id):
		return fault.New(fault.Invalid, what, "an id has 1 to %d characters", maxResourceName)
	case strings.ContainsAny(id, "/\\?#\t\r\n") || strings.HasSuffix(id, " "):
		return fault.New(fault.Invalid, what+" "+id, `an id has none of / \ ? #, tabs and line ends, and does not end in a blank`)
	}
	return nil
}

// normalised checks the specification and fills in the defaults.
func (s ContainerSpec) normalised() (ContainerSpec, error) {
	if err := CheckName("container", s.ID); err != nil {
		return s, err
	}
	var err error
	if s.PartitionKey, err = s.PartitionKey.normalised(); err != nil {
		return s, err
	}
	if s.DefaultTTL != nil && *s.DefaultTTL != -1 && *s.DefaultTTL <= 0 {
		return s, fault.New(fault.Invalid, "container "+s.ID, "default time to live must be -1 or positive, not %d", *s.DefaultTTL)
	}
	if len(s.UniqueKeys) > maxUniqueKeys {
		return s, fault.New(fault.Invalid, "container "+s.ID, "more than %d unique keys", maxUniqueKeys)
	}
	for _, paths := range s.UniqueKeys {
		if len(paths) == 0 || len(paths) > maxUniquePaths {
			return s, fault.New(fault.Invalid, "container "+s.ID, "a unique key has 1 to %d paths", maxUniquePaths)
		}
		for _, path := range paths {
			if _, err := parsePath(path); err != nil {
				return s, err
			}
		}
	}
	if err := s.IndexingPolicy.check(); err != nil {
		return s, err
	}
	s.IndexingPolicy = s.IndexingPolicy.withDefaults()
	return s, nil
}

func (p PartitionKeySpec) normalised() (PartitionKeySpec, error) {
	bad := func(format string, args ...any) (PartitionKeySpec, error) {
		return p, fault.New(fault.Invalid, "partition key definition", format, args...)
	}
	if len(p.Paths) == 0 || len(p.Paths) > maxKeyPaths {
		return bad("%d paths; a container has 1 to %d", len(p.Paths), maxKeyPaths)
	}
	for _, path := range p.Paths {
		names, err := parsePath(path)
		if err != nil {
			return p, err
		}
		if isSystem([]byte(names[0])) {
			return bad("%s is a system property", path)
		}
	}
	switch {
	case p.Kind == "" && len(p.Paths) > 1:
		p.Kind = kindMultiHash
	case p.Kind == "" || p.Kind == "Range":
		p.Kind = kindHash
	case p.Kind != kindHash && p.Kind != kindMultiHash:
		return bad("kind %q is neither Hash nor MultiHash", p.Kind)
	}
	if p.Kind == kindHash && len(p.Paths) > 1 {
		p.Kind = kindMultiHash // several paths mean a hierarchy, whatever the client wrote
	}
	if p.Version == 0 {
		p.Version = 1
		if p.Kind == kindMultiHash {
			p.Version = 2
		}
	}
	if p.Version != 1 && p.Version != 2 {
		return bad("version %d is neither 1 nor 2", p.Version)
	}
	return p, nil
}

// clone returns a copy that shares nothing that changes.
func (s ContainerSpec) clone() ContainerSpec {
	s.PartitionKey.Paths = slices.Clone(s.PartitionKey.Paths)
	s.IndexingPolicy.Included = slices.Clone(s.IndexingPolicy.Included)
	s.IndexingPolicy.Excluded = slices.Clone(s.IndexingPolicy.Excluded)
	if s.DefaultTTL != nil {
		ttl := *s.DefaultTTL
		s.DefaultTTL = &ttl
	}
	return s
}
