package kv

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// open opens Pebble, replaying its log. That needs room for a table. When there
// is none, the store is opened for reading only, and opening goes on beside it
// until there is room.
func (db *DB) open(o Options) error {
	opened := make(chan error, 1)
	db.opening.Go(func() {
		err := errors.New("the list of its files cannot be written") // when Fatalf ends this goroutine
		defer func() { opened <- err }()
		err = db.openForWriting(o)
	})
	for {
		select {
		case err := <-opened:
			return err
		case <-time.After(retryEvery):
			if db.health.err() != nil {
				return db.openForReading(o, opened)
			}
		}
	}
}

// openForWriting opens Pebble and makes it the one that is used.
func (db *DB) openForWriting(o Options) error {
	po := pebbleOptions(o, db.disk, db.health)
	po.Lock = db.lock
	p, err := pebble.Open(o.Dir, po)
	if err != nil {
		return openError(o.Dir, err)
	}
	db.writer = p
	db.p.Store(p)
	return nil
}

// openForReading serves reads until opened reports.
func (db *DB) openForReading(o Options, opened <-chan error) error {
	po := pebbleOptions(o, readOnly{o.FS}, newHealth(o.Log, 0))
	po.ReadOnly = true
	p, err := pebble.Open(o.Dir, po)
	if err != nil {
		select {
		case err := <-opened: // there is room again
			return err
		default:
			return fault.Wrap(fault.Unavailable, "store "+o.Dir, errors.Join(db.health.err(), err), "open for reading")
		}
	}
	db.reader = p
	db.health.change(nil, func() { db.health.opening = true })
	db.p.CompareAndSwap(nil, p)
	db.log.Error("the disk is full: the store is open for reading only until there is room", "folder", o.Dir)
	db.opening.Go(func() {
		if err := <-opened; err != nil {
			db.health.fail(err)
		}
		db.health.change(nil, func() { db.health.opening = false })
	})
	return nil
}

// openError says why a store cannot be opened.
func openError(dir string, err error) error {
	if d := damageOf(dir, err); d != nil {
		return fault.Wrap(fault.Internal, "store", d, "open")
	}
	kind := fault.Internal
	if errors.Is(err, os.ErrPermission) || vfs.NoRoom(err) {
		kind = fault.Unavailable
	}
	return fault.Wrap(kind, "store "+dir, err, "open")
}

// replaying is what Pebble notes with an error of its log: the log's number and
// the position in it.
var replaying = regexp.MustCompile(`replaying wal (\d+), offset \D*(?:\d+\D+)?(\d+)`) // never changed

// damageOf returns the damage that an error of Pebble tells of, or nil.
func damageOf(dir string, err error) *vfs.Damage {
	if err == nil || !pebble.IsCorruptionError(err) {
		return nil
	}
	d := &vfs.Damage{
		File: dir, Position: -1,
		Reason: "a checksum does not match, or a part is missing",
		Remedy: fmt.Sprintf("restore the folder %s from a copy, or move it away as a whole to give up all documents and checkpoints", dir),
	}
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		d.File = info.Path
	} else if at := replaying.FindStringSubmatch(fmt.Sprintf("%+v", err)); at != nil {
		number, _ := strconv.Atoi(at[1])
		d.File = dir + string(os.PathSeparator) + fmt.Sprintf("%06d.log", number)
		d.Position, _ = strconv.ParseInt(at[2], 10, 64)
	}
	return d
}

// pebbleOptions chooses for one machine that also runs everything else: small
// when idle, two compactions at most, bloom filters because almost every first
// write of an item asks for a key that is not there. Pebble's own limits to
// memory and layers are out of reach: admit has commits wait before they are in
// its hands, where they could not be refused any more.
func pebbleOptions(o Options, fs vfs.FS, h *health) *pebble.Options {
	logger := pebbleLogger{o.Log, h}
	po := &pebble.Options{
		FS:                          fs,
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   o.CacheBytes + 2*int64(o.MemTableBytes), // memtables take theirs out of it
		MemTableSize:                uint64(o.MemTableBytes),
		MemTableStopWritesThreshold: 4 * memTables,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       1 << 20,
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
	h.listen(&listener, o.Dir)
	listener.EnsureDefaults(logger)
	po.EventListener = &listener
	return po
}

// listen makes the health follow Pebble's events.
func (h *health) listen(l *pebble.EventListener, dir string) {
	l.BackgroundError = func(err error) { h.log.Debug("store", "event", "background error", "error", err) }
	l.FlushEnd = func(info pebble.FlushInfo) {
		if info.Err != nil && strings.Contains(info.Err.Error(), "empty table") {
			info.Err = nil // what it wrote out was deleted already
		}
		h.flushed(info.Err)
	}
	l.CompactionEnd = func(info pebble.CompactionInfo) {
		switch {
		case errors.Is(info.Err, pebble.ErrCancelledCompaction), info.Err != nil && strings.Contains(info.Err.Error(), "empty table"):
		default:
			h.compacted(info.Err, pebble.IsCorruptionError(info.Err))
		}
	}
	l.WALCreated = func(pebble.WALCreateInfo) { h.stale.Store(true) } // a new memtable
	l.DataCorruption = func(info pebble.DataCorruptionInfo) {
		d := damageOf(dir, info.Details)
		d.File = info.Path
		if h.damage(d) {
			h.pause() // a merge that meets it is tried again at once
		}
	}
}
