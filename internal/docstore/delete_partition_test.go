package docstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// fillPartition upserts n items into a partition.
func fillPartition(t testing.TB, c *Container, pk string, n int) {
	t.Helper()
	ops := make([]Op, n)
	for i := range ops {
		ops[i] = Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%d","pk":%q,"n":%d}`, i, pk, i)}
	}
	results, err := c.Write(t.Context(), ops, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

func count(t testing.TB, c *Container, pk string) int64 {
	t.Helper()
	key := StringKey(pk)
	n, err := c.Count(t.Context(), &key)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDeletePartition(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	const many = deleteAtOnce*2 + 7
	fillPartition(t, c, "a", many)
	fillPartition(t, c, "ab", 3) // its encoding shares no prefix with a's
	fillPartition(t, c, "b", 3)
	n, size, err := c.DeletePartition(t.Context(), StringKey("a"))
	if err != nil || n != many || size < many*100 {
		t.Fatalf("%d items, %d bytes, %v", n, size, err)
	}
	if a, ab, b := count(t, c, "a"), count(t, c, "ab"), count(t, c, "b"); a != 0 || ab != 3 || b != 3 {
		t.Errorf("left are %d, %d and %d", a, ab, b)
	}
	if n, _, err := c.DeletePartition(t.Context(), StringKey("a")); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	if _, _, err := c.DeletePartition(t.Context(), Key()); !fault.Is(err, fault.Invalid) {
		t.Errorf("without a key: %v", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if n, _, err := c.DeletePartition(stopped, StringKey("b")); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("given up by its caller: %d, %v", n, err)
	}
	check(t, c)
	w.reopen()
	c = w.container()
	if a := count(t, c, "a"); a != 0 {
		t.Errorf("%d are back", a)
	}
	check(t, c)
}

// What is written while a partition is deleted stays, if it comes behind what
// the deletion began with.
func TestDeletePartitionSparesWhatIsNewer(t *testing.T) {
	c := newWorld(t).container()
	fillPartition(t, c, "a", 3)
	key := StringKey("a")
	upTo := c.clock.taken()
	upsert(t, c, `{"id":"1","pk":"a","n":"changed"}`)
	upsert(t, c, `{"id":"9","pk":"a","n":"new"}`)
	ops, _, err := c.partitionOps(key, uniqueKey(nil, c.cid, key.enc, ""), upTo)
	if err != nil || len(ops) != 4 {
		t.Fatalf("%d operations, %v", len(ops), err)
	}
	results, err := c.Write(t.Context(), ops, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true, false} {
		if (results[i].Err == nil) != want {
			t.Errorf("item %s: %v", ops[i].ID, results[i].Err)
		}
	}
	rows, err := c.Scan(t.Context(), ScanOptions{Key: &key})
	if got := strings.Join(texts(t, rows, err), " "); !strings.Contains(got, "changed") || !strings.Contains(got, "new") {
		t.Errorf("left: %s", got)
	}
	check(t, c)
}

// The power fails somewhere in a deletion: every item is whole or gone, and
// the deletion can be repeated.
func TestDeletePartitionAndPowerLoss(t *testing.T) {
	testkit.NoLeaks(t)
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		fs := vfs.NewCrashableMem()
		w := &world{t: t, fs: fs, clock: testkit.NewClock(time.Unix(1_700_000_000, 0))}
		w.open()
		c := w.container(func(s *ContainerSpec) { s.UniqueKeys = [][]string{{"/n"}} })
		fillPartition(t, c, "a", deleteAtOnce+chunkOps)
		fillPartition(t, c, "b", 5)
		ctx, cancel := context.WithCancel(t.Context())
		clone := make(chan vfs.FS, 1)
		moment := int64(5 + rng.IntN(deleteAtOnce))
		go func() {
			for c.docs.Load() > moment && ctx.Err() == nil {
				runtime.Gosched()
			}
			clone <- fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		}()
		n, _, err := c.DeletePartition(ctx, StringKey("a"))
		cancel()
		if err != nil || n != deleteAtOnce+chunkOps {
			t.Fatalf("seed %d: %d items, %v", seed, n, err)
		}
		after := &world{t: t, fs: <-clone, clock: w.clock}
		w.close()
		after.open()
		c = after.container()
		check(t, c)
		left := count(t, c, "a")
		if n, _, err := c.DeletePartition(t.Context(), StringKey("a")); err != nil || int64(n) != left {
			t.Errorf("seed %d: repeated: %d of %d, %v", seed, n, left, err)
		}
		if b := count(t, c, "b"); b != 5 {
			t.Errorf("seed %d: %d of the other partition are left", seed, b)
		}
		check(t, c)
		after.close()
	}
}
