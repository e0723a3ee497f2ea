package docstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A crash run has writers that each raise the number n of their own two
// documents, always both in one transaction, and now and then delete and remake
// them; a reader of the change feed; and queries that build indexes. At a random
// moment the power fails. What the disk then holds must have every acknowledged
// number, no half transaction, everything the reader has not seen, and indexes
// that agree.
func TestPowerLoss(t *testing.T) {
	testkit.NoLeaks(t)
	for round := range 25 {
		seed := uint64(round)*7919 + 17
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { powerLoss(t, seed) })
	}
}

const crashWriters = 4

type crashRun struct {
	c     *Container
	acked [crashWriters]atomic.Int64
	acks  chan struct{}

	mu   sync.Mutex // guards what the feed reader has
	last uint64
	seen map[string]int64 // by id, the highest n
}

func powerLoss(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	w := &world{t: t, fs: fs, clock: testkit.NewClock(time.Unix(1_700_000_000, 0))}
	w.open()
	run := &crashRun{c: w.container(), acks: make(chan struct{}, 1<<16), seen: map[string]int64{}}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range crashWriters {
		wg.Go(func() { run.write(ctx, t, i) })
	}
	wg.Go(func() { run.read(ctx, t) })
	wg.Go(func() { run.query(ctx, t) })

	for range 20 + rng.IntN(400) {
		<-run.acks
	}
	var acked [crashWriters]int64
	for i := range acked {
		acked[i] = run.acked[i].Load()
	}
	run.mu.Lock()
	clone := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	last, seen := run.last, run.seen
	run.seen = map[string]int64{} // the run goes on without us
	run.mu.Unlock()
	cancel()
	wg.Wait()
	w.close()

	after := &world{t: t, fs: clone, clock: w.clock}
	after.open()
	defer after.close()
	verify(t, after.container(), acked, last, seen)
}

// write raises n of documents "i-a" and "i-b" in partition i.
func (run *crashRun) write(ctx context.Context, t *testing.T, i int) {
	key := StringKey(strconv.Itoa(i))
	for n := int64(1); ctx.Err() == nil; n++ {
		var ops []Op
		for _, half := range "ab" {
			id := fmt.Sprintf("%d-%c", i, half)
			if n%7 == 0 {
				ops = append(ops, Op{Kind: Delete, Key: &key, ID: id})
			}
			ops = append(ops, Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%s","pk":"%d","n":%d,"pad":"%0*d"}`, id, i, n, n%200, 0)})
		}
		results, err := run.c.Write(ctx, ops, true)
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("write: %v", err)
			}
			return
		}
		for _, r := range results {
			if r.Err != nil {
				t.Errorf("write: %v", r.Err)
			}
		}
		run.acked[i].Store(n)
		select {
		case run.acks <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

// read follows the change feed.
func (run *crashRun) read(ctx context.Context, t *testing.T) {
	after := uint64(0)
	for run.c.WaitLSN(ctx, after) == nil {
		items, last, err := run.c.Changes(ctx, after, ChangeOptions{Max: 3})
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("changes: %v", err)
			}
			return
		}
		run.mu.Lock()
		for _, it := range items {
			run.seen[it.ID] = max(run.seen[it.ID], numberOf(t, it.Body))
		}
		run.last = last
		run.mu.Unlock()
		after = last
	}
}

// query walks indexes, building them first.
func (run *crashRun) query(ctx context.Context, t *testing.T) {
	key := StringKey("1")
	for _, o := range []IndexOptions{{Path: []string{"n"}}, {Path: []string{"_ts"}, Key: &key}, {Path: []string{"pad"}}} {
		rows, err := run.c.IndexScan(ctx, o)
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("index scan: %v", err)
			}
			return
		}
		for rows.Next() {
			numberOf(t, rows.Doc())
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil && ctx.Err() == nil {
			t.Errorf("index scan: %v", err)
		}
	}
}

