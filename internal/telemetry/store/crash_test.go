package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// image is what a crash leaves at one moment, and what was flushed before.
type image struct {
	fs      *vfs.MemFS
	flushed int
	at      string
}

// The power goes off before any call that changes a file, with other parts of
// what was not synced surviving. What was flushed is there afterwards; of the
// rest, each item is there as it was or not at all; and the store goes on.
func TestCrashAnywhere(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			testkit.NoLeaks(t)
			crashAnywhere(t, rand.New(rand.NewPCG(seed, 7)))
		})
	}
}

func crashAnywhere(t *testing.T, rng *rand.Rand) {
	mem := vfs.NewCrashableMem()
	var mu sync.Mutex // guards images, flushed and rng
	var images []image
	flushed := 0
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if name, changes := vfs.ChangeName(op.Kind); changes {
			mu.Lock()
			defer mu.Unlock()
			percent := []int{0, 50, 100}[rng.IntN(3)]
			images = append(images, image{
				fs:      mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: percent, RNG: rng}),
				flushed: flushed, at: fmt.Sprintf("before %s %s, %d%% unsynced", name, op.Path, percent),
			})
		}
		return nil
	}))
	now := func() time.Time { return someday }
	opts := Options{FS: fs, GroupItems: 40, Now: now}
	s := start(t, opts)
	data := rand.New(rand.NewPCG(3, 3))
	var all []*item.Item
	for i := range 8 {
		items := randomItems(data, len(all), 1+data.IntN(25))
		all = append(all, items...)
		s.put(items...)
		if i%3 != 0 {
			s.flush()
			mu.Lock()
			flushed = len(all)
			mu.Unlock()
		}
		if i == 5 {
			s.stop()
			s = start(t, opts)
		}
	}
	s.stop()
	for _, im := range images {
		again := Options{FS: im.fs, GroupItems: 40, Now: now}
		s := start(t, again)
		var left []*item.Item
		for i, n := range operations(t, s.Store) {
			if i < im.flushed && n != i {
				t.Fatalf("%s: item %d of %d flushed is gone", im.at, i, im.flushed)
			}
			left = append(left, all[n])
		}
		if len(left) < im.flushed {
			t.Fatalf("%s: %d items are left of %d flushed", im.at, len(left), im.flushed)
		}
		wantItems(t, s.Store, left)
		more := randomItem(data, len(all))
		s.put(more)
		s.stop()
		s = start(t, again)
		wantItems(t, s.Store, append(left, more))
		s.stop()
	}
}

// written is what kill -9 leaves of a store with some sealed groups and an open
// one, and what is in it.
func written(t testing.TB) (*vfs.MemFS, []*item.Item) {
	t.Helper()
	mem := vfs.NewMem()
	s := start(t, Options{FS: mem, GroupItems: 100, Now: func() time.Time { return someday }})
	var all []*item.Item
	rng := rand.New(rand.NewPCG(9, 9))
	for range 25 { // two full groups and a half
		items := randomItems(rng, len(all), 10)
		all = append(all, items...)
		s.put(items...)
		s.flush()
	}
	s.settle()
	left := vfs.NewMem()
	for _, name := range files(t, mem, "") {
		put(t, left, name, contents(t, mem, name))
	}
	s.stop()
	return left, all
}

