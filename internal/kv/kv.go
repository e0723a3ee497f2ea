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
// # When writes are refused
//
// One rule says what makes the store refuse commits, and what ends it. The log
// says when it begins and when it is over, once each; each refused client is told
// the reason, without the server's paths; Err tells whoever shows the state.
// Reading goes on always.
//
//	what happened                        refused                     over
//	the disk is full: the log, the list  at once                     by itself, when
//	of files or a flush has no room                                  there is room
//	a flush fails otherwise              at once                     with one that succeeds
//	tables cannot be merged              when 24 layers of them      with one that can
//	                                     wait to be
//	a table is damaged                   never; the file is named,   (restore it)
//	                                     reads of it fail
//	the disk is full at the start        from the start              by itself
//	a write (not for want of room) or    at once                     with a new start
//	a sync of the log fails
//	the log or the list of files is      Open names the file         (restore it)
//	damaged at the start
//
// A commit that is in the log's queue when the disk becomes full fails too, but is
// kept when there is room before the store is closed.
//
// It does not know what the values mean, with one exception: a Tally, a value
// that commits add to without reading it.
package kv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

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
	p       atomic.Pointer[pebble.DB] // what is read, and written unless the health refuses it
	dir     string
	old     bool // see Old; set by Open and Moved
	lock    *pebble.Lock
	log     *slog.Logger
	mode    vfs.SyncPolicy
	every   time.Duration
	disk    *disk
	health  *health
	apply   sync.Mutex     // held while a batch enters log and memtable; see guard
	settler sync.WaitGroup // runs underway.settle
	closing sync.Once
	pending atomic.Bool // SyncInterval: something was committed since the last sync

	// Opening on a full disk goes on after Open; see open.
	opening        sync.WaitGroup
	writer, reader *pebble.DB // to be closed; set before opening is done
}

// memTables is how many full memtables there may be before commits wait.
const memTables = 4

