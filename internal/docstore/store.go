package docstore

import (
	"context"
	"log/slog"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Options configure Open. DB is required.
type Options struct {
	DB         *kv.DB
	Log        *slog.Logger     // default: none
	Now        func() time.Time // default: time.Now
	SweepEvery time.Duration    // how often expired documents are deleted; default 1 s
}

// Store is the document store. It is safe for concurrent use.
type Store struct {
	opts Options
}

// Open reads the catalog from o.DB.
func Open(o Options) (*Store, error) { return &Store{opts: o}, nil }

// Run deletes expired documents until ctx ends.
func (s *Store) Run(ctx context.Context) error { return nil }

// Close refuses further writes and waits for those under way. It does not
// close the DB.
func (s *Store) Close() error { return nil }

// CreateDatabase makes a database; fault.Conflict when the id is taken.
func (s *Store) CreateDatabase(ctx context.Context, spec DatabaseSpec) (*Database, error) {
	return nil, nil
}

// Database returns the database with the id or _rid; fault.NotFound.
func (s *Store) Database(nameOrRID string) (*Database, error) { return nil, nil }

// Databases returns all databases in the order of their creation.
func (s *Store) Databases() []*Database { return nil }

// DeleteDatabase deletes a database with all it holds.
func (s *Store) DeleteDatabase(ctx context.Context, nameOrRID string) error { return nil }
