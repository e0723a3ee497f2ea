package seglog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// image is what a crash leaves at one moment, and what had been acknowledged.
type image struct {
	fs    *vfs.MemFS
	acked int // batches
	at    string
}

// The power goes off before each call that changes a file, many times over with
// other parts of the unsynced blocks and names surviving. Whatever was
// acknowledged is there afterwards; a batch is there whole or not at all; and
// the log goes on.
func TestCrashAnywhere(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			crashAnywhere(t, rand.New(rand.NewPCG(seed, 7)))
		})
	}
}

func crashAnywhere(t *testing.T, rng *rand.Rand) {
	mem := vfs.NewCrashableMem()
	var images []image
	var batches [][]string
	var labels []string
	acked := 0
	// Called on the writer, as acknowledgements are: acked is exact.
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		name, changes := vfs.ChangeName(op.Kind)
		if changes && op.Kind != vfs.OpPreallocate {
			for _, percent := range []int{0, 50, 100} {
				images = append(images, image{
					fs:    mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: percent, RNG: rng}),
					acked: acked, at: fmt.Sprintf("before %s %s, %d%% unsynced", name, op.Path, percent),
				})
			}
		}
		return nil
	}))
	opts := Options{FS: fs, SegmentBytes: 12 << 10, QueueBytes: 1 << 20}
	l := start(t, opts)
	done := make(chan Result, 10)
	for i := 0; i < 24; {
		var together []pending // one commit, if they fit
		for range 1 + rng.IntN(4) {
			label, records := randomBatch(rng, i)
			labels, batches = append(labels, label), append(batches, records)
			a := Append{Label: label, Records: toBytes(records), Done: func(r Result) {
				acked++
				done <- r
			}}
			together = append(together, pending{a, groupSize(a.Label, a.Records)})
			i++
		}
		l.queue.mu.Lock()
		for _, p := range together {
			l.queue.items = append(l.queue.items, p)
			l.queue.bytes += int64(p.size)
		}
		l.queue.mu.Unlock()
		l.queue.wake()
		for range together {
			if r := <-done; r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		if i%7 == 0 {
			l.stop()
			l = start(t, opts)
		}
	}
	l.stop()
	for _, im := range images {
		checkImage(t, im, labels, batches)
	}
}

// checkImage opens the log a crash has left, twice, and appends to it.
func checkImage(t *testing.T, im image, labels []string, batches [][]string) {
	t.Helper()
	l, err := tryStart(t, Options{FS: im.fs, SegmentBytes: 12 << 10})
	if err != nil {
		t.Fatalf("%s: %v", im.at, err)
	}
	got := mustRead(t, l.Log)
	var want numbered
	whole := 0
	for ; whole < len(batches) && len(want.entries) < len(got); whole++ {
		want.add(labels[whole], batches[whole]...)
	}
	if whole < im.acked {
		t.Fatalf("%s: %d batches are left of %d acknowledged", im.at, whole, im.acked)
	}
	wantEntries(t, got, want.entries)

	l.mustAppend("after", "the crash")
	want.add("after", "the crash")
	l.stop()
	l, err = tryStart(t, Options{FS: im.fs, SegmentBytes: 12 << 10})
	if err != nil {
		t.Fatalf("%s: second start: %v", im.at, err)
	}
	wantEntries(t, mustRead(t, l.Log), want.entries)
	l.stop()
}

// written returns the files of a log of some batches that was not closed
// orderly, and what is in it.
func written(t testing.TB, opts Options, batches int) (*vfs.MemFS, *numbered) {
	mem := vfs.NewMem()
	opts.FS = mem
	l := start(t, opts)
	var want numbered
	for i := range batches {
		records := []string{fmt.Sprintf("%d/a", i), fmt.Sprintf("%d/b:%s", i, strings.Repeat("y", 10*i))}
		l.mustAppend("key", records...)
		want.add("key", records...)
	}
	// What is on disk now is what kill -9 would leave.
	left := vfs.NewMem()
	for _, s := range l.segments {
		put(t, left, s.path, contents(t, mem, s.path))
	}
	l.stop()
	return left, &want
}

// A crash may cut the last write off at any byte, or leave any of its blocks
// empty. What was complete before stays.
func TestTornTail(t *testing.T) {
	files, want := written(t, Options{}, 6)
	groups := positionsOf(t, files, 1)
	before := len(want.entries) - 2
	last := int(groups[5])
	whole := contents(t, files, path(files, 1))[:groups[6]]
	for _, kind := range []string{"cut off", "zeros from", "zeros up to", "zeros from, and blanks behind"} {
		for n := last; n < len(whole); n++ {
			torn := append([]byte{}, whole...)
			switch kind {
			case "cut off":
				torn = torn[:n]
			case "zeros from":
				clear(torn[n:])
			case "zeros up to":
				clear(torn[last : n+1])
			case "zeros from, and blanks behind":
				clear(torn[n:])
				torn = append(torn, make([]byte, 3*groupHeaderSize)...)
			}
			wantTorn := int64(len(torn) - last)
			if len(bytes.Trim(torn[last:], "\x00")) == 0 {
				wantTorn = 0 // nothing of the write is there: blanks
			}
			fs := vfs.NewMem()
			put(t, fs, path(fs, 1), torn)
			l := start(t, Options{FS: fs})
			got := mustRead(t, l.Log)
			wantEntries(t, got, want.entries[:before])
			if info := l.Info(); info.TornBytes != wantTorn {
				t.Fatalf("%s byte %d: %d torn bytes, want %d", kind, n, info.TornBytes, wantTorn)
			}
			l.mustAppend("", "new")
			after := append(want.entries[:before:before], entry{int64(before), "", "new"})
			wantEntries(t, mustRead(t, l.Log), after)
			l.stop()
			l = start(t, Options{FS: fs})
			wantEntries(t, mustRead(t, l.Log), after)
			l.stop()
		}
	}
}

// positionsOf returns where the groups of a segment begin, and where the last
// one ends.
func positionsOf(t testing.TB, fs vfs.FS, number uint64) []int64 {
	t.Helper()
	b := contents(t, fs, path(fs, number))
	var out []int64
	pos := int64(headerSize)
	for len(bytes.Trim(b[pos:], "\x00")) > 0 {
		g, reason := parseGroupHeader(b[pos:])
		if reason != "" {
			t.Fatal(reason)
		}
		out = append(out, pos)
		pos += int64(g.length)
	}
	return append(out, pos)
}
