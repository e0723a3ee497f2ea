// Package kv is the ordered, durable key-value store under the documents and
// the checkpoints: a thin layer over Pebble.
//
// The one idea: a process has one store and so one write-ahead log, and every
// engine gets a Space of it, a set of keys behind a prefix. Commits of all
// spaces share each fsync, and a commit that touches two spaces is atomic.
//
// Durability: Commit returns after the write-ahead log holding the batch has
// been synced (with SyncAlways). A batch becomes visible to readers a moment
// earlier, when it is in the log but perhaps not yet on the disk; the log keeps
// commit order, so what survives a crash is a prefix of what was visible, never
// a later commit without an earlier one.
//
// It does not know what the values mean, with one exception: a Tally, a value
// that commits add to without reading it.
package kv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure Open. The zero value of every field but Dir has a default.
type Options struct {
	FS            vfs.FS         // default: the operating system's
	Dir           string         // the store's folder, made if missing
	Sync          vfs.SyncPolicy // default: always
	SyncEvery     time.Duration  // for SyncInterval; default 100 ms
	CacheBytes    int64          // cache of blocks, filled as they are read; default 64 MiB
	MemTableBytes int            // upper size of one memtable; default 16 MiB; they start small
	Log           *slog.Logger   // default: none
}

// DB is an open store. It is safe for concurrent use.
type DB struct {
	p       *pebble.DB
	dir     string
	lock    *pebble.Lock
	log     *slog.Logger
	mode    vfs.SyncPolicy
	every   time.Duration
	broken  atomic.Pointer[failure] // the first commit failure; no commit is accepted after it
	stuck   *backlog
	apply   sync.Mutex // held while a batch enters log and memtable; see guard
	closing sync.Once
	pending atomic.Bool // SyncInterval: something was committed since the last sync
}

type failure struct{ err error }

// Open opens the store in o.Dir, replaying its log. It fails with
// fault.Unavailable when another process holds the folder,
// or it cannot be written.
func Open(o Options) (*DB, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SyncEvery <= 0 {
		o.SyncEvery = 100 * time.Millisecond
	}
	if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "store "+o.Dir, err, "make the folder")
	}
	lock, err := pebble.LockDirectory(o.Dir, o.FS)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "store "+o.Dir, err, "the folder is in use, perhaps by another process, or not writable")
	}
	stuck := &backlog{log: o.Log}
	po := pebbleOptions(o, stuck)
	po.Lock = lock
	p, err := pebble.Open(o.Dir, po)
	if err != nil {
		kind := fault.Internal
		if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) {
			kind = fault.Unavailable
		}
		return nil, fault.Wrap(kind, "store "+o.Dir, errors.Join(err, lock.Close()), "open")
	}
	db := &DB{p: p, dir: o.Dir, lock: lock, stuck: stuck, log: o.Log, mode: o.Sync, every: o.SyncEvery}
	if err := db.checkLayout(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// pebbleOptions chooses for one machine that also runs everything else: small
// when idle, two compactions at most, bloom filters because almost every first
// write of an item asks for a key that is not there.
func pebbleOptions(o Options, stuck *backlog) *pebble.Options {
	if o.CacheBytes <= 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemTableBytes <= 0 {
		o.MemTableBytes = 16 << 20
	}
	logger := pebbleLogger{o.Log}
	po := &pebble.Options{
		FS:                          patientFS{o.FS, stuck},
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   o.CacheBytes + 2*int64(o.MemTableBytes), // memtables take theirs out of it
		MemTableSize:                uint64(o.MemTableBytes),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                512,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(1, min(2, runtime.GOMAXPROCS(0))) },
		Logger:                      logger,
		Merger:                      tallyMerger,
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		po.Levels[i].IndexBlockSize = 256 << 10 // one level of index: a lookup reads one block less
		po.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	listener := pebble.MakeLoggingEventListener(logger)
	listener.BackgroundError = stuck.failed
	listener.FlushEnd = func(info pebble.FlushInfo) {
		if info.Err == nil {
			stuck.cleared()
		}
	}
	listener.EnsureDefaults(logger)
	po.EventListener = &listener
	return po
}

// Run does the store's timed work, which is syncing when the mode is
// SyncInterval, until ctx ends.
func (db *DB) Run(ctx context.Context) error {
	if db.mode != vfs.SyncInterval {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(db.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return db.flushLog()
		case <-tick.C:
			if err := db.flushLog(); err != nil {
				return err
			}
		}
	}
}

// flushLog syncs what SyncInterval acknowledged early.
func (db *DB) flushLog() error {
	if !db.pending.Swap(false) {
		return nil
	}
	return db.guard(func() error { return db.p.LogData(nil, pebble.Sync) })
}

// Close syncs and closes the store. Every iterator and snapshot must be closed
// before. After a failed commit it leaves the files as they are: the log says
// what was acknowledged.
func (db *DB) Close() (err error) {
	db.closing.Do(func() {
		if db.broken.Load() != nil {
			return // Pebble's commit pipeline is stuck; closing it would hang
		}
		if db.mode != vfs.SyncAlways {
			db.pending.Store(true)
			if err = db.flushLog(); err != nil {
				return
			}
		}
		err = errors.Join(db.p.Close(), db.lock.Close())
	})
	return err
}

// Err returns the failure that made the store refuse further commits, or nil.
func (db *DB) Err() error {
	if f := db.broken.Load(); f != nil {
		return f.err
	}
	return nil
}

// DiskBytes estimates the space the store takes.
func (db *DB) DiskBytes() uint64 { return db.p.Metrics().DiskSpaceUsage() }

// guard runs the first half of a commit. A failure or panic of Pebble's commit
// path means that its log cannot be written any more (a full disk, a dying
// one): nobody knows how much of it is durable, so the store refuses every later
// commit until it is opened again.
//
// One commit enters at a time, because a panic leaves Pebble's pipeline locked:
// whoever comes next must see that it broke, and not wait in it for ever. It
// costs little: the waiting for the disk is in the second half.
func (db *DB) guard(commit func() error) error {
	db.apply.Lock()
	defer db.apply.Unlock()
	if err := db.Err(); err != nil {
		return err
	}
	if err := db.stuck.err(); err != nil {
		return err
	}
	return db.guardPending(commit)
}

// guardPending is guard for the second half of a commit that was accepted.
func (db *DB) guardPending(commit func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		if err == nil {
			return
		}
		err = fault.Wrap(fault.Unavailable, "store", err, "the write-ahead log cannot be written; free the disk and start again")
		if db.broken.CompareAndSwap(nil, &failure{err}) {
			db.log.Error("store refuses writes", "error", err)
		}
	}()
	return commit()
}
