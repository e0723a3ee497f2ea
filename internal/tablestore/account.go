package tablestore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
)

// Account is the tables of one account: whoever holds it reaches no others. It is
// a small value; copy it freely.
type Account struct {
	s  *Store
	id uint64
}

// Account returns the tables of the account with the id.
func (s *Store) Account(id uint64) Account { return Account{s, id} }

// CreateTable makes a table, durably: TableAlreadyExists when there is one of
// that name in any case.
func (a Account) CreateTable(_ context.Context, name string) (*Table, error) {
	s := a.s
	if err := CheckTableName(name); err != nil {
		return nil, err
	}
	if err := s.use.Enter(); err != nil {
		return nil, err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	defer s.catalog.Unlock()
	t := newTable(s, tableRecord{Number: s.next, Account: a.id, Name: name})
	if s.tables[t.id()] != nil {
		return nil, codes.New(TableAlreadyExists, "table "+name, "it exists")
	}
	b := s.db.NewBatch(256)
	b.Set(numbersKey(), binary.BigEndian.AppendUint32(nil, s.next+1))
	b.Set(tableKey(nil, rowTables, s.next), t.record.text())
	if err := b.Commit(); err != nil {
		return nil, err
	}
	s.next++
	s.tables[t.id()] = t
	return t, nil
}

// Table returns the table with the name in any case; TableNotFound.
func (a Account) Table(name string) (*Table, error) {
	a.s.catalog.RLock()
	t := a.s.tables[tableID{a.id, lower(name)}]
	a.s.catalog.RUnlock()
	if t == nil {
		return nil, codes.New(TableNotFound, "table "+clip(name), "there is no such table")
	}
	return t, nil
}

// DeleteTable deletes a table with all its entities; TableNotFound.
func (a Account) DeleteTable(_ context.Context, name string) error {
	s := a.s
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	defer s.catalog.Unlock()
	t := s.tables[tableID{a.id, lower(name)}]
	if t == nil {
		return codes.New(TableNotFound, "table "+clip(name), "there is no such table")
	}
	return s.drop(s.db.NewBatch(256), []*Table{t})
}

// Tables returns the account's tables in the order of their names without case,
// from the name on.
func (a Account) Tables(from string) []*Table {
	from = lower(from)
	a.s.catalog.RLock()
	var all []*Table
	for at, t := range a.s.tables {
		if at.account == a.id && at.name >= from {
			all = append(all, t)
		}
	}
	a.s.catalog.RUnlock()
	slices.SortFunc(all, func(x, y *Table) int { return strings.Compare(x.key, y.key) })
	return all
}

// ServiceProperties returns what SetServiceProperties kept, or nil. It is asked for
// each request, so it is in memory. Do not change it.
func (a Account) ServiceProperties() []byte {
	a.s.catalog.RLock()
	defer a.s.catalog.RUnlock()
	return a.s.services[a.id]
}

// SetServiceProperties keeps the properties of the account's table service,
// durably. What they are is the service's affair.
func (a Account) SetServiceProperties(_ context.Context, text []byte) error {
	if err := a.s.use.Enter(); err != nil {
		return err
	}
	defer a.s.use.Leave()
	a.s.catalog.Lock()
	defer a.s.catalog.Unlock()
	b := a.s.db.NewBatch(64 + len(text))
	b.Set(serviceKey(a.id), text)
	if err := b.Commit(); err != nil {
		return err
	}
	a.s.services[a.id] = slices.Clone(text)
	return nil
}

// lower is the name in lower case; names of tables are ASCII.
func lower(name string) string { return strings.ToLower(name) }

// tableRecord is what the store keeps of a table, as JSON.
type tableRecord struct {
	Number  uint32
	Account uint64
	Name    string
	ACL     []byte `json:",omitempty"` // opaque
}

func (r *tableRecord) text() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return text
}