func contents(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	b, err := vfs.ReadFile(fs, fs.PathJoin(dir, name), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t testing.TB, fs vfs.FS, name string, b []byte) {
	t.Helper()
	if err := vfs.MakeDir(fs, dir); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFile(fs, fs.PathJoin(dir, name), b); err != nil {
		t.Fatal(err)
	}
}

// copied is the folder again.
func copied(t testing.TB, fs vfs.FS) *vfs.MemFS {
	t.Helper()
	out := vfs.NewMem()
	for _, name := range files(t, fs, "") {
		put(t, out, name, contents(t, fs, name))
	}
	return out
}

// A journal that is cut off anywhere gives all records before, and goes on.
func TestTornTail(t *testing.T) {
	testkit.NoLeaks(t)
	left, all := written(t)
	journal := files(t, left, journalSuffix)
	if len(journal) != 1 {
		t.Fatalf("journals are %v", journal)
	}
	whole := contents(t, left, journal[0])
	ends := []int{journalHeader}
	for at := journalHeader; at < len(whole); {
		at += recordHeader + int(uint32(whole[at+4])|uint32(whole[at+5])<<8|uint32(whole[at+6])<<16)
		ends = append(ends, at)
	}
	if len(ends) != 6 { // five records of ten
		t.Fatalf("records end at %v", ends)
	}
	var cuts []int
	for _, end := range ends {
		for _, n := range []int{end - 1, end, end + 1, end + recordHeader, end + 200} {
			if n >= journalHeader && n < len(whole) {
				cuts = append(cuts, n)
			}
		}
	}
	for i, n := range cuts {
		fs := copied(t, left)
		put(t, fs, journal[0], append(bytes.Clone(whole[:n]), make([]byte, i%2*4096)...)) // blanks behind half of them
		s := start(t, Options{FS: fs, GroupItems: 100})
		records := 0
		for records+1 < len(ends) && ends[records+1] <= n {
			records++
		}
		got := operations(t, s.Store)
		if want := 200 + 10*records; len(got) != want {
			t.Fatalf("cut off at %d: %d items, want %d", n, len(got), want)
		}
		if torn := n != ends[records]; torn && s.Stats().Damaged.Blocks != 1 {
			t.Fatalf("cut off at %d: %+v", n, s.Stats())
		}
		s.put(all[len(got)])
		s.stop()
		s = start(t, Options{FS: fs, GroupItems: 100})
		wantItems(t, s.Store, all[:len(got)+1])
		s.stop()
	}
}

// A byte that the disk changed never changes an answer: what it lies in is
// passed over, and counted.
func TestBitRot(t *testing.T) {
	testkit.NoLeaks(t)
	left, all := written(t)
	known := map[string]bool{}
	for _, i := range all {
		s := item.Of(i.Body.Type())
		known[wantRow(s, &s.Classic, i)] = true
	}
	segment := files(t, left, segmentSuffix)[0]
	whole := contents(t, left, segment)
	rng := rand.New(rand.NewPCG(5, 5))
	hidden := 0
	for range 80 {
		at := rng.IntN(len(whole))
		rotten := bytes.Clone(whole)
		rotten[at] ^= 1 << rng.IntN(8)
		fs := copied(t, left)
		put(t, fs, segment, rotten)
		s := start(t, Options{FS: fs, GroupItems: 100})
		total := 0
		for k := range item.Types {
			schema := item.Of(item.Type(k))
			tb, _ := Tables(s.Store).Table(schema.Classic.Name)
			got, _ := scanned(t, &schema.Classic, schema, tb, everything(tb))
			total += len(got)
			for _, row := range got {
				if !known[row] {
					t.Fatalf("byte %d: a row that nobody put: %s", at, row)
				}
			}
		}
		damaged := s.Stats().Damaged
		if total < 150 || total < 250 && damaged.Blocks != 1 || total == 250 && damaged.Blocks > 0 {
			t.Fatalf("byte %d: %d items, damaged %+v", at, total, damaged)
		}
		if damaged.Blocks == 1 && damaged.Items > 0 && total+int(damaged.Items) != 250 {
			t.Fatalf("byte %d: %d items and %d damaged", at, total, damaged.Items)
		}
		if total == 250 {
			hidden++ // a byte that nothing asks for: the filter, an unused column
		}
		s.stop()
	}
	t.Logf("%d of 80 bytes were not read", hidden)
}

// A disk that refuses costs telemetry and nothing else: the store says so,
// drops, and heals with the disk.
func TestDiskRefuses(t *testing.T) {
	testkit.NoLeaks(t)
	var mu sync.Mutex // guards refuses
	refuses := false
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if _, changes := vfs.ChangeName(op.Kind); changes && refuses {
			return errDisk
		}
		return nil
	}))
	set := func(to bool) {
		mu.Lock()
		refuses = to
		mu.Unlock()
	}
	opts := Options{FS: fs, GroupItems: 50, QueueItems: 100, SyncInterval: time.Millisecond}
	s := start(t, opts)
	rng := rand.New(rand.NewPCG(2, 2))
	first := randomItems(rng, 0, 10)
	s.put(first...)
	s.flush()
	set(true)
	taken := len(first)
	for limit := time.Now().Add(time.Minute); s.Stats().Dropped == 0; {
		taken += s.Put(randomItem(rng, taken))
		if time.Now().After(limit) {
			t.Fatal("nothing is dropped although the disk takes nothing")
		}
	}
	if got := operations(t, s.Store); len(got) < 10 {
		t.Errorf("%d items can be read while the disk refuses", len(got))
	}
	set(false)
	for limit := time.Now().Add(time.Minute); s.Flush(t.Context()) != nil; {
		if time.Now().After(limit) {
			t.Fatal("the store does not heal with the disk")
		}
	}
	s.settle()
	if got := operations(t, s.Store); len(got) != taken {
		t.Errorf("%d items of %d that were taken", len(got), taken)
	}
	s.stop()
	s = start(t, opts)
	if got := operations(t, s.Store); len(got) != taken {
		t.Errorf("%d items of %d that were taken, opened again", len(got), taken)
	}
	set(true) // and it stops although the disk does not heal
	for s.Stats().Dropped == 0 {
		s.Put(randomItem(rng, 0))
	}
	s.stop()
}

