package objectstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	extentMagic = "LZEXT001"
	// extentHeader is the size of an extent's header: the magic and the number.
	extentHeader = 16
	// defaultExtentBytes is how large an extent gets.
	defaultExtentBytes = 256 << 20
	// maxExtentBytes is what a decoder believes of positions in an extent.
	maxExtentBytes = 1 << 40
)

// extent is one file of content. Bytes are only ever added; the file goes when
// nothing in it is alive.
type extent struct {
	number uint64
	path   string

	// Guarded by extents.mu.
	file    vfs.File // nil until it is used
	size    int64    // where the next reservation begins
	live    int64    // bytes that records name
	pending int      // uploads that have room in it and are not over
	sealed  bool     // nothing is added any more
	damaged bool     // bytes in it cannot be moved
	emptied uint64   // the reader's number when the last byte died

	blanked  atomic.Int64 // the file has bytes up to here
	blanking sync.Mutex   // held while zeros are written

	written atomic.Uint64 // counts finished writes
	sm      sync.Mutex    // guards the rest
	done    sync.Cond     // of sm: a sync is over
	syncing bool
	synced  uint64 // the count of writes that are on the disk
	failed  error  // a sync failed: what is on the disk is not known
}

func newExtent(number uint64, path string, f vfs.File, size int64) *extent {
	e := &extent{number: number, path: path, file: f, size: size}
	e.done.L = &e.sm
	e.blanked.Store(size)
	return e
}

// extentName returns a file's name; the numbers sort as texts do.
func extentName(number uint64) string { return fmt.Sprintf("%016d.extent", number) }

func parseExtentName(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, ".extent")
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && err == nil && name == extentName(n)
}

// sync returns when the first count writes are on the disk. One sync serves all
// who wait for it.
func (e *extent) sync(count uint64) error {
	e.sm.Lock()
	defer e.sm.Unlock()
	for {
		switch {
		case e.failed != nil:
			return e.failed
		case e.synced >= count:
			return nil
		case e.syncing:
			e.done.Wait()
			continue
		}
		e.syncing = true
		covered := e.written.Load()
		e.sm.Unlock()
		err := e.file.SyncData()
		e.sm.Lock()
		e.syncing = false
		if err != nil {
			e.failed = fmt.Errorf("sync %s: %w", e.path, err)
		} else {
			e.synced = covered
		}
		e.done.Broadcast()
	}
}

// blankAhead is how many zeros are written ahead of small blobs.
const blankAhead = 1 << 20

// blank has the file hold bytes up to end, and writes zeros far ahead when it does
// not: a sync that need not note a new length of the file is several times
// faster. Bytes behind blanked are nobody's yet, as who has room there waits here
// first. A failure does not matter: the write of the content will meet it.
func (e *extent) blank(end, limit int64) {
	if e.blanked.Load() >= end {
		return
	}
	e.blanking.Lock()
	defer e.blanking.Unlock()
	from := e.blanked.Load()
	if from >= end {
		return
	}
	to := max(end, min(end+blankAhead, limit))
	_, _ = e.file.WriteAt(make([]byte, to-from), from)
	e.blanked.Store(to)
}

// dirty reports whether writes wait for a sync, and their count.
func (e *extent) dirty() (uint64, bool) {
	count := e.written.Load()
	e.sm.Lock()
	defer e.sm.Unlock()
	return count, e.failed == nil && e.synced < count
}

// broken reports whether a sync failed.
func (e *extent) broken() bool {
	e.sm.Lock()
	defer e.sm.Unlock()
	return e.failed != nil
}

// stream is which extent an upload adds to: small ones have their own, so that
// their syncs do not wait for the bytes of large ones.
type stream uint8

const (
	smallStream stream = iota
	largeStream
	streams
)

// extents are the files.
type extents struct {
	fs    vfs.FS
	dir   string
	limit int64

	making sync.Mutex // held while a file is made; taken before mu

	mu      sync.Mutex // guards the rest, and parts of each extent
	all     map[uint64]*extent
	next    uint64
	current [streams]*extent
	readers readers
}

// room is a place in an extent for n bytes of content.
type room struct {
	e  *extent
	at int64
	n  int64
}

