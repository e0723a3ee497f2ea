package seglog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// One history, whatever the options: segment size, commit size, sync policy,
// memory for the tail, and restarts in between.
func TestOneHistory(t *testing.T) {
	noLeaks(t)
	seed := uint64(20261122)
	for _, segment := range []int64{600, 4 << 10, 1 << 20} {
		for _, commit := range []int{1, 2 << 10, 1 << 20} {
			for _, tail := range []int64{0, 40 << 10, 4 << 20} {
				for _, sync := range []vfs.SyncPolicy{vfs.SyncAlways, vfs.SyncInterval, vfs.SyncNone} {
					name := fmt.Sprintf("segment=%d,commit=%d,tail=%d,sync=%v", segment, commit, tail, sync)
					t.Run(name, func(t *testing.T) {
						oneHistory(t, rand.New(rand.NewPCG(seed, 1)), Options{
							FS: vfs.NewMem(), SegmentBytes: segment, CommitBytes: commit,
							Tail: NewTail(tail), Sync: sync, SyncInterval: time.Millisecond,
						})
					})
				}
			}
		}
	}
}

func oneHistory(t *testing.T, rng *rand.Rand, opts Options) {
	var want numbered
	l := start(t, opts)
	follower, err := l.NewReader(0)
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for i := range 120 {
		label, records := randomBatch(rng, i)
		res := l.mustAppend(label, records...)
		if res.First != int64(len(want.entries)) {
			t.Fatalf("batch %d got number %d, want %d", i, res.First, len(want.entries))
		}
		want.add(label, records...)
		if i%10 == 3 { // a reader that falls behind by ten batches
			batch, err := follower.Next(1<<20, 1<<30, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range batch {
				if got := (entry{r.Sequence, r.Label, string(r.Body)}); got != want.entries[followed] {
					t.Fatalf("follower got %.80v, want %.80v", got, want.entries[followed])
				}
				followed++
			}
			if followed != len(want.entries) {
				t.Fatalf("follower is at %d of %d", followed, len(want.entries))
			}
		}
		if i%37 == 20 {
			follower.Close()
			l.stop()
			l = start(t, opts)
			if follower, err = l.NewReader(int64(followed)); err != nil {
				t.Fatal(err)
			}
		}
	}
	follower.Close()
	wantEntries(t, mustRead(t, l.Log), want.entries)
	for range 20 {
		from := rng.IntN(len(want.entries))
		got, err := readFrom(l.Log, int64(from))
		if err != nil {
			t.Fatal(err)
		}
		wantEntries(t, got, want.entries[from:])
	}
}

func TestNextRespectsLimits(t *testing.T) {
	for _, tail := range []int64{0, 1 << 20} {
		l := start(t, Options{FS: vfs.NewMem(), Tail: NewTail(tail)})
		l.mustAppend("", "aaaa", "bbbb", "cccc", "dddd")
		for _, c := range []struct{ records, bytes, want int }{
			{0, 100, 0}, {100, 0, 0}, {1, 100, 1}, {3, 100, 3}, {100, 1, 1}, {100, 4, 1}, {100, 5, 2}, {100, 16, 4}, {100, 100, 4},
		} {
			rd, err := l.NewReader(0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := rd.Next(c.records, c.bytes, nil)
			if err != nil || len(got) != c.want {
				t.Errorf("Next(%d, %d) gave %d records, %v; want %d", c.records, c.bytes, len(got), err, c.want)
			}
			if rd.Sequence() != int64(c.want) {
				t.Errorf("after Next the reader is at %d, want %d", rd.Sequence(), c.want)
			}
			rd.Close()
		}
		l.stop()
	}
}

func TestAppendRefuses(t *testing.T) {
	l := start(t, Options{FS: vfs.NewMem(), AppendBytes: 1000})
	for _, c := range []struct {
		name, label string
		records     []string
		want        fault.Kind
	}{
		{"no record", "", nil, fault.Invalid},
		{"long label", strings.Repeat("k", 1<<16), []string{"x"}, fault.Invalid},
		{"too large", "", []string{strings.Repeat("x", 1000)}, fault.TooLarge},
	} {
		if res := l.append(c.label, c.records...); !fault.Is(res.Err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, res.Err, c.want)
		}
	}
	l.stop()
	if res := l.append("", "late"); !fault.Is(res.Err, fault.Unavailable) {
		t.Errorf("after close: got %v, want unavailable", res.Err)
	}
}

func TestReaderBeyondTheEnd(t *testing.T) {
	l := start(t, Options{FS: vfs.NewMem()})
	l.mustAppend("", "a", "b")
	if _, err := l.NewReader(3); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
	if _, err := l.NewReader(2); err != nil {
		t.Errorf("the next record is a place to wait at: %v", err)
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{FS: vfs.NewMem()})
		rd, err := l.NewReader(0)
		if err != nil {
			t.Fatal(err)
		}
		woken := make(chan error)
		go func() { woken <- rd.Wait(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-woken:
			t.Fatalf("woken before there was anything: %v", err)
		default:
		}
		l.mustAppend("", "a")
		if err := <-woken; err != nil {
			t.Fatal(err)
		}
		if got, err := rd.Next(10, 10, nil); err != nil || len(got) != 1 {
			t.Fatalf("got %d records, %v", len(got), err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		go func() { woken <- rd.Wait(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-woken; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want canceled", err)
		}

		go func() { woken <- rd.Wait(t.Context()) }()
		synctest.Wait()
		l.stop()
		if err := <-woken; err != nil {
			t.Fatal(err)
		}
		if _, err := rd.Next(10, 10, nil); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("after close: got %v, want unavailable", err)
		}
	})
}

// A full queue holds appenders back until the writer has caught up.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
			if op.Kind == vfs.OpSyncData {
				<-gate
			}
			return nil
		}))
		l := start(t, Options{FS: fs, QueueBytes: 1000})
		body := strings.Repeat("x", 400)
		var mu sync.Mutex
		returned, answered := 0, 0
		for range 6 {
			go func() {
				l.Append(Append{Records: toBytes([]string{body}), Done: func(Result) {
					mu.Lock()
					answered++
					mu.Unlock()
				}})
				mu.Lock()
				returned++
				mu.Unlock()
			}()
		}
		synctest.Wait()
		mu.Lock()
		if returned != 2 || answered != 0 {
			t.Errorf("%d appends returned and %d were answered, want 2 and 0", returned, answered)
		}
		mu.Unlock()
		close(gate)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if returned != 6 || answered != 6 {
			t.Errorf("%d appends returned and %d were answered, want 6", returned, answered)
		}
	})
}

