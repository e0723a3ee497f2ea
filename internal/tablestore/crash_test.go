package tablestore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestPowerLoss has writers that each raise the number N of their own two
// entities, always both in one batch, and now and then delete and remake them,
// and a maker of tables. At a random moment the power fails. What the disk then
// holds must have every acknowledged number and table, no half batch, exact counts
// and no timestamp that is given again.
func TestPowerLoss(t *testing.T) {
	testkit.NoLeaks(t)
	for round := range 25 {
		seed := uint64(round)*7919 + 17
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { powerLoss(t, seed) })
	}
}

const crashWriters = 4

type crashRun struct {
	table  *Table
	store  *Store
	acked  [crashWriters]atomic.Int64
	newest atomic.Int64 // timestamp
	tables atomic.Int64 // made
	acks   chan struct{}
}

func powerLoss(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	w := newWorld(t)
	w.close()
	w.fs = fs
	w.open()
	run := &crashRun{table: w.table("Crash"), store: w.store, acks: make(chan struct{}, 1<<16)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range crashWriters {
		wg.Go(func() { run.write(ctx, t, i) })
	}
	wg.Go(func() { run.make(ctx, t) })
	for range 20 + rng.IntN(400) {
		<-run.acks
	}
	var acked [crashWriters]int64
	for i := range acked {
		acked[i] = run.acked[i].Load()
	}
	newest, tables := run.newest.Load(), run.tables.Load()
	clone := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	cancel()
	wg.Wait()
	w.close()

	after := &world{t: t, fs: clone, clock: w.clock}
	after.open()
	defer after.close()
	verify(t, after, acked, newest, tables)
}

// write raises N of entities I/a and I/b.
func (run *crashRun) write(ctx context.Context, t *testing.T, i int) {
	partition := fmt.Sprint(i)
	for n := int64(1); ctx.Err() == nil; n++ {
		if n%7 == 0 {
			run.batch(ctx, t, []*Op{{Kind: Delete, Entity: entity(partition, "a")}, {Kind: Delete, Entity: entity(partition, "b")}})
		}
		ops := make([]*Op, 2)
		for half, row := range []string{"a", "b"} {
			ops[half] = &Op{Kind: UpsertMerge, Entity: entity(partition, row, "N", Int64Value(n), "Pad", BinaryValue(fmt.Sprintf("%0*d", n%200, 0)))}
		}
		stamps := run.batch(ctx, t, ops)
		if stamps == nil {
			return
		}
		run.acked[i].Store(n)
		for now := int64(stamps[1]); ; {
			was := run.newest.Load()
			if was >= now || run.newest.CompareAndSwap(was, now) {
				break
			}
		}
		select {
		case run.acks <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

func (run *crashRun) batch(ctx context.Context, t *testing.T, ops []*Op) []Ticks {
	stamps, err := run.table.Batch(ctx, ops)
	if err != nil && ctx.Err() == nil {
		t.Errorf("batch: %v", err)
	}
	return stamps
}

// make makes tables and deletes every third.
func (run *crashRun) make(ctx context.Context, t *testing.T) {
	a := run.store.Account(1)
	for n := int64(1); ctx.Err() == nil && n < 50; n++ {
		name := fmt.Sprintf("Made%d", n)
		table, err := a.CreateTable(ctx, name)
		if err == nil {
			_, err = table.Write(ctx, &Op{Kind: Insert, Entity: entity("p", "r")})
		}
		if err == nil && n%3 == 0 {
			err = a.DeleteTable(ctx, name)
		}
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("table %s: %v", name, err)
			}
			return
		}
		run.tables.Store(n)
	}
}

func verify(t *testing.T, w *world, acked [crashWriters]int64, newest, tables int64) {
	t.Helper()
	table := w.table("Crash")
	found := int64(0)
	for i, want := range acked {
		var n [2]int64
		for half, row := range []string{"a", "b"} {
			var e Entity
			if err := table.Get(t.Context(), fmt.Sprint(i), row, &e); err != nil {
				wantCode(t, err, ResourceNotFound)
				continue
			}
			found++
			n[half] = e.Lookup("N").Int()
		}
		// A delete may have come after the last acknowledged number.
		if n[0] != n[1] || n[0] < want && (n[0] != 0 || (want+1)%7 != 0) {
			t.Errorf("writer %d has %v, acknowledged is %d", i, n, want)
		}
	}
	if entities, _ := table.Usage(); entities != found {
		t.Errorf("usage %d entities, there are %d", entities, found)
	}
	if stamp := write(t, table, Upsert, entity("new", "r")); int64(stamp) <= newest {
		t.Errorf("timestamp %d after %d", stamp, newest)
	}
	for n := int64(1); n <= tables; n++ {
		_, err := w.store.Account(1).Table(fmt.Sprintf("Made%d", n))
		if (err == nil) != (n%3 != 0) {
			t.Errorf("table %d: %v", n, err)
		}
	}
}
