package kv

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

func open(t testing.TB, o Options) *DB {
	t.Helper()
	o.Dir = "db"
	if o.Log == nil {
		o.Log = testkit.Discard()
	}
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func set(t testing.TB, db *DB, key, value string) {
	t.Helper()
	b := db.NewBatch(0)
	b.Set([]byte(key), []byte(value))
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
}

func get1(t testing.TB, r Reader, key string) string {
	t.Helper()
	v, ok, err := r.Get(nil, []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "absent"
	}
	return string(v)
}

func TestSpacesSnapshotsAndRanges(t *testing.T) {
	db := open(t, Options{FS: vfs.NewMem()})
	defer db.Close()
	space := Space{db, []byte("x/")}
	b := db.NewBatch(0)
	for i := range 5 {
		b.Set(space.Key([]byte{byte(i)}), []byte{byte('a' + i)})
	}
	b.Set([]byte("x0"), []byte("outside")) // "0" follows "/"
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	snap := db.Snapshot()
	b = db.NewBatch(0)
	b.DeleteRange(space.Bounds(nil))
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	var got []byte
	it, err := snap.Iter(space.Bounds(nil))
	if err != nil {
		t.Fatal(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		got = append(got, it.Value()...)
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	if string(got) != "abcde" {
		t.Errorf("snapshot has %q", got)
	}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	if v := get1(t, db, "x/\x02"); v != "absent" {
		t.Errorf("deleted key is %q", v)
	}
	if v := get1(t, db, "x0"); v != "outside" {
		t.Errorf("neighbour is %q", v)
	}
	for in, want := range map[string]string{"a": "b", "a\xff": "b", "a\xff\xff": "b", "\xff": "", "": ""} {
		if end := PrefixEnd([]byte(in)); !bytes.Equal(end, []byte(want)) {
			t.Errorf("end of %q is %q", in, end)
		}
	}
}

// TestTallyIsExact: concurrent commits add up, over a crash too.
func TestTallyIsExact(t *testing.T) {
	fs := vfs.NewCrashableMem()
	db := open(t, Options{FS: fs})
	var acked atomic.Int64
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 100 {
				b := db.NewBatch(0)
				b.AddTally([]byte("t"), Tally{Max: uint64(i*4 + g), Sum: [2]int64{1, -int64(i)}})
				if err := b.Commit(); err != nil {
					t.Error(err)
				}
				acked.Add(1)
			}
		})
	}
	before := acked.Load()
	clone := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(1, 2))})
	wg.Wait()
	want := Tally{Max: 399, Sum: [2]int64{400, -4 * 4950}}
	if got, err := TallyAt(db, []byte("t")); got != want || err != nil {
		t.Errorf("tally %+v, %v; want %+v", got, err, want)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, Options{FS: clone})
	defer db.Close()
	if got, err := TallyAt(db, []byte("t")); got.Sum[0] < before || got.Sum[0] > 400 || err != nil {
		t.Errorf("after the crash %+v, %v; acknowledged were %d", got, err, before)
	}
	if got, err := TallyAt(db, []byte("none")); got != (Tally{}) || err != nil {
		t.Errorf("no tally: %+v, %v", got, err)
	}
}

// TestSyncModes: what a power loss right after the acknowledgement leaves.
func TestSyncModes(t *testing.T) {
	for _, tc := range []struct {
		mode vfs.SyncPolicy
		wait time.Duration
		want string
	}{
		{vfs.SyncAlways, 0, "v"},
		{vfs.SyncInterval, 0, "absent"},
		{vfs.SyncInterval, time.Second, "v"},
		{vfs.SyncNone, time.Second, "absent"},
	} {
		t.Run(fmt.Sprintf("mode=%d,wait=%v", tc.mode, tc.wait), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := vfs.NewCrashableMem()
				db := open(t, Options{FS: fs, Sync: tc.mode})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- db.Run(ctx) }()
				set(t, db, "k", "v")
				<-time.After(tc.wait)
				synctest.Wait()
				clone := fs.CrashClone(vfs.CrashCloneConfig{})
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				again := open(t, Options{FS: clone})
				if got := get1(t, again, "k"); got != tc.want {
					t.Errorf("after the power loss: %q, want %q", got, tc.want)
				}
				if err := again.Close(); err != nil {
					t.Error(err)
				}
				kept := open(t, Options{FS: fs})
				if got := get1(t, kept, "k"); got != "v" {
					t.Errorf("after an orderly end: %q", got)
				}
				if err := kept.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestFailedLogIsFinal: after the log failed nothing is accepted any more, and
// what was refused is not pretended.
func TestFailedLogIsFinal(t *testing.T) {
	for _, kind := range []vfs.OpKind{vfs.OpWrite, vfs.OpSyncData, vfs.OpSync} {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			var failing atomic.Bool
			fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
				if failing.Load() && (op.Kind == kind || op.Kind == vfs.OpSyncData) {
					return syscall.EIO
				}
				return nil
			}))
			db := open(t, Options{FS: fs})
			set(t, db, "a", "1")
			failing.Store(true)
			b := db.NewBatch(0)
			b.Set([]byte("b"), []byte("2"))
			if err := b.Commit(); !fault.Is(err, fault.Unavailable) {
				t.Fatalf("commit on a failing disk: %v", err)
			}
			failing.Store(false)
			b = db.NewBatch(0)
			b.Set([]byte("c"), []byte("3"))
			if err := b.Commit(); !fault.Is(err, fault.Unavailable) || db.Err() == nil || strings.Contains(err.Error(), ".log") {
				t.Errorf("commit after a failure: %v", err)
			}
			if got := get1(t, db, "a"); got != "1" {
				t.Errorf("a is %q", got)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := Open(Options{Dir: dir}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("second open: %v", err)
	}
}

func FuzzParseTally(f *testing.F) {
	f.Add(Tally{Max: 1 << 63, Sum: [2]int64{-1, 1 << 40}}.append(nil))
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		tally, err := parseTally(b)
		if err != nil {
			return
		}
		if again, err := parseTally(tally.append(nil)); again != tally || err != nil {
			t.Fatalf("%x is %+v, then %+v, %v", b, tally, again, err)
		}
	})
}

// TestWritersOnFailingDisk: none of many concurrent writers hangs when the log
// fails under them.
func TestWritersOnFailingDisk(t *testing.T) {
	testkit.NoLeaks(t)
	for round := range 20 {
		var opened atomic.Bool
		var writes atomic.Int64
		fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
			if op.Kind == vfs.OpSyncData && opened.Load() && writes.Add(1) > int64(round*3) {
				return syscall.EIO
			}
			return nil
		}))
		db := open(t, Options{FS: fs})
		opened.Store(true)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					b := db.NewBatch(0)
					b.Set(fmt.Appendf(nil, "%d/%d", g, i), []byte("v"))
					if err := b.Commit(); err != nil {
						if !fault.Is(err, fault.Unavailable) {
							t.Errorf("commit: %v", err)
						}
						return
					}
				}
			})
		}
		wg.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
