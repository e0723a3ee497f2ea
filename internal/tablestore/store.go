package tablestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Options configure Open. DB is required.
type Options struct {
	DB  *kv.DB
	Log *slog.Logger     // default: none
	Now func() time.Time // default: time.Now
}

// Store is the tables of all accounts. It is safe for concurrent use.
type Store struct {
	db    *kv.DB
	log   *slog.Logger
	clock clock
	locks lockStripes // of entities, of all tables
	work  sync.Pool   // of *txn

	use *kv.Use // what is under way

	catalog  sync.RWMutex // guards the rest
	next     uint32       // the number of the next table; none is used twice
	tables   map[tableID]*Table
	services map[uint64][]byte // properties, by account
}

// tableID is how a table is found: the name is in lower case.
type tableID struct {
	account uint64
	name    string
}

// Open reads the list of tables from o.DB.
func Open(o Options) (*Store, error) {
	s := &Store{db: o.DB, use: kv.NewUse(o.DB, "table store"), log: o.Log, next: 1, tables: map[tableID]*Table{}, services: map[uint64][]byte{}}
	s.clock.now = o.Now
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock.now == nil {
		s.clock.now = time.Now
	}
	s.work.New = func() any { return &txn{} }
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("read the list of tables: %w", err)
	}
	return s, nil
}

func (s *Store) load() error {
	number, ok, err := s.db.Get(nil, numbersKey())
	if err != nil {
		return err
	}
	if ok {
		if len(number) != 4 {
			return fmt.Errorf("the next table's number has %d bytes", len(number))
		}
		s.next = binary.BigEndian.Uint32(number)
	}
	err = kv.Each(s.db, []byte{kept, rowServices}, func(key, value []byte) error {
		if key = key[2:]; len(key) != 8 {
			return errors.New("it names no account")
		}
		s.services[binary.BigEndian.Uint64(key)] = bytes.Clone(value)
		return nil
	})
	if err != nil {
		return err
	}
	return kv.Each(s.db, []byte{kept, rowTables}, func(_, value []byte) error {
		var r tableRecord
		if err := json.Unmarshal(value, &r); err != nil {
			return err
		}
		return s.adopt(newTable(s, r))
	})
}

// adopt puts a table that is in the store into the lists.
func (s *Store) adopt(t *Table) error {
	tally, err := kv.TallyAt(s.db, tableKey(nil, rowTallies, t.record.Number))
	if err != nil {
		return fmt.Errorf("count of table %s: %w", t.record.Name, err)
	}
	t.entities.Store(tally.Sum[0])
	t.bytes.Store(tally.Sum[1])
	s.clock.last.Store(max(s.clock.last.Load(), int64(tally.Max)))
	s.tables[t.id()] = t
	return nil
}

// Run waits until ctx ends: tables have no timed work.
func (s *Store) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Close refuses further writes and waits for those under way, but not for room on
// a full disk. It does not close the DB.
func (s *Store) Close() error {
	s.use.Close()
	return nil
}

// DeleteAccount deletes everything of an account.
func (s *Store) DeleteAccount(_ context.Context, id uint64) error {
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	defer s.catalog.Unlock()
	var all []*Table
	for at, t := range s.tables {
		if at.account == id {
			all = append(all, t)
		}
	}
	b := s.db.NewBatch(256)
	b.Delete(serviceKey(id))
	if err := s.drop(b, all); err != nil {
		return err
	}
	delete(s.services, id)
	return nil
}

// drop commits b with the deletion of the tables and their entities. Writers that
// come later find them gone. The caller holds catalog.
func (s *Store) drop(b *kv.Batch, all []*Table) error {
	entities := make([][]byte, len(all))
	for i, t := range all {
		t.alive.Lock() // nobody holds two of them but who has catalog
		defer t.alive.Unlock()
		b.Delete(tableKey(nil, rowTables, t.record.Number))
		b.Delete(tableKey(nil, rowTallies, t.record.Number))
		entities[i] = tableKey(nil, rowEntities, t.record.Number)
		b.DeleteRange(entities[i], kv.PrefixEnd(entities[i]))
	}
	if err := b.Commit(); err != nil {
		return err
	}
	for _, t := range all {
		t.deleted = true
		delete(s.tables, t.id())
	}
	if len(all) > 0 {
		s.use.GiveBack(s.log, "deleted tables", kv.RangesOf(entities...))
	}
	return nil
}