// Scans see one moment each while items come in, groups are sealed and segments
// dropped.
func TestReadersAndWriter(t *testing.T) {
	testkit.NoLeaks(t)
	s := start(t, Options{FS: vfs.NewMem(), GroupItems: 300, MaxBytes: 64 << 10, QueueItems: 1 << 20})
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for last := -1; ctx.Err() == nil; {
				got := operations2(t, s.Store)
				for i := 1; i < len(got); i++ {
					if got[i] != got[i-1]+1 {
						t.Errorf("a gap between %d and %d", got[i-1], got[i])
						return
					}
				}
				if len(got) == 0 {
					continue
				}
				if now := got[len(got)-1]; now < last {
					t.Errorf("%d is gone", last)
					return
				} else {
					last = now
				}
			}
		})
	}
	for n := 0; n < 20_000; n += 100 {
		var items []*item.Item
		for k := range 100 {
			items = append(items, &item.Item{
				Time: someday, Operation: item.Operation{ID: fmt.Sprintf("%032x", n+k)},
				Body: &item.Trace{Message: fmt.Sprintf("%016x%016x", uint64(n+k)*0x9e3779b97f4a7c15, uint64(n+k)*0xd6e8feb86659fd93)},
			})
		}
		s.put(items...)
		if n%1000 == 0 {
			s.flush()
		}
	}
	s.settle()
	cancel()
	readers.Wait()
	if got := s.Stats(); got.Expired == 0 || got.Dropped != 0 || got.Damaged.Blocks != 0 {
		t.Errorf("%+v", got)
	}
}

// operations2 is operations of traces alone.
func operations2(t testing.TB, s *Store) []int {
	schema := item.Of(item.TraceType)
	tb, _ := Tables(s).Table("traces")
	ask := everything(tb)
	var out []int
	for chunk, err := range tb.Scan(context.Background(), ask) {
		if err != nil {
			t.Error(err)
			return nil
		}
		for k, at0 := range ask.Columns {
			if schema.Classic.Columns[at0].Name != "operation_Id" {
				continue
			}
			v := chunk.Columns[k]
			if v.Load != nil {
				if v, err = v.Load(); err != nil {
					t.Error(err)
					return nil
				}
			}
			for i := range chunk.N {
				var n int
				if _, err := fmt.Sscanf(at(v, i), "%x", &n); err != nil {
					t.Error(err)
				}
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out
}

// A store that could not begin a journal begins it when the disk heals, also
// when nothing comes in.
func TestJournalHeals(t *testing.T) {
	testkit.NoLeaks(t)
	mem := vfs.NewMem()
	var mu sync.Mutex // guards refuses
	refuses := false
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if refuses && op.Kind == vfs.OpCreate && isJournal(op.Path) {
			return errDisk
		}
		return nil
	}))
	s := start(t, Options{FS: fs, GroupItems: 10, SyncInterval: time.Millisecond})
	mu.Lock()
	refuses = true
	mu.Unlock()
	rng := rand.New(rand.NewPCG(2, 2))
	all := randomItems(rng, 0, 10)
	s.put(all...) // full: the next group has no journal
	for limit := time.Now().Add(time.Minute); len(files(t, mem, segmentSuffix)) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the group is not sealed")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Flush(ctx); err == nil {
		t.Error("a flush without a journal succeeds")
	}
	mu.Lock()
	refuses = false
	mu.Unlock()
	for limit := time.Now().Add(time.Minute); s.Flush(ctx) != nil; {
		if time.Now().After(limit) {
			t.Fatal("the journal is not begun although the disk heals")
		}
	}
	all = append(all, randomItems(rng, 10, 5)...)
	s.put(all[10:]...)
	s.flush()
	wantItems(t, s.Store, all)
}

func isJournal(path string) bool { return strings.Contains(path, journalSuffix) }