// Open opens the store in o.Dir, replaying its log. It fails with
// fault.Unavailable when another process holds the folder, or it cannot be
// written, and with a vfs.Damage in its chain when a file is damaged. On a disk
// without room for the replay it opens the store for reading only, and for
// writing as soon as there is room.
func Open(o Options) (*DB, error) {
	o = o.withDefaults()
	if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "store "+o.Dir, err, "make the folder")
	}
	lock, err := pebble.LockDirectory(o.Dir, o.FS)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "store "+o.Dir, err, "the folder is in use, perhaps by another process, or not writable")
	}
	db := &DB{dir: o.Dir, lock: lock, log: o.Log, mode: o.Sync, every: o.SyncEvery, health: newHealth(o.Log, uint64(memTables*o.MemTableBytes))}
	db.disk = newDisk(o.FS, db.health)
	db.settler.Go(func() { db.health.underway.settle(db.settle) })
	if err = db.open(o); err == nil {
		err = db.checkLayout()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SyncEvery <= 0 {
		o.SyncEvery = 100 * time.Millisecond
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemTableBytes <= 0 {
		o.MemTableBytes = 16 << 20
	}
	return o
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

// Sync returns when everything committed is on the disk, whatever the policy.
func (db *DB) Sync() error {
	if db.mode == vfs.SyncAlways {
		return nil // commits have waited for it
	}
	db.pending.Store(true)
	return db.flushLog()
}

// flushLog syncs what SyncInterval acknowledged early.
func (db *DB) flushLog() error {
	if !db.pending.Swap(false) {
		return nil
	}
	return db.guard(func(p *pebble.DB) error { return p.LogData(nil, pebble.Sync) })
}

// StopWaiting ends the waits of writes for room on the disk: they fail. Call it
// when what is done has to come to an end.
func (db *DB) StopWaiting() { db.health.stopWaiting() }

// Close syncs and closes the store. Every iterator and snapshot must be closed
// before. It does not wait for room on the disk. After the disk failed under the
// log it leaves the files as they are: the log says what was acknowledged.
func (db *DB) Close() (err error) {
	db.closing.Do(func() {
		if db.mode != vfs.SyncAlways && db.health.err() == nil && db.writer != nil {
			db.pending.Store(true)
			err = db.flushLog()
		}
		db.StopWaiting()
		db.health.underway.close()
		if db.health.failed() {
			return // Pebble's commit pipeline is stuck; closing it would hang
		}
		db.opening.Wait()
		db.settler.Wait()
		if db.reader != nil {
			err = errors.Join(err, db.reader.Close())
		}
		if db.writer != nil {
			closed := db.writer.Close()
			if !db.disk.off.Load() {
				err = errors.Join(err, closed)
			} else if db.mode != vfs.SyncAlways {
				err = errors.Join(err, db.health.err())
			}
		}
		err = errors.Join(err, db.lock.Close())
	})
	return err
}

// Err returns what commits are refused with, or nil.
func (db *DB) Err() error { return db.health.err() }

// DiskBytes estimates the space the store takes.
func (db *DB) DiskBytes() uint64 { return db.p.Load().Metrics().DiskSpaceUsage() }

// TableBytes returns the space that tables take, without the log.
func (db *DB) TableBytes() uint64 {
	m := db.p.Load().Metrics()
	total := m.Table.ObsoleteSize + m.Table.ZombieSize
	for _, l := range m.Levels {
		total += uint64(l.TablesSize)
	}
	return total
}

// GiveBack gives the disk space of ranges of keys back that were deleted, low <=
// key < high, rather than leave it until other writes have filled memory. It
// returns when that is done or ctx ends.
func (db *DB) GiveBack(ctx context.Context, ranges [][2][]byte) error {
	var flushed <-chan struct{}
	err := db.guard(func(p *pebble.DB) (err error) {
		flushed, err = p.AsyncFlush()
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-flushed:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, r := range ranges {
		if err := db.p.Load().Compact(ctx, r[0], r[1], false); err != nil {
			return fmt.Errorf("give disk space back: %w", err)
		}
	}
	return nil
}

// guard runs the first half of a commit. A failure or panic of Pebble's commit
// path means that its log cannot be written any more (a dying disk): nobody
// knows how much of it is durable, so the store refuses every later commit until
// it is opened again.
//
// One commit enters at a time, because a panic leaves Pebble's pipeline locked:
// whoever comes next must see that it broke, and not wait in it for ever. It
// costs little: the waiting for the disk is in the second half.
func (db *DB) guard(commit func(*pebble.DB) error) error {
	if err := db.admit(); err != nil {
		return err
	}
	db.apply.Lock()
	defer db.apply.Unlock()
	if err := db.health.err(); err != nil {
		return err
	}
	return db.guardPending(func() error { return commit(db.p.Load()) })
}

// admit waits until there is memory for a commit, and refuses it when there is
// not going to be.
func (db *DB) admit() error {
	for {
		if err := db.health.err(); err != nil {
			return err
		}
		if !db.health.stale.Load() || !db.health.stale.Swap(false) {
			return nil
		}
		m := db.p.Load().Metrics()
		moved := db.health.crowded(m.MemTable.Size, int(m.Levels[0].Sublevels))
		if moved == nil {
			continue
		}
		db.health.stale.Store(true)
		select {
		case <-moved:
		case <-db.health.hurry:
			return refuse(nil, "it is closing")
		case <-time.After(retryEvery):
		}
	}
}

// guardPending is guard for the second half of a commit that was accepted.
func (db *DB) guardPending(commit func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		if err != nil {
			db.health.fail(err)
			err = db.health.err()
		} else if db.disk.off.Load() {
			err = db.lost()
		}
	}()
	return commit()
}

// lost is the answer to a write that was under way when the plug was pulled.
func (db *DB) lost() error {
	return refuse(syscall.ENOSPC, "the disk was full and the store is closed; the write is not on the disk")
}