// reserve finds room for n bytes of content, or for fewer when they do not fit
// in the current extent: whole pieces then.
func (x *extents) reserve(which stream, n int64) (room, error) {
	for {
		x.mu.Lock()
		r, ok := x.fit(x.current[which], n)
		x.mu.Unlock()
		if ok {
			if which == smallStream {
				r.e.blank(r.at+diskSize(r.n), x.limit)
			}
			return r, nil
		}
		if err := x.roll(which); err != nil {
			return room{}, err
		}
	}
}

// fit takes room in e. mu is held.
func (x *extents) fit(e *extent, n int64) (room, bool) {
	if e == nil || e.sealed || e.broken() {
		return room{}, false
	}
	if left := x.limit - e.size; diskSize(n) > left {
		if n = left / pieceSize * pieceData; n <= 0 {
			return room{}, false
		}
	}
	r := room{e, e.size, n}
	e.size += diskSize(n)
	e.pending++
	return r, true
}

// extend takes n more bytes of content right behind a place whose end is end, if
// nothing else is there yet.
func (x *extents) extend(e *extent, end, n int64) (room, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.size != end {
		return room{}, false
	}
	r, ok := x.fit(e, n)
	if ok {
		e.pending-- // its upload is counted already
	}
	return r, ok
}

// giveBack lets go of the room from from to to, if nothing else is behind it.
func (x *extents) giveBack(e *extent, from, to int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.size == to && !e.sealed {
		e.size = from
	}
}

// roll seals a stream's extent and makes the next.
func (x *extents) roll(which stream) error {
	x.making.Lock()
	defer x.making.Unlock()
	x.mu.Lock()
	old := x.current[which]
	if old != nil && !old.sealed && !old.broken() && x.limit-old.size >= pieceSize {
		x.mu.Unlock()
		return nil // somebody else made one meanwhile
	}
	if old != nil {
		old.sealed = true
	}
	number := x.next
	x.next++
	x.mu.Unlock()
	e, err := x.create(number)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all[number] = e
	x.current[which] = e
	return nil
}

// create makes a file with its header, name and header on the disk.
func (x *extents) create(number uint64) (*extent, error) {
	path := filepath.Join(x.dir, extentName(number))
	f, err := vfs.CreatePrivate(x.fs, path)
	if err != nil {
		return nil, err
	}
	header := binary.LittleEndian.AppendUint64([]byte(extentMagic), number)
	_, err = f.WriteAt(header, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = vfs.SyncDir(x.fs, x.dir)
	}
	if err == nil {
		f, err = x.fs.OpenReadWrite(path, vfs.WriteCategory)
	}
	if err != nil {
		x.fs.Remove(path) // a leftover has nothing alive and goes at the next start
		return nil, err
	}
	return newExtent(number, path, f, extentHeader), nil
}

// open returns the file of an extent for reading.
func (x *extents) open(number uint64) (vfs.File, string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.all[number]
	if e == nil {
		return nil, "", &vfs.Damage{
			File: filepath.Join(x.dir, extentName(number)), Position: -1, Reason: "the file is gone",
			Remedy: "restore it from a copy, or delete the blobs that are in it",
		}
	}
	if e.file == nil {
		f, err := x.fs.OpenReadWrite(e.path, vfs.WriteCategory)
		if err != nil {
			return nil, e.path, err
		}
		e.file = f
	}
	return e.file, e.path, nil
}

// change is what a commit does to the bytes alive in an extent.
type change struct {
	extent uint64
	live   int64
	end    int64 // the highest byte that it names; 0: none new
}

// account takes note of changes. Growth is noted before the commit, shrinking
// when it is on the disk.
func (x *extents) account(changes []change, sign int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range changes {
		e := x.all[c.extent]
		if e == nil {
			continue // its file is gone
		}
		e.live += sign * c.live
		if e.live <= 0 {
			e.emptied = x.readers.last
		}
	}
}

// release ends an upload's hold on an extent.
func (x *extents) release(e *extent) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e.pending--
}

// closeAll closes the files.
func (x *extents) closeAll() (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.all {
		if e.file != nil {
			err = errors.Join(err, e.file.Close())
			e.file = nil
		}
	}
	return err
}

// giveBackRun lets go of a run that nothing names, if nothing is behind it.
func (x *extents) giveBackRun(r run) {
	x.mu.Lock()
	e := x.all[r.extent]
	x.mu.Unlock()
	if e != nil {
		x.giveBack(e, r.at, r.end())
	}
}

// withoutPath reduces an error of a file to the system's number: clients are
// told no paths.
func withoutPath(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return nil
}
