package docstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Account is the databases of one account: whoever holds it reaches no others.
// The account's id is never used again, so that an account made anew under an
// old name is empty. An Account is a small value; copy it freely.
type Account struct {
	s  *Store
	id uint64
}

// Account returns the databases of the account with the id.
func (s *Store) Account(id uint64) Account { return Account{s, id} }

// databaseKey is how a database is found. Names are compared with their case.
type databaseKey struct {
	account uint64
	name    string
}

// CreateDatabase makes a database; fault.Conflict when the id is taken.
func (a Account) CreateDatabase(_ context.Context, spec DatabaseSpec) (*Database, error) {
	s := a.s
	if err := CheckName("database", spec.ID); err != nil {
		return nil, err
	}
	if err := s.use.Enter(); err != nil {
		return nil, err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	defer s.catalog.Unlock()
	if s.databases[databaseKey{a.id, spec.ID}] != nil {
		return nil, fault.New(fault.Conflict, "database "+spec.ID, "it exists")
	}
	r := &databaseRecord{Number: s.numbers.Database, Account: a.id, ID: spec.ID, Throughput: spec.Throughput}
	r.touch(s.now())
	next := s.numbers
	next.Database++
	if err := s.commitCatalog(next, r.key(), r); err != nil {
		return nil, err
	}
	d := newDatabase(s, r)
	s.databases[databaseKey{a.id, spec.ID}] = d
	return d, nil
}

// Database returns the database with the id or _rid; fault.NotFound.
func (a Account) Database(nameOrRID string) (*Database, error) {
	a.s.catalog.RLock()
	defer a.s.catalog.RUnlock()
	return a.database(nameOrRID)
}

func (a Account) database(nameOrRID string) (*Database, error) {
	if d := a.s.databases[databaseKey{a.id, nameOrRID}]; d != nil {
		return d, nil
	}
	if rid, err := ParseRID(nameOrRID); err == nil && rid.Container == 0 {
		for key, d := range a.s.databases {
			if key.account == a.id && d.rid == rid {
				return d, nil
			}
		}
	}
	return nil, fault.New(fault.NotFound, "database "+nameOrRID, "no such database")
}

// Databases returns all databases in the order of their creation.
func (a Account) Databases() []*Database {
	a.s.catalog.RLock()
	defer a.s.catalog.RUnlock()
	var all []*Database
	for key, d := range a.s.databases {
		if key.account == a.id {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *Database) int { return cmp.Compare(a.rid.Database, b.rid.Database) })
	return all
}

// DeleteDatabase deletes a database with all it holds.
func (a Account) DeleteDatabase(_ context.Context, nameOrRID string) error {
	s := a.s
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	defer s.catalog.Unlock()
	d, err := a.database(nameOrRID)
	if err != nil {
		return err
	}
	b := s.db.NewBatch(1024)
	b.Delete(d.record.key())
	var all []*Container
	for _, c := range d.containers {
		all = append(all, c)
	}
	if err := s.dropContainers(b, all); err != nil {
		return err
	}
	delete(s.databases, databaseKey{a.id, d.name})
	return nil
}
