package objectstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A crash run has writers that each overwrite a blob of their own with the
// numbers 1, 2, 3, …, in one piece or as a list of blocks, of all sizes; uploads
// that never end; deletions of what lies around; a copy of each blob; and
// compaction. At a random moment the power fails. What the disk then holds must
// have every acknowledged number or a later one, whole, and no file without a
// living byte.
func TestPowerLoss(t *testing.T) {
	testkit.NoLeaks(t)
	for round := range 12 {
		seed := uint64(round)*7919 + 17
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { powerLoss(t, seed) })
	}
}

const crashWriters = 4

type crashRun struct {
	w      *world
	acked  [crashWriters]atomic.Int64
	copied [crashWriters]atomic.Int64
	acks   chan struct{}
}

func powerLoss(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	run := &crashRun{w: smallWorld(t, fs), acks: make(chan struct{}, 1<<16)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range crashWriters {
		wg.Go(func() { run.write(ctx, t, i) })
	}
	wg.Go(func() { run.tidy(ctx) })
	wg.Go(func() { run.abandon(ctx) })
	for range 5 + rng.IntN(100) {
		<-run.acks
	}
	var acked, copied [crashWriters]int64
	for i := range acked {
		acked[i], copied[i] = run.acked[i].Load(), run.copied[i].Load()
	}
	clone := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	cancel()
	wg.Wait()
	run.w.close()

	after := &world{t: t, fs: clone, clock: run.w.clock, set: run.w.set}
	after.open()
	defer after.close()
	for i := range acked {
		after.wantAtLeast(fmt.Sprintf("blob%d", i), acked[i])
		after.wantAtLeast(fmt.Sprintf("copy%d", i), copied[i])
	}
	for _, name := range after.names(ListOptions{Uncommitted: true}) {
		if strings.HasPrefix(name, "never") {
			t.Errorf("%s is there, and its upload never ended", name)
		}
	}
	checkLive(t, after)
	for number, e := range after.s.extents.all {
		if e.live <= 0 {
			t.Errorf("extent %d has nothing alive and is there", number)
		}
	}
	after.put("new", "after the crash")
	after.want(at("new"), "after the crash")
	after.s.tidy(t.Context())
	checkLive(t, after)
}

// body is the content of a number: it says its number and length, so that half a
// blob or a wrong one is noticed.
func body(i int, n int64) string {
	size := int(n*7919+int64(i)*104729) % (3 * pieceData)
	return fmt.Sprintf("%d %d ", n, size) + big(size)
}

// wantAtLeast demands that a blob holds a number, whole, and not an earlier one.
func (w *world) wantAtLeast(name string, n int64) {
	w.t.Helper()
	text, err := w.read(at(name))
	if err != nil {
		if n > 0 || fault.CodeOf(err) != BlobNotFound {
			w.t.Errorf("%s: %v; number %d was acknowledged", name, err, n)
		}
		return
	}
	first, rest, _ := strings.Cut(text, " ")
	size, rest, _ := strings.Cut(rest, " ")
	got, _ := strconv.ParseInt(first, 10, 64)
	length, _ := strconv.Atoi(size)
	if got < n || rest != big(length) {
		w.t.Errorf("%s holds number %d with %d bytes of %d; %d was acknowledged", name, got, len(rest), length, n)
	}
}

func (run *crashRun) write(ctx context.Context, t *testing.T, i int) {
	name := at(fmt.Sprintf("blob%d", i))
	for n := int64(1); ctx.Err() == nil; n++ {
		if err := run.put(name, body(i, n), n%3 == 0); err != nil {
			t.Error(err)
			return
		}
		run.acked[i].Store(n)
		run.acks <- struct{}{}
		if n%5 == 0 {
			if _, err := run.w.a.CopyFrom(t.Context(), at(fmt.Sprintf("copy%d", i)), Source{Account: run.w.a, Address: name}, CopyPut{}); err != nil {
				t.Error(err)
			}
			run.copied[i].Store(n)
		}
		if n%4 == 0 {
			run.acked[i].Store(0)
			if err := run.w.a.Delete(t.Context(), name, DeleteOptions{}); err != nil {
				t.Error(err)
			}
		}
	}
}

// put overwrites a blob, in one piece or as two blocks.
func (run *crashRun) put(name Address, text string, blocks bool) error {
	ctx := run.w.t.Context()
	if !blocks {
		u := run.w.upload(text)
		defer u.Discard()
		_, err := run.w.a.PutBlob(ctx, name, u, Put{Type: BlockBlob})
		return err
	}
	half := len(text) / 2
	for id, part := range map[string]string{"1": text[:half], "2": text[half:]} {
		u := run.w.upload(part)
		err := run.w.a.PutBlock(ctx, name, id, u, BlockPut{})
		u.Discard()
		if err != nil {
			return err
		}
	}
	_, err := run.w.a.CommitBlocks(ctx, name, []BlockRef{{Latest, "1"}, {Latest, "2"}}, Put{})
	return err
}

func (run *crashRun) tidy(ctx context.Context) {
	for ctx.Err() == nil {
		run.w.s.tidy(ctx)
	}
}

// abandon begins uploads and gives them up.
func (run *crashRun) abandon(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		u := run.w.upload(big(n % 9 * pieceData))
		_, _ = run.w.a.PutBlob(run.w.t.Context(), at("never"), u, Put{Type: BlockBlob, Conditions: Conditions{IfMatch: []string{"*"}}})
		u.Discard()
	}
}
