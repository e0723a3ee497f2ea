package kv

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// room is a disk that can be full for some files, and get room again.
type room struct {
	vfs.FS
	none atomic.Pointer[string] // the names' pattern; nil: there is room
	met  atomic.Int64           // calls that met the full disk
}

func newRoom(fs vfs.FS) *room {
	r := &room{}
	r.FS = vfs.WithFaults(fs, vfs.InjectorFunc(func(op vfs.Op) error {
		pattern := r.none.Load()
		if pattern == nil || op.Kind != vfs.OpCreate && op.Kind != vfs.OpWrite {
			return nil
		}
		if ok, _ := filepath.Match(*pattern, filepath.Base(op.Path)); !ok {
			return nil
		}
		r.met.Add(1)
		return syscall.ENOSPC
	}))
	return r
}

func (r *room) full(pattern string) { r.none.Store(&pattern) }
func (r *room) back()               { r.none.Store(nil) }

func commit(db *DB, key, value string) error {
	b := db.NewBatch(0)
	b.Set([]byte(key), []byte(value))
	return b.Commit()
}

// noise is a value that compression does not make small.
func noise(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

// fill commits until it is refused.
func fill(t *testing.T, db *DB, prefix string) {
	t.Helper()
	value := noise(10_000)
	for i := range 100_000 {
		err := commit(db, fmt.Sprintf("%s%d", prefix, i%100), value)
		if err == nil {
			continue
		}
		if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "db/") {
			t.Fatalf("refused with %v", err)
		}
		return
	}
	t.Fatal("nothing is refused")
}

// eventually demands that writes are accepted again by themselves.
func eventually(t *testing.T, db *DB) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() bool { return commit(db, "again", "1") == nil }, "writes are accepted again")
}