func numberOf(t *testing.T, body []byte) int64 {
	n, err := strconv.ParseInt(string(find(body, []string{"n"})), 10, 64)
	if err != nil {
		t.Errorf("document %s: %v", body, err)
	}
	return n
}

func verify(t *testing.T, c *Container, acked [crashWriters]int64, last uint64, seen map[string]int64) {
	t.Helper()
	check(t, c)
	for i, want := range acked {
		var n [2]int64
		for half := range n {
			it, err := c.Read(t.Context(), StringKey(strconv.Itoa(i)), fmt.Sprintf("%d-%c", i, 'a'+half))
			if err != nil && (want > 0 || !fault.Is(err, fault.NotFound)) {
				t.Fatalf("writer %d: %v", i, err)
			}
			if err != nil {
				continue
			}
			n[half] = numberOf(t, it.Body)
			if it.LSN <= last && seen[it.ID] < n[half] {
				t.Errorf("%s: version %d at LSN %d is behind the reader's LSN %d, who saw version %d", it.ID, n[half], it.LSN, last, seen[it.ID])
			}
		}
		if n[0] != n[1] {
			t.Errorf("writer %d: half a transaction, %v", i, n)
		}
		if n[0] < want {
			t.Errorf("writer %d: acknowledged %d, found %d", i, want, n[0])
		}
	}
	if c.LSN() < last {
		t.Errorf("LSN went back from %d to %d", last, c.LSN())
	}
	fresh := upsert(t, c, `{"id":"new","pk":"x"}`)
	if fresh.LSN <= last || fresh.Ordinal <= last {
		t.Errorf("position %d given out again after %d", fresh.LSN, last)
	}
	items, _, err := c.Changes(t.Context(), last, ChangeOptions{Max: 100})
	if err != nil || len(items) == 0 || items[len(items)-1].ID != "new" {
		t.Errorf("feed after the crash: %d items, %v", len(items), err)
	}
}

// TestFullDisk refuses every write of the log from some moment on: whatever was
// acknowledged before must be there after a restart with space. The write that
// meets the full disk waits for room until the store is closed; those that come
// after it are refused.
func TestFullDisk(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var full atomic.Bool
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if full.Load() && op.Kind == vfs.OpWrite {
			return syscall.ENOSPC
		}
		return nil
	}))
	w := &world{t: t, fs: fs, clock: testkit.NewClock(time.Unix(1_700_000_000, 0))}
	w.open()
	c := w.container()
	acked := atomic.Int64{}
	failed := make(chan error, 1)
	go func() {
		for n := int64(1); ; n++ {
			if n == 50 {
				full.Store(true)
			}
			results, err := c.Write(t.Context(), []Op{{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"1","pk":"a","n":%d}`, n)}}, false)
			if err != nil {
				failed <- err
				return
			}
			if results[0].Err == nil {
				acked.Store(n)
			}
		}
	}()
	testkit.Eventually(t, 10*time.Second, func() bool { return w.db.Err() != nil }, "the disk is full")
	if acked.Load() != 49 {
		t.Fatalf("acknowledged %d before the disk was full", acked.Load())
	}
	_, err := c.Write(t.Context(), []Op{{Kind: Upsert, Body: []byte(`{"id":"2","pk":"a"}`)}}, false)
	wantKind(t, err, fault.Unavailable)
	if _, err := c.Read(t.Context(), StringKey("a"), "1"); err != nil {
		t.Errorf("reads must go on: %v", err)
	}
	clone := mem.CrashClone(vfs.CrashCloneConfig{})
	w.close()
	wantKind(t, <-failed, fault.Unavailable)

	again := &world{t: t, fs: clone, clock: w.clock}
	again.open()
	defer again.close()
	c = again.container()
	it, err := c.Read(t.Context(), StringKey("a"), "1")
	if err != nil || numberOf(t, it.Body) < acked.Load() {
		t.Errorf("acknowledged %d, found %s, %v", acked.Load(), it.Body, err)
	}
	check(t, c)
}
