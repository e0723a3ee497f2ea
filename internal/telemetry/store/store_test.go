package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Whatever is put is found, in both views, before and after it is sealed and
// opened again.
func TestModel(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			testkit.NoLeaks(t)
			rng := rand.New(rand.NewPCG(seed, 1))
			opts := Options{FS: vfs.NewMem(), GroupItems: 50 + rng.IntN(200), Now: func() time.Time { return someday }}
			s := start(t, opts)
			var all []*item.Item
			for range 6 {
				items := randomItems(rng, len(all), rng.IntN(120))
				all = append(all, items...)
				s.put(items...)
				switch rng.IntN(4) {
				case 0:
					s.stop()
					s = start(t, opts)
				case 1:
					s.settle()
				default:
					s.flush()
				}
				wantItems(t, s.Store, all)
				if got := s.Stats(); got.Items != int64(len(all)) || got.Dropped != 0 || got.Damaged.Blocks != 0 || got.Lost != 0 {
					t.Fatalf("%+v of %d items", got, len(all))
				}
			}
		})
	}
}

// An empty store has all tables, and no rows.
func TestNothing(t *testing.T) {
	testkit.NoLeaks(t)
	fs := vfs.NewMem()
	s := start(t, Options{FS: fs})
	s.put()
	s.flush()
	wantItems(t, s.Store, nil)
	if got := s.Stats(); got.Items != 0 || !got.Oldest.IsZero() || got.BytesPerItem() != 0 {
		t.Errorf("%+v", got)
	}
	s.stop()
	s = start(t, Options{FS: fs})
	wantItems(t, s.Store, nil)
}

// Texts of any size and kind come back as they were.
func TestHostileTexts(t *testing.T) {
	testkit.NoLeaks(t)
	opts := Options{FS: vfs.NewMem(), GroupItems: 100, GroupBytes: 1 << 20}
	s := start(t, opts)
	var all []*item.Item
	big := strings.Repeat("<b>\x00\x1b[31m\u202e\xff\"\\ ", 64<<10/16)
	for n := range 60 {
		i := &item.Item{
			Time: someday, Role: big[:n], Operation: item.Operation{ID: fmt.Sprintf("%032x", n)},
			Body: &item.Trace{Message: big[n:]},
		}
		for k := range n % 4 {
			i.Properties = append(i.Properties, item.Property{Name: fmt.Sprintf("<%d>", k), Value: big[n*k:]})
		}
		all = append(all, i)
		s.put(i)
	}
	s.settle()
	wantItems(t, s.Store, all)
	s.stop()
	wantItems(t, start(t, opts).Store, all)
	if got := len(files(t, opts.FS, segmentSuffix)); got < 3 {
		t.Errorf("%d segments: a group is bounded by its bytes too", got)
	}
}

// A queue that is full drops, counts, and never waits.
func TestDrops(t *testing.T) {
	testkit.NoLeaks(t)
	s, err := Open(Options{FS: vfs.NewMem(), Dir: dir, QueueItems: 10})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	items := randomItems(rng, 0, 25)
	if got := s.Put(items[:8]...); got != 8 { // nobody writes yet
		t.Errorf("%d of 8 are taken", got)
	}
	if got := s.Put(items[8:]...); got != 2 {
		t.Errorf("%d are taken where 2 have room", got)
	}
	if got := s.Stats(); got.Dropped != 15 || got.Waiting != 10 {
		t.Errorf("%+v", got)
	}
	s.Close()
	if err := s.Run(t.Context()); err != nil { // drains
		t.Fatal(err)
	}
	wantItems(t, s, items[:10])
	if got := s.Put(items[0]); got != 0 {
		t.Error("a closed store takes items")
	}
	if err := s.Flush(t.Context()); err == nil {
		t.Error("a closed store can be flushed")
	}
}

// A queue is bounded by bytes as well.
func TestDropsLarge(t *testing.T) {
	s, err := Open(Options{FS: vfs.NewMem(), Dir: dir, QueueBytes: 100 << 10})
	if err != nil {
		t.Fatal(err)
	}
	large := &item.Item{Time: someday, Body: &item.Trace{Message: strings.Repeat("x", 40<<10)}}
	if got := s.Put(large, large, large, large); got != 2 {
		t.Errorf("%d of 40 KiB are taken by 100 KiB", got)
	}
	s.Close()
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Segments go, whole and the oldest first, by age and by room.
func TestRetention(t *testing.T) {
	testkit.NoLeaks(t)
	clock := testkit.NewClock(someday)
	fs := vfs.NewMem()
	opts := Options{FS: fs, GroupItems: 100, MaxAge: 24 * time.Hour, Now: clock.Now}
	s := start(t, opts)
	rng := rand.New(rand.NewPCG(1, 1))
	var all []*item.Item
	for range 5 {
		items := randomItems(rng, len(all), 100)
		all = append(all, items...)
		s.put(items...)
		s.settle()
		clock.Advance(7 * time.Hour)
	}
	s.expire()
	wantItems(t, s.Store, all[200:]) // 35 and 28 hours ago
	if got := s.Stats(); got.Expired != 200 || got.Items != 300 {
		t.Errorf("%+v", got)
	}
	one := s.Stats().Bytes / 3
	s.stop()
	opts.MaxBytes = 2 * one
	s = start(t, opts)
	s.expire()
	got := operations(t, s.Store)
	if len(got) != 100 && len(got) != 200 || got[len(got)-1] != 499 {
		t.Errorf("%d items are left, the last is %d", len(got), got[len(got)-1])
	}
	if got := s.Stats(); got.Bytes > opts.MaxBytes {
		t.Errorf("%d bytes where %d may be", got.Bytes, opts.MaxBytes)
	}
	if n := len(files(t, fs, segmentSuffix)); n != len(got)/100 {
		t.Errorf("%d files of %d groups", n, len(got)/100)
	}
}

// An open group that gets no more is sealed by its age, so that it can expire.
func TestOldGroup(t *testing.T) {
	testkit.NoLeaks(t)
	clock := testkit.NewClock(someday)
	fs := vfs.NewMem()
	s := start(t, Options{FS: fs, GroupAge: time.Hour, SyncInterval: time.Millisecond, Now: clock.Now})
	s.put(randomItems(rand.New(rand.NewPCG(1, 1)), 0, 10)...)
	s.settle()
	if n := len(files(t, fs, segmentSuffix)); n != 0 {
		t.Fatalf("%d segments of a young group", n)
	}
	clock.Advance(2 * time.Hour)
	for limit := time.Now().Add(time.Minute); len(files(t, fs, segmentSuffix)) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("an old group is not sealed")
		}
	}
}