func TestTimes(t *testing.T) {
	for _, tail := range []int64{0, 1 << 20} {
		now := time.UnixMilli(1_000_000)
		fs := vfs.NewMem()
		opts := Options{FS: fs, SegmentBytes: 500, Tail: NewTail(tail), Now: func() time.Time { return now }}
		l := start(t, opts)
		// Record i has time 1000000+10*(i/2); the clock also goes back once.
		for i := range 40 {
			res := l.mustAppend("", fmt.Sprint(i))
			if want := int64(1_000_000 + 10*(i/2)); res.Time.UnixMilli() != want {
				t.Fatalf("record %d has time %d, want %d", i, res.Time.UnixMilli(), want)
			}
			if i%2 == 1 {
				now = now.Add(10 * time.Millisecond)
			}
			if i == 20 {
				now = now.Add(-5 * time.Hour)
			} else if i == 21 {
				now = now.Add(5 * time.Hour)
			}
		}
		for range 2 {
			for ms := int64(999_990); ms < 1_000_250; ms++ {
				want := min(max(0, (ms-1_000_000+9)/10*2), 40)
				if got, err := l.SequenceAt(ms); err != nil || got != want {
					t.Fatalf("SequenceAt(%d) = %d, %v; want %d", ms, got, err, want)
				}
			}
			l.stop()
			l = start(t, opts)
			if got := l.Info().LastTime.UnixMilli(); got != 1_000_190 {
				t.Fatalf("last time %d", got)
			}
		}
		l.stop()
	}
}

func TestConcurrent(t *testing.T) {
	noLeaks(t)
	const writers, batches, readers = 4, 150, 4
	l := start(t, Options{FS: vfs.NewMem(), SegmentBytes: 20 << 10, Tail: NewTail(30 << 10), QueueBytes: 4 << 10})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range batches {
				l.mustAppend(fmt.Sprint(w), fmt.Sprintf("%d/%d/a", w, i), fmt.Sprintf("%d/%d/b", w, i))
			}
		})
	}
	for range readers {
		wg.Go(func() {
			rd, err := l.NewReader(0)
			if err != nil {
				t.Error(err)
				return
			}
			defer rd.Close()
			seen := map[string]int{}
			var recs []Record
			for n := int64(0); n < writers*batches*2; {
				if recs, err = rd.Next(50, 1<<20, recs[:0]); err != nil {
					t.Error(err)
					return
				}
				for _, r := range recs {
					want := fmt.Sprintf("%s/%d/%c", r.Label, seen[r.Label]/2, 'a'+seen[r.Label]%2)
					if r.Sequence != n || string(r.Body) != want {
						t.Errorf("record %d is %q at %d, want %q", r.Sequence, r.Body, n, want)
						return
					}
					seen[r.Label]++
					n++
				}
				if len(recs) == 0 {
					if err := rd.Wait(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}
