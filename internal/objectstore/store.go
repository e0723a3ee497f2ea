package objectstore

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure Open. DB and Dir are required.
type Options struct {
	DB          *kv.DB           // for the records
	FS          vfs.FS           // for the extents; default: the operating system's
	Dir         string           // of the extents, made if missing
	Sync        vfs.SyncPolicy   // as the DB's
	SyncEvery   time.Duration    // for SyncInterval; default 100 ms
	Log         *slog.Logger     // default: none
	Now         func() time.Time // default: time.Now
	SweepEvery  time.Duration    // how often what has expired goes and dead space is looked for; default 10 s
	Events      func(Event)      // must not block or call back; default nil
	ExtentBytes int64            // size of an extent; default 256 MiB
	CompactRate int64            // bytes a second that compaction may move; default 64 MiB
}

// Store is the store of blobs. It is safe for concurrent use.
type Store struct {
	db      *kv.DB
	log     *slog.Logger
	events  func(Event)
	mode    vfs.SyncPolicy
	every   time.Duration
	sweep   time.Duration
	rate    int64
	now     func() time.Time
	clock   *clock
	extents *extents
	buffers *buffers
	numbers atomic.Uint64 // the highest number given out, of containers and contents
	kick    chan struct{} // wakes the background work

	blocksSeen time.Time // when Run last looked for old uncommitted blocks

	seed  maphash.Seed
	locks [1024]sync.Mutex // of blobs' names, by hash

	use *kv.Use // the changes that are under way

	catalog  sync.RWMutex // guards the rest
	accounts map[uint64]*accountState
	byNumber map[uint32]*container
}

// Open reads the containers, and takes back the room of uploads that a crash cut
// off.
func Open(o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{
		db: o.DB, use: kv.NewUse(o.DB, "blob store"), log: o.Log, events: o.Events, mode: o.Sync, every: o.SyncEvery, sweep: o.SweepEvery, rate: o.CompactRate, now: o.Now,
		extents:  &extents{fs: o.FS, dir: o.Dir, limit: o.ExtentBytes, all: map[uint64]*extent{}, next: 1},
		buffers:  newBuffers(),
		kick:     make(chan struct{}, 1),
		seed:     maphash.MakeSeed(),
		accounts: map[uint64]*accountState{},
		byNumber: map[uint32]*container{},
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("open the store of blobs: %w", err)
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Events == nil {
		o.Events = func(Event) {}
	}
	if o.SyncEvery <= 0 {
		o.SyncEvery = 100 * time.Millisecond
	}
	if o.SweepEvery <= 0 {
		o.SweepEvery = 10 * time.Second
	}
	if o.ExtentBytes <= 0 {
		o.ExtentBytes = defaultExtentBytes
	}
	if o.CompactRate <= 0 {
		o.CompactRate = 64 << 20
	}
	return o
}

// Close refuses further changes and waits for those under way, but not for room
// on a full disk. It does not close the DB. Contents must be closed before.
func (s *Store) Close() error {
	if !s.use.Close() {
		return nil
	}
	var err error
	if s.mode == vfs.SyncInterval {
		err = s.syncAll()
	}
	return errors.Join(err, s.extents.closeAll())
}

// Run does the background work until ctx ends: what has expired goes, dead space
// is given back, and with SyncInterval bytes are synced.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(s.sweep)
	defer tick.Stop()
	var syncs <-chan time.Time
	if s.mode == vfs.SyncInterval {
		t := time.NewTicker(s.every)
		defer t.Stop()
		syncs = t.C
	}
	s.tidy(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-syncs:
			if err := s.syncAll(); err != nil {
				return err
			}
		case <-s.kick:
			s.tidy(ctx)
		case <-tick.C:
			s.tidy(ctx)
		}
	}
}

// syncAll syncs what SyncInterval acknowledged early.
func (s *Store) syncAll() error {
	s.extents.mu.Lock()
	var dirty []touch
	for _, e := range s.extents.all {
		if count, is := e.dirty(); is && e.file != nil {
			dirty = append(dirty, touch{e, count})
		}
	}
	s.extents.mu.Unlock()
	for _, t := range dirty {
		if err := t.e.sync(t.count); err != nil {
			return err
		}
	}
	return nil
}

// wake makes the background work look now.
func (s *Store) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// lock takes the lock of a blob's name.
func (s *Store) lock(cid uint32, name string) *sync.Mutex {
	l := &s.locks[hashName(s.seed, cid, name)%uint64(len(s.locks))]
	l.Lock()
	return l
}
