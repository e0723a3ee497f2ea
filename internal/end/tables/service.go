package tables

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Use is what somebody does with a table.
type Use uint8

// The uses.
const (
	Read Use = iota
	Add
	Change // replace what is there
)

// Service is the tables that connection settings lead to.
type Service interface {
	// Open returns the table; fault.NotFound when there is none.
	Open(ctx context.Context, c settings.Connection, name string, use ...Use) (Table, error)
	// Need is Open, and makes a table that is missing.
	Need(ctx context.Context, c settings.Connection, name string, use ...Use) (Table, error)
}

// Table is one table.
type Table interface {
	// Get reads an entity; fault.NotFound.
	Get(ctx context.Context, partition, row string) (*tablestore.Entity, error)
	// Query calls use for the entities that a filter of OData lets through, in the
	// order of their keys, until it has seen most of them; 0 is all. The entity is lent.
	Query(ctx context.Context, filter string, most int, use func(*tablestore.Entity) error) error
	// Write executes operations on different entities of one partition, all or none.
	Write(ctx context.Context, ops []*tablestore.Op) error
}
