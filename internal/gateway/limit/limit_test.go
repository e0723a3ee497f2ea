package limit

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
	"pgregory.net/rapid"
)

func openDB(t testing.TB, fs vfs.FS) *kv.DB {
	t.Helper()
	db, err := kv.Open(kv.Options{FS: fs, Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// naive is the sliding window as one says it: all calls of the last period.
type naive struct {
	times  []time.Time
	period time.Duration
	calls  int
}

func (m *naive) call(now time.Time) (ok bool, left int, wait time.Duration) {
	var in []time.Time
	for _, at := range m.times {
		if at.After(now.Add(-m.period)) {
			in = append(in, at)
		}
	}
	m.times = in
	if len(in) >= m.calls {
		return false, 0, in[0].Add(m.period).Sub(now)
	}
	m.times = append(m.times, now)
	return true, m.calls - len(in) - 1, 0
}

// TestWindowAgainstModel holds windows against the naive model, restarts between.
func TestWindowAgainstModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		fs := vfs.NewMem()
		db, err := kv.Open(kv.Options{FS: fs, Dir: "kv", Sync: vfs.SyncNone})
		if err != nil {
			r.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		now := time.Unix(1_800_000_000, 0)
		clock := func() time.Time { return now }
		b, err := Open(db, []byte("x"), clock)
		if err != nil {
			r.Fatal(err)
		}
		models := map[string]*naive{}
		for _, key := range []string{"a", "ab", "b"} {
			models[key] = &naive{period: time.Duration(rapid.IntRange(1, 60).Draw(r, "period")) * time.Second, calls: rapid.IntRange(1, 8).Draw(r, "calls")}
		}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			if rapid.IntRange(0, 9).Draw(r, "restart") == 0 {
				if err := b.Flush(); err != nil {
					r.Fatal(err)
				}
				if b, err = Open(db, []byte("x"), clock); err != nil {
					r.Fatal(err)
				}
			}
			now = now.Add(time.Duration(rapid.IntRange(2, 12_000).Draw(r, "pause")) * time.Millisecond)
			key := rapid.SampledFrom([]string{"a", "ab", "b"}).Draw(r, "key")
			m := models[key]
			ok, left, wait := b.Window(key, m.calls, 1, m.period)
			wantOK, wantLeft, wantWait := m.call(now)
			if ok != wantOK || left != wantLeft || wait != wantWait {
				r.Fatalf("%s: %v %d %v, the model says %v %d %v", key, ok, left, wait, wantOK, wantLeft, wantWait)
			}
		}
	})
}

// TestQuotaWindows counts calls and bytes in windows that begin with the subscription.
func TestQuotaWindows(t *testing.T) {
	db := openDB(t, vfs.NewMem())
	defer db.Close()
	now := time.Unix(1_800_000_000, 0)
	b, err := Open(db, []byte("x"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	q := policy.Quota{Calls: 2, AddCalls: 1, Bytes: 100, Period: 300 * time.Second, First: now.Add(-350 * time.Second)}
	for i, want := range []bool{true, true, false} {
		if ok, _, wait := b.Quota("k", q); ok != want || !ok && wait != 250*time.Second {
			t.Errorf("call %d: %v, wait %v", i, ok, wait)
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if b, err = Open(db, []byte("x"), func() time.Time { return now }); err != nil {
		t.Fatal(err)
	}
	if ok, _, _ := b.Quota("k", q); ok {
		t.Error("a restart gave the quota back")
	}
	now = now.Add(250 * time.Second)
	if ok, _, _ := b.Quota("k", q); !ok {
		t.Error("the next window is closed")
	}
	b.Quota("k", policy.Quota{AddBytes: 100, Period: q.Period, First: q.First, Only: true})
	if ok, byBytes, _ := b.Quota("k", q); ok || !byBytes {
		t.Errorf("bytes were not counted: %v %v", ok, byBytes)
	}
}

// TestForever is a quota that is never replenished.
func TestForever(t *testing.T) {
	db := openDB(t, vfs.NewMem())
	defer db.Close()
	now := time.Unix(1_800_000_000, 0)
	b, err := Open(db, []byte("x"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	q := policy.Quota{Calls: 1, AddCalls: 1, First: now}
	b.Quota("k", q)
	now = now.AddDate(50, 0, 0)
	if ok, _, _ := b.Quota("k", q); ok {
		t.Error("it was replenished")
	}
}

func TestHold(t *testing.T) {
	b := &Book{held: map[string]int{}}
	one, ok := b.Hold("k", 1)
	if !ok {
		t.Fatal("the first has no place")
	}
	if _, ok := b.Hold("k", 1); ok {
		t.Error("the second has a place")
	}
	one()
	one()
	if _, ok := b.Hold("k", 1); !ok || b.held["k"] != 1 {
		t.Error("the place was not given back once")
	}
}

// BenchmarkWindow is one call against a limit of 100,000 a minute.
func BenchmarkWindow(b *testing.B) {
	db := openDB(b, vfs.NewMem())
	defer db.Close()
	book, err := Open(db, []byte("x"), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		book.Window("k", 1<<30, 1, time.Minute)
		if len(book.pending) > 1000 {
			book.pending = book.pending[:0]
		}
	}
	_ = rand.Int()
}
