package seglog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const dir = "data/log"

// running is a log with its writer, as the tests use it.
type running struct {
	*Log
	t    testing.TB
	stop func()
}

// start opens the log and runs its writer until the test ends or stop is called.
func start(t testing.TB, opts Options) *running {
	t.Helper()
	r, err := tryStart(t, opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return r
}

func tryStart(t testing.TB, opts Options) (*running, error) {
	if opts.Dir == "" {
		opts.Dir = dir
	}
	if opts.Name == "" {
		opts.Name = "log"
	}
	l, err := Open(opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	r := &running{Log: l, t: t}
	r.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := l.Release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r, nil
}

// append stores the records and waits for the answer.
func (r *running) append(label string, records ...string) Result {
	answer := make(chan Result, 1)
	r.Append(Append{Label: label, Records: toBytes(records), Done: func(res Result) { answer <- res }})
	return <-answer
}

func (r *running) mustAppend(label string, records ...string) Result {
	r.t.Helper()
	res := r.append(label, records...)
	if res.Err != nil {
		r.t.Fatalf("append: %v", res.Err)
	}
	return res
}

func toBytes(records []string) [][]byte {
	out := make([][]byte, len(records))
	for i, s := range records {
		out[i] = []byte(s)
	}
	return out
}

// entry is a record as tests compare it.
type entry struct {
	Sequence    int64
	Label, Body string
}

// readFrom reads all records from the given one on, a few at a time.
func readFrom(l *Log, sequence int64) ([]entry, error) {
	rd, err := l.NewReader(sequence)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	var out []entry
	var batch []Record
	for {
		batch, err = rd.Next(7, 1<<20, batch[:0])
		for _, rec := range batch {
			out = append(out, entry{rec.Sequence, rec.Label, string(rec.Body)})
		}
		if err != nil || len(batch) == 0 {
			return out, err
		}
	}
}

func mustRead(t testing.TB, l *Log) []entry {
	t.Helper()
	got, err := readFrom(l, 0)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return got
}

// wantEntries fails unless got is want.
func wantEntries(t testing.TB, got, want []entry) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("record %d: got %.80v, want %.80v", i, got[i], want[i])
		}
	}
	t.Fatalf("got %d records, want %d", len(got), len(want))
}

// numbered turns labelled batches into the entries they must become.
type numbered struct{ entries []entry }

func (n *numbered) add(label string, records ...string) {
	for _, r := range records {
		n.entries = append(n.entries, entry{int64(len(n.entries)), label, r})
	}
}

// randomBatch returns a batch whose records say which they are.
func randomBatch(rng *rand.Rand, tag int) (label string, records []string) {
	if rng.IntN(3) > 0 {
		label = fmt.Sprintf("key-%d", rng.IntN(5))
	}
	for i := range 1 + rng.IntN(6) {
		size := rng.IntN(300)
		if rng.IntN(40) == 0 {
			size = rng.IntN(20_000)
		}
		records = append(records, fmt.Sprintf("%d/%d:%s", tag, i, strings.Repeat("x", size)))
	}
	return label, records
}

// path returns where a segment is.
func path(fs vfs.FS, number uint64) string { return fs.PathJoin(dir, segmentName(number)) }

// contents returns the bytes of a file.
func contents(t testing.TB, fs vfs.FS, path string) []byte {
	t.Helper()
	b, err := vfs.ReadFile(fs, path, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put replaces a file.
func put(t testing.TB, fs vfs.FS, path string, b []byte) {
	t.Helper()
	if err := vfs.MakeDir(fs, fs.PathDir(path)); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFile(fs, path, b); err != nil {
		t.Fatal(err)
	}
}

func noLeaks(t *testing.T) { testkit.NoLeaks(t) }
