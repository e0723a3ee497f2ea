package docstore

import (
	"context"
	"encoding/json"
)

// Resource is what databases and containers have in common. It is a copy.
type Resource struct {
	ID        string
	RID       string // _rid
	Self      string // _self: "dbs/{rid}/" or "dbs/{rid}/colls/{rid}/"
	ETag      string // in double quotes
	Timestamp int64  // _ts: seconds since 1970
	// OfferRID is the _rid of the throughput offer, whether or not there is one.
	OfferRID string
	// Throughput is the offer's content, nil when there is none.
	Throughput json.RawMessage
}

// Database is a set of containers.
type Database struct{}

// Resource returns the database's properties.
func (d *Database) Resource() Resource { return Resource{} }

// ID returns the database's name.
func (d *Database) ID() string { return "" }

// SetThroughput replaces the offer's content.
func (d *Database) SetThroughput(ctx context.Context, content json.RawMessage) error { return nil }

// CreateContainer makes a container; fault.Conflict when the id is taken,
// fault.Invalid for a specification the store cannot keep.
func (d *Database) CreateContainer(ctx context.Context, spec ContainerSpec) (*Container, error) {
	return nil, nil
}

// Container returns the container with the id or _rid; fault.NotFound.
func (d *Database) Container(nameOrRID string) (*Container, error) { return nil, nil }

// Containers returns all containers in the order of their creation.
func (d *Database) Containers() []*Container { return nil }

// ReplaceContainer changes indexing policy, TTL and extras. The partition key
// and the unique keys cannot change (fault.Invalid). A non-empty ifMatch must
// be the container's ETag (fault.PreconditionFailed).
func (d *Database) ReplaceContainer(ctx context.Context, nameOrRID string, spec ContainerSpec, ifMatch string) (*Container, error) {
	return nil, nil
}

// DeleteContainer deletes a container and its items.
func (d *Database) DeleteContainer(ctx context.Context, nameOrRID string) error { return nil }
