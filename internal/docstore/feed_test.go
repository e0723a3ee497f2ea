package docstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

func ids(t testing.TB, c *Container, after uint64, o ChangeOptions) (list string, last uint64) {
	t.Helper()
	items, last, err := c.Changes(t.Context(), after, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		list += " " + it.ID
	}
	return strings.TrimSpace(list), last
}

func TestFeedOrder(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	for i := range 6 {
		upsert(t, c, fmt.Sprintf(`{"id":"%d","pk":"%d"}`, i, i%2))
	}
	upsert(t, c, `{"id":"1","pk":"1","v":2}`)
	upsert(t, c, `{"id":"4","pk":"0","v":2}`)
	upsert(t, c, `{"id":"1","pk":"1","v":3}`)
	key := StringKey("0")
	do(t, c, Op{Kind: Delete, Key: &key, ID: "2"})
	for _, tc := range []struct {
		after uint64
		o     ChangeOptions
		want  string
	}{
		{0, ChangeOptions{}, "0 3 5 4 1"},
		{0, ChangeOptions{Max: 2}, "0 3"},
		{0, ChangeOptions{MaxBytes: 1}, "0"},
		{0, ChangeOptions{Key: &key}, "0 4"},
		{4, ChangeOptions{}, "5 4 1"},
		{9, ChangeOptions{}, ""},
	} {
		if got, _ := ids(t, c, tc.after, tc.o); got != tc.want {
			t.Errorf("after %d with %+v: %q, want %q", tc.after, tc.o, got, tc.want)
		}
	}
	if _, last := ids(t, c, 0, ChangeOptions{}); last != c.LSN() {
		t.Errorf("last %d, LSN %d", last, c.LSN())
	}
	w.reopen()
	c = w.container()
	if got, _ := ids(t, c, 0, ChangeOptions{}); got != "0 3 5 4 1" {
		t.Errorf("after a restart: %q", got)
	}
	if _, last := ids(t, c, 0, ChangeOptions{}); last != 10 {
		t.Errorf("LSN after a restart: %d", last)
	}
}

func TestFeedDoesNotSplitTransactions(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	upsert(t, c, `{"id":"x","pk":"a"}`)
	var ops []Op
	for i := range 5 {
		ops = append(ops, Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%d","pk":"a"}`, i)})
	}
	ops = append(ops, Op{Kind: Upsert, Body: []byte(`{"id":"x","pk":"a","v":1}`)})
	if _, err := c.Write(t.Context(), ops, true); err != nil {
		t.Fatal(err)
	}
	upsert(t, c, `{"id":"y","pk":"a"}`)
	got, last := ids(t, c, 0, ChangeOptions{Max: 2})
	if got != "0 1 2 3 4 x" {
		t.Errorf("page %q", got)
	}
	if got, _ = ids(t, c, last, ChangeOptions{}); got != "y" {
		t.Errorf("next page %q", got)
	}
}

func TestFeedSince(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	var marks []time.Time
	for i := range 300 {
		if i%10 == 0 {
			w.clock.Advance(3 * time.Second)
			marks = append(marks, w.clock.Now())
		}
		upsert(t, c, fmt.Sprintf(`{"id":"%d","pk":"a"}`, i%200)) // the last hundred are changes
	}
	w.clock.Advance(-time.Hour) // the clock steps back; _ts does not
	upsert(t, c, `{"id":"late","pk":"a"}`)
	for i, mark := range marks {
		var want []string
		for n := max(i*10, 100); n < 300; n++ { // 0..99 were changed as 200..299
			want = append(want, fmt.Sprint(n%200))
		}
		if got, _ := ids(t, c, 0, ChangeOptions{Since: mark, Max: 1000}); got != strings.Join(append(want, "late"), " ") {
			t.Fatalf("since mark %d: %q", i, got)
		}
	}
	w.reopen()
	c = w.container()
	if it := upsert(t, c, `{"id":"later","pk":"a"}`); it.Timestamp < marks[len(marks)-1].Unix() {
		t.Errorf("_ts went back to %d after a restart", it.Timestamp)
	}
}

func TestWaitLSN(t *testing.T) {
	testkit.NoLeaks(t)
	w := newWorld(t)
	c := w.container()
	woke := make(chan error)
	go func() { woke <- c.WaitLSN(t.Context(), 0) }()
	upsert(t, c, `{"id":"1","pk":"a"}`)
	if err := <-woke; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { woke <- c.WaitLSN(ctx, 1) }()
	cancel()
	if err := <-woke; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled wait: %v", err)
	}
	go func() { woke <- c.WaitLSN(t.Context(), 1) }()
	if err := c.Database().DeleteContainer(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, <-woke, fault.NotFound)
}

