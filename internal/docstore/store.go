package docstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lazuli-dev/lazuli/internal/fault"
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
	db    *kv.DB
	log   *slog.Logger
	now   func() time.Time
	sweep time.Duration
	locks *lockSet // of items, of all containers

	use *kv.Use // what is under way: writes, and builds of indexes

	catalog    sync.RWMutex // guards the rest, and the names inside databases
	numbers    numbers
	databases  map[databaseKey]*Database
	containers map[uint32]*Container
}

// numbers are the next numbers to give out. A number is never used twice, so
// that a recreated container has another _rid.
type numbers struct {
	Database  uint32
	Container uint32
}

var errDeleted = fault.New(fault.NotFound, "container", "it was deleted")

// Open reads the catalog from o.DB. Indexes whose build a crash cut short are
// dropped; the next query that wants them builds them again.
func Open(o Options) (*Store, error) {
	s := &Store{
		db: o.DB, use: kv.NewUse(o.DB, "document store"), log: o.Log, now: o.Now, sweep: o.SweepEvery,
		locks:      newLockSet(),
		databases:  map[databaseKey]*Database{},
		containers: map[uint32]*Container{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.sweep <= 0 {
		s.sweep = time.Second
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("read the catalog of documents: %w", err)
	}
	return s, nil
}

func (s *Store) load() error {
	s.numbers = numbers{1, 1}
	b, ok, err := s.db.Get(nil, []byte{spacePrefix[0], tableNumbers})
	if err != nil {
		return err
	}
	if ok {
		if err := json.Unmarshal(b, &s.numbers); err != nil {
			return err
		}
	}
	byNumber := map[uint32]*Database{}
	err = eachRecord(s.db, tableDatabases, func(r *databaseRecord) error {
		d := newDatabase(s, r)
		byNumber[r.Number], s.databases[d.key] = d, d
		return nil
	})
	if err != nil {
		return err
	}
	var records []*containerRecord
	err = eachRecord(s.db, tableContainers, func(r *containerRecord) error {
		if string(r.Spec.Throughput) == "null" { // as it was written where there is none
			r.Spec.Throughput = nil
		}
		records = append(records, r)
		return nil
	})
	if err != nil {
		return err
	}
	return s.loadContainers(records, byNumber)
}

// loadContainers opens containers side by side: hundreds of them are most of a start.
func (s *Store) loadContainers(records []*containerRecord, databases map[uint32]*Database) error {
	opened := make([]*Container, len(records))
	var each errgroup.Group
	each.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range records {
		each.Go(func() (err error) {
			d := databases[r.Database]
			if d == nil {
				return fmt.Errorf("container %s of an unknown database %d", r.Spec.ID, r.Database)
			}
			if opened[i], err = s.newContainer(d, r); err != nil {
				return err
			}
			return opened[i].openIndexes()
		})
	}
	if err := each.Wait(); err != nil {
		return err
	}
	for _, c := range opened {
		c.db.containers[c.name], s.containers[c.cid] = c, c
	}
	return nil
}

// eachRecord decodes every JSON record of a catalog table.
func eachRecord[T any](db *kv.DB, table byte, use func(*T) error) error {
	return kv.Each(db, []byte{spacePrefix[0], table}, func(_, value []byte) error {
		r := new(T)
		if err := json.Unmarshal(value, r); err != nil {
			return err
		}
		return use(r)
	})
}

// Run deletes expired documents until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(s.sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.sweepAll(ctx)
		}
	}
}

// Close refuses further writes and waits for those under way, but not for room
// on a full disk. It does not close the DB.
func (s *Store) Close() error {
	s.use.Close()
	return nil
}

// commitCatalog makes a record and the next numbers durable together.
func (s *Store) commitCatalog(next numbers, key []byte, record any) error {
	b := s.db.NewBatch(1024)
	if next != s.numbers {
		setJSON(b, []byte{spacePrefix[0], tableNumbers}, next)
	}
	setJSON(b, key, record)
	if err := b.Commit(); err != nil {
		return err
	}
	s.numbers = next
	return nil
}

// setJSON puts a record whose type always marshals.
func setJSON(b *kv.Batch, key []byte, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("docstore: marshal %T: %v", v, err))
	}
	b.Set(key, text)
}

// dropContainers commits b with the deletion of the containers and all their
// data. Writers that come later find them gone. The caller holds catalog.
func (s *Store) dropContainers(b *kv.Batch, all []*Container) error {
	slices.SortFunc(all, func(a, b *Container) int { return cmp.Compare(a.cid, b.cid) })
	var data [][]byte
	for _, c := range all {
		c.schema.Lock()
		defer c.schema.Unlock()
		b.Delete(containerKey(c.cid))
		for _, table := range []byte(containerTables) {
			low := tableKey(nil, table, c.cid)
			b.DeleteRange(low, kv.PrefixEnd(low))
			data = append(data, low)
		}
	}
	if err := b.Commit(); err != nil {
		return err
	}
	for _, c := range all {
		c.deleted = true
		close(c.gone)
		delete(c.db.containers, c.name)
		delete(s.containers, c.cid)
	}
	s.use.GiveBack(s.log, "deleted containers", kv.RangesOf(data...))
	return nil
}
