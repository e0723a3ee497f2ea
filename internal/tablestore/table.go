package tablestore

import (
	"context"
	"sync"
	"sync/atomic"
)

// Table is a table. It stays usable when the table is deleted: everything fails
// with TableNotFound then.
type Table struct {
	store *Store
	key   string // the name in lower case

	alive   sync.RWMutex // held for reading by writes, until what they write is in order
	deleted bool         // guarded by alive
	record  tableRecord  // its ACL guarded by alive

	entities, bytes atomic.Int64
}

func newTable(s *Store, r tableRecord) *Table {
	return &Table{store: s, key: lower(r.Name), record: r}
}

// id is how the table is found.
func (t *Table) id() tableID { return tableID{t.record.Account, t.key} }

// Name returns the name as the table was made with.
func (t *Table) Name() string { return t.record.Name }

// Usage returns the number of entities and the bytes of their keys and records.
func (t *Table) Usage() (entities, bytes int64) { return t.entities.Load(), t.bytes.Load() }

// ACL returns what SetACL kept, or nil.
func (t *Table) ACL() []byte {
	t.alive.RLock()
	defer t.alive.RUnlock()
	return t.record.ACL
}

// SetACL keeps the table's stored access policies, durably. What they are is the
// service's affair; there are at most MaxPolicyBytes of it.
func (t *Table) SetACL(_ context.Context, text []byte) error {
	s := t.store
	if len(text) > MaxPolicyBytes {
		return codes.New(InvalidInput, "table "+t.record.Name, "its policies have %d bytes; %d are allowed", len(text), MaxPolicyBytes)
	}
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	t.alive.Lock()
	defer t.alive.Unlock()
	if t.deleted {
		return t.gone()
	}
	next := t.record
	next.ACL = text
	b := s.db.NewBatch(256 + len(text))
	b.Set(tableKey(nil, rowTables, next.Number), next.text())
	if err := b.Commit(); err != nil {
		return err
	}
	t.record.ACL = text
	return nil
}

// check fails when the table was deleted.
func (t *Table) check() error {
	t.alive.RLock()
	defer t.alive.RUnlock()
	if t.deleted {
		return t.gone()
	}
	return nil
}

func (t *Table) gone() error {
	return codes.New(TableNotFound, "table "+t.record.Name, "it was deleted")
}