func TestExpiry(t *testing.T) {
	w := newWorld(t)
	ten := int32(10)
	c := w.container(func(s *ContainerSpec) { s.DefaultTTL = &ten; s.UniqueKeys = [][]string{{"/u"}} })
	upsert(t, c, `{"id":"never","pk":"a","ttl":-1,"u":0}`)
	upsert(t, c, `{"id":"default","pk":"a","u":1}`)
	upsert(t, c, `{"id":"short","pk":"a","ttl":3,"u":2}`)
	upsert(t, c, `{"id":"long","pk":"a","ttl":30,"u":3}`)
	wantKind(t, do(t, c, Op{Kind: Upsert, Body: []byte(`{"id":"x","pk":"a","ttl":0}`)}).Err, fault.Invalid)
	key := StringKey("a")
	visible := func() string {
		rows, err := c.Scan(t.Context(), ScanOptions{Key: &key})
		n := len(texts(t, rows, err))
		rows, err = c.IndexScan(t.Context(), IndexOptions{Path: []string{"u"}, KeysOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			n--
		}
		rows.Close()
		count, err := c.Count(t.Context(), nil)
		list, _ := ids(t, c, 0, ChangeOptions{})
		if err != nil || n != 0 || int(count) != len(strings.Fields(list)) {
			t.Errorf("scan and index differ by %d; count %d, %v; feed %s", n, count, err, list)
		}
		return list
	}
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{0, "never default short long"}, {3 * time.Second, "never default long"}, {7 * time.Second, "never long"}} {
		w.clock.Advance(step.wait)
		if got := visible(); got != step.want {
			t.Errorf("after %v: %q, want %q", step.wait, got, step.want)
		}
	}
	wantKind(t, do(t, c, Op{Kind: Replace, Body: []byte(`{"id":"short","pk":"a","u":2}`)}).Err, fault.NotFound)
	first := upsert(t, c, `{"id":"other","pk":"a","u":2}`) // takes the unique key of an expired item
	again := do(t, c, Op{Kind: Create, Body: []byte(`{"id":"default","pk":"a","u":1}`)})
	if again.Err != nil || !again.Created || again.Item.Ordinal <= first.Ordinal {
		t.Errorf("create over an expired item: %+v", again)
	}
	check(t, c)
	w.clock.Advance(time.Minute)
	if n, err := c.sweep(t.Context()); n != 3 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if n, _ := c.Usage(); n != 1 {
		t.Errorf("%d documents left", n)
	}
	if n, err := c.sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept again %d, %v", n, err)
	}
	check(t, c)
}

func TestRunSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "db"})
		if err != nil {
			t.Fatal(err)
		}
		store, err := Open(Options{DB: db, SweepEvery: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, db: db, store: store}
		one := int32(1)
		c := w.container(func(s *ContainerSpec) { s.DefaultTTL = &one })
		upsert(t, c, `{"id":"1","pk":"a"}`)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := store.Run(ctx); err != nil {
			t.Error(err)
		}
		if n, _ := c.Usage(); n != 0 {
			t.Errorf("%d documents after the sweep", n)
		}
		w.close()
		_, err = c.Write(context.Background(), []Op{{Kind: Upsert, Body: []byte(`{"id":"1","pk":"a"}`)}}, false)
		wantKind(t, err, fault.Unavailable)
	})
}