// TestFullDiskAndBack: whatever it is that has no room, writes are refused with
// the reason, and accepted again when there is room. Nothing acknowledged is
// lost, then or after a power loss meanwhile.
func TestFullDiskAndBack(t *testing.T) {
	for _, files := range []string{"*.sst", "*.log", "MANIFEST*", "*"} {
		t.Run(files, func(t *testing.T) {
			testkit.NoLeaks(t)
			mem := vfs.NewCrashableMem()
			disk := newRoom(mem)
			db := open(t, Options{FS: disk, MemTableBytes: 512 << 10})
			set(t, db, "before", "1")
			disk.full(files)
			done := make(chan error, 1)
			var stop atomic.Bool
			go func() { // one that is under way may have to wait for room
				for i := 0; !stop.Load(); i++ {
					if err := commit(db, fmt.Sprintf("x%d", i), noise(10_000)); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
			testkit.Eventually(t, 10*time.Second, func() bool { return db.Err() != nil }, "the state is entered")
			if err := commit(db, "y", "1"); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "the disk is full") {
				t.Fatalf("refused with %v", err)
			}
			if got := get1(t, db, "before"); got != "1" {
				t.Errorf("reading: %q", got)
			}
			power := mem.CrashClone(vfs.CrashCloneConfig{})
			disk.back()
			eventually(t, db)
			if db.Err() != nil {
				t.Errorf("still %v", db.Err())
			}
			stop.Store(true)
			if err := <-done; err != nil && !fault.Is(err, fault.Unavailable) {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			for name, fs := range map[string]vfs.FS{"after the power loss": power, "later": mem} {
				again := open(t, Options{FS: fs})
				if got := get1(t, again, "before"); got != "1" {
					t.Errorf("%s: %q", name, got)
				}
				if err := again.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// inCompaction reports whether Pebble is at merging tables, not at a flush.
func inCompaction() bool { return bytes.Contains(debug.Stack(), []byte("(*DB).compact(")) }

// TestCompactionsWithoutRoom: a disk that refuses only the files of compactions
// does not stop writes until too much waits to be merged, and then only until
// there is room.
func TestCompactionsWithoutRoom(t *testing.T) {
	testkit.NoLeaks(t)
	var refuse, merging atomic.Bool
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if refuse.Load() && op.Kind == vfs.OpCreate && strings.HasSuffix(op.Path, ".sst") && inCompaction() {
			merging.Store(true)
			return syscall.ENOSPC
		}
		return nil
	}))
	db := open(t, Options{FS: fs, MemTableBytes: 256 << 10})
	refuse.Store(true)
	value := noise(10_000)
	for i := 0; !merging.Load(); i++ {
		set(t, db, fmt.Sprintf("%d", i%100), value)
	}
	for i := range 50 { // it goes on
		set(t, db, fmt.Sprintf("%d", i), value)
	}
	fill(t, db, "")
	if err := db.Err(); err != nil && !strings.Contains(err.Error(), "cannot be merged") {
		t.Errorf("refused with %v", err)
	}
	refuse.Store(false)
	eventually(t, db)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestStartOnFullDisk: what was acknowledged can be read, writes are refused
// with the reason, and accepted as soon as there is room; a stop ends it at once.
func TestStartOnFullDisk(t *testing.T) {
	for _, ending := range []string{"room", "stop"} {
		t.Run(ending, func(t *testing.T) {
			testkit.NoLeaks(t)
			mem := vfs.NewCrashableMem()
			db := open(t, Options{FS: mem})
			for i := range 50 {
				set(t, db, fmt.Sprintf("%02d", i), strings.Repeat("v", 20_000))
			}
			killed := mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			disk := newRoom(killed)
			disk.full("*")
			db = open(t, Options{FS: disk})
			it, err := db.Iter([]byte("0"), []byte("9"))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for ok := it.First(); ok; ok = it.Next() {
				n++
			}
			if err := it.Close(); err != nil || n != 50 {
				t.Errorf("%d of 50 keys, %v", n, err)
			}
			if err := commit(db, "new", "1"); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "the disk is full") {
				t.Errorf("a write: %v", err)
			}
			if ending == "room" {
				snap := db.Snapshot()
				disk.back()
				eventually(t, db)
				if got := get1(t, snap, "49"); len(got) != 20_000 {
					t.Errorf("a snapshot of before has %d bytes", len(got))
				}
				if err := snap.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			disk.back()
			db = open(t, Options{FS: disk})
			if got := get1(t, db, "49"); len(got) != 20_000 {
				t.Errorf("afterwards %d bytes", len(got))
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFirstStartOnFullDisk has nothing to read, so it fails, and soon.
func TestFirstStartOnFullDisk(t *testing.T) {
	testkit.NoLeaks(t)
	disk := newRoom(vfs.NewMem())
	disk.full("*")
	_, err := Open(Options{FS: disk, Dir: "db", Log: testkit.Discard()})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "store db") {
		t.Errorf("got %v", err)
	}
}

// damage flips a bit in the middle of the largest file of a kind.
func damage(t *testing.T, fs vfs.FS, suffix string) (path string) {
	t.Helper()
	names, err := fs.List("db")
	if err != nil {
		t.Fatal(err)
	}
	var largest int64
	for _, name := range names {
		info, err := fs.Stat(fs.PathJoin("db", name))
		if err == nil && strings.HasSuffix(name, suffix) && info.Size() > largest {
			path, largest = fs.PathJoin("db", name), info.Size()
		}
	}
	b, err := vfs.ReadFile(fs, path, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 32
	if err := vfs.WriteFile(fs, path, b); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDamagedTable: reads of what is damaged fail and name the file, all else is
// read, and no amount of writing makes the store refuse writes.
func TestDamagedTable(t *testing.T) {
	testkit.NoLeaks(t)
	mem := vfs.NewMem()
	o := Options{FS: mem, MemTableBytes: 256 << 10, CacheBytes: 1 << 20}
	db := open(t, o)
	value := noise(10_000)
	for i := range 200 {
		set(t, db, fmt.Sprintf("k%03d", i), value)
	}
	if err := db.p.Load().Flush(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := damage(t, mem, ".sst")
	var log bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	db = open(t, o)
	readable, failed := 0, 0
	for i := range 200 {
		_, ok, err := db.Get(nil, fmt.Appendf(nil, "k%03d", i))
		switch {
		case ok:
			readable++
		case fault.Is(err, fault.Unavailable) || err == nil || !strings.Contains(err.Error(), path+" is damaged"):
			t.Fatalf("key %d: %v", i, err)
		default:
			failed++
		}
	}
	if failed == 0 || failed > 10 {
		t.Errorf("%d keys are readable, %d are not", readable, failed)
	}
	for round := range 6 {
		for i := range 200 {
			if err := commit(db, fmt.Sprintf("k%03d", i), value); err != nil {
				t.Fatalf("round %d: write %d: %v", round, i, err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "a file of the store is damaged"); n != 1 {
		t.Errorf("the damage is logged %d times:\n%s", n, &log)
	}
}

// TestDamagedLog: it is named like all other damage.
func TestDamagedLog(t *testing.T) {
	mem := vfs.NewCrashableMem()
	db := open(t, Options{FS: mem})
	for i := range 100 {
		set(t, db, fmt.Sprint(i), noise(3000))
	}
	killed := mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := damage(t, killed, ".log")
	_, err := Open(Options{FS: killed, Dir: "db", Log: testkit.Discard()})
	if err == nil || !strings.Contains(err.Error(), path+" is damaged at byte ") || !strings.Contains(err.Error(), "restore") {
		t.Errorf("got %v", err)
	}
}

// TestListOfFilesFails: writing is over, reading goes on, and the process lives.
func TestListOfFilesFails(t *testing.T) {
	var failing atomic.Bool
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if failing.Load() && strings.Contains(op.Path, "MANIFEST") && (op.Kind == vfs.OpWrite || op.Kind == vfs.OpSync || op.Kind == vfs.OpSyncData) {
			return syscall.EIO
		}
		return nil
	}))
	db := open(t, Options{FS: fs, MemTableBytes: 256 << 10})
	set(t, db, "before", "1")
	failing.Store(true)
	fill(t, db, "x")
	failing.Store(false)
	if err := commit(db, "y", "1"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a write: %v", err)
	}
	snap := db.Snapshot()
	if got := get1(t, snap, "before"); got != "1" {
		t.Errorf("reading: %q", got)
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
