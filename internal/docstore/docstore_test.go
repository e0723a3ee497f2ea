package docstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is a store that a test can close, crash and open again.
type world struct {
	t     testing.TB
	fs    vfs.FS
	clock *testkit.Clock
	db    *kv.DB
	store *Store
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, fs: vfs.NewMem(), clock: testkit.NewClock(time.Unix(1_700_000_000, 0))}
	w.open()
	t.Cleanup(w.close)
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.db, err = kv.Open(kv.Options{FS: w.fs, Dir: "db", Log: testkit.Discard()}); err != nil {
		w.t.Fatal(err)
	}
	if w.store, err = Open(Options{DB: w.db, Now: w.clock.Now, Log: testkit.Discard()}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	if w.store == nil {
		return
	}
	if err := w.store.Close(); err != nil {
		w.t.Errorf("close store: %v", err)
	}
	if err := w.db.Close(); err != nil {
		w.t.Errorf("close db: %v", err)
	}
	w.store = nil
}

func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
}

// container returns the container db/c, made on first use.
func (w *world) container(change ...func(*ContainerSpec)) *Container {
	w.t.Helper()
	d, err := w.store.Account(1).Database("db")
	if fault.Is(err, fault.NotFound) {
		d, err = w.store.Account(1).CreateDatabase(w.t.Context(), DatabaseSpec{ID: "db"})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := d.Container("c")
	if fault.Is(err, fault.NotFound) {
		spec := ContainerSpec{ID: "c", PartitionKey: PartitionKeySpec{Paths: []string{"/pk"}}}
		for _, f := range change {
			f(&spec)
		}
		c, err = d.CreateContainer(w.t.Context(), spec)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// do executes one operation.
func do(t testing.TB, c *Container, op Op) Result {
	t.Helper()
	results, err := c.Write(t.Context(), []Op{op}, false)
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	return results[0]
}

func upsert(t testing.TB, c *Container, body string) Item {
	t.Helper()
	r := do(t, c, Op{Kind: Upsert, Body: []byte(body)})
	if r.Err != nil {
		t.Fatalf("upsert %s: %v", body, r.Err)
	}
	return r.Item
}

func check(t testing.TB, c *Container) {
	t.Helper()
	if err := c.Check(t.Context()); err != nil {
		t.Fatalf("check: %v", err)
	}
}

// user returns the document without its system properties.
func user(body []byte) string { return string(body[:len(body)-stampLen]) + "}" }

func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("error %v, want kind %q", err, kind)
	}
}

// texts drains rows.
func texts(t testing.TB, rows *Rows, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		all = append(all, user(rows.Doc()))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStoredBytesAreKept(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	for _, body := range []string{
		`{"id":"1","pk":"a","n":1.50e+02,"z":1,"a":2}`,
		"{ \"id\" : \"2\",\n\t\"pk\":\"a\", \"big\":12345678901234567890 }",
		`{"id":"\u0033","pk":null,"x":{"y":[1,{"_ts":5}]}}`,
	} {
		it := upsert(t, c, body)
		got, err := c.Read(t.Context(), it.Key, it.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimRight(strings.TrimSuffix(body, "}"), " ")
		if !strings.HasPrefix(string(got.Body), want+`,"_rid":"`) {
			t.Errorf("stored %s\nwant it to begin with %s", got.Body, want)
		}
		if got.ETag != it.ETag || got.RID != it.RID || got.LSN != it.LSN || string(got.Body) != string(it.Body) {
			t.Errorf("read %+v differs from written %+v", got, it)
		}
	}
	check(t, c)
}

func TestSystemPropertiesAreReplaced(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	first := upsert(t, c, `{"id":"1","pk":"a"}`)
	again := upsert(t, c, string(first.Body)) // as read: they are at the end
	if user(again.Body) != `{"id":"1","pk":"a"}` {
		t.Errorf("stored %s", again.Body)
	}
	if again.RID != first.RID || again.ETag == first.ETag {
		t.Errorf("rid %s etag %s after rid %s etag %s", again.RID, again.ETag, first.RID, first.ETag)
	}
	mixed := upsert(t, c, `{"_rid":"x","id":"2", "_ts":1 ,"pk":"a","_etag":"y","v":[1, 2],"_lsn":4}`)
	if user(mixed.Body) != `{"id":"2","pk":"a","v":[1, 2]}` {
		t.Errorf("stored %s", mixed.Body)
	}
	check(t, c)
}

func TestConditions(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	it := upsert(t, c, `{"id":"1","pk":"a"}`)
	key, other := StringKey("a"), StringKey("b")
	body := []byte(`{"id":"1","pk":"a","v":2}`)
	for _, tc := range []struct {
		name string
		op   Op
		want fault.Kind
	}{
		{"create existing", Op{Kind: Create, Body: body}, fault.Conflict},
		{"replace absent", Op{Kind: Replace, Body: []byte(`{"id":"9","pk":"a"}`)}, fault.NotFound},
		{"delete absent", Op{Kind: Delete, Key: &key, ID: "9"}, fault.NotFound},
		{"delete in another partition", Op{Kind: Delete, Key: &other, ID: "1"}, fault.NotFound},
		{"delete without key", Op{Kind: Delete, ID: "1"}, fault.Invalid},
		{"stale etag", Op{Kind: Replace, Body: body, IfMatch: `"x"`}, fault.PreconditionFailed},
		{"if-match on absent", Op{Kind: Replace, Body: []byte(`{"id":"9","pk":"a"}`), IfMatch: "*"}, fault.NotFound},
		{"if-none-match any", Op{Kind: Upsert, Body: body, IfNoneMatch: "*"}, fault.PreconditionFailed},
		{"key mismatch", Op{Kind: Upsert, Key: &other, Body: body}, fault.Invalid},
		{"id mismatch", Op{Kind: Replace, ID: "2", Body: body}, fault.Invalid},
		{"short key", Op{Kind: Upsert, Key: &PartitionKey{}, Body: body}, fault.Invalid},
		{"no id", Op{Kind: Upsert, Body: []byte(`{"pk":"a"}`)}, fault.Invalid},
		{"number id", Op{Kind: Upsert, Body: []byte(`{"id":1,"pk":"a"}`)}, fault.Invalid},
		{"long id", Op{Kind: Upsert, Body: []byte(`{"id":"` + strings.Repeat("x", 1024) + `","pk":"a"}`)}, fault.Invalid},
		{"object key", Op{Kind: Upsert, Body: []byte(`{"id":"1","pk":{}}`)}, fault.Invalid},
		{"twice", Op{Kind: Upsert, Body: []byte(`{"id":"1","pk":"a","pk":"b"}`)}, fault.Invalid},
		{"not JSON", Op{Kind: Upsert, Body: []byte(`{"id":"1","pk":"a",}`)}, fault.Invalid},
		{"array", Op{Kind: Upsert, Body: []byte(`[]`)}, fault.Invalid},
		{"deep", Op{Kind: Upsert, Body: []byte(`{"id":"1","pk":"a","x":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + `}`)}, fault.Invalid},
		{"large", Op{Kind: Upsert, Body: []byte(`{"id":"1","pk":"a","x":"` + strings.Repeat("x", maxDocBytes) + `"}`)}, fault.TooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) { wantKind(t, do(t, c, tc.op).Err, tc.want) })
	}
	if r := do(t, c, Op{Kind: Replace, Body: body, IfMatch: it.ETag}); r.Err != nil || r.Created {
		t.Errorf("replace with the right etag: %+v", r)
	}
	if r := do(t, c, Op{Kind: Read, Key: &key, ID: "1", IfNoneMatch: it.ETag}); r.Err != nil || r.NotModified {
		t.Errorf("read of what has changed: %+v", r)
	}
	if r := do(t, c, Op{Kind: Read, Key: &key, ID: "1", IfNoneMatch: "*"}); r.Err != nil || !r.NotModified {
		t.Errorf("read of what is known: %+v", r)
	}
	if r := do(t, c, Op{Kind: Delete, Key: &key, ID: "1", IfMatch: "*"}); r.Err != nil {
		t.Error(r.Err)
	}
	_, err := c.Read(t.Context(), key, "1")
	wantKind(t, err, fault.NotFound)
	check(t, c)
}

func TestAtomicWriteIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	upsert(t, c, `{"id":"1","pk":"a"}`)
	before := c.LSN()
	key := StringKey("a")
	ops := []Op{
		{Kind: Create, Body: []byte(`{"id":"2","pk":"a"}`)},
		{Kind: Upsert, Body: []byte(`{"id":"2","pk":"a","v":2}`)},
		{Kind: Delete, Key: &key, ID: "1"},
		{Kind: Create, Body: []byte(`{"id":"2","pk":"a"}`)},
	}
	results, err := c.Write(t.Context(), ops, true)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, results[3].Err, fault.Conflict)
	for _, r := range results[:3] {
		wantKind(t, r.Err, fault.Unavailable)
	}
	if c.LSN() != before || c.docs.Load() != 1 {
		t.Errorf("LSN %d, %d documents after a failed transaction", c.LSN(), c.docs.Load())
	}
	check(t, c)

	ops[3] = Op{Kind: Mutate, Key: &key, ID: "2", Mutate: func(it Item) ([]byte, error) {
		return []byte(strings.Replace(user(it.Body), `"v":2`, `"v":3`, 1)), nil
	}}
	results, err = c.Write(t.Context(), ops, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("operation %d: %v", i, r.Err)
		}
		if i != 2 && r.Item.LSN != c.LSN() {
			t.Errorf("operation %d has LSN %d, the transaction %d", i, r.Item.LSN, c.LSN())
		}
	}
	rows, err := c.Scan(t.Context(), ScanOptions{})
	if got := texts(t, rows, err); len(got) != 1 || got[0] != `{"id":"2","pk":"a","v":3}` {
		t.Errorf("documents %v", got)
	}
	check(t, c)
	w.reopen()
	check(t, w.container())
}

func TestBulkWriteInOrder(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	var ops []Op
	for i := range 1000 {
		ops = append(ops, Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%d","pk":"p%d","v":%d}`, i%300, i%3, i)})
	}
	results, err := c.Write(t.Context(), ops, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil || r.Created != (i < 300) {
			t.Fatalf("operation %d: %+v", i, r)
		}
	}
	rows, err := c.Scan(t.Context(), ScanOptions{})
	got := texts(t, rows, err)
	if len(got) != 300 || got[0] != `{"id":"0","pk":"p0","v":900}` || got[299] != `{"id":"299","pk":"p2","v":899}` {
		t.Errorf("%d documents, %s … %s", len(got), got[0], got[len(got)-1])
	}
	check(t, c)
}

func TestUniqueKeys(t *testing.T) {
	w := newWorld(t)
	c := w.container(func(s *ContainerSpec) { s.UniqueKeys = [][]string{{"/mail"}, {"/a", "/b/c"}} })
	upsert(t, c, `{"id":"1","pk":"a","mail":"x","a":1}`)
	wantKind(t, do(t, c, Op{Kind: Create, Body: []byte(`{"id":"2","pk":"a","mail":"x","a":2}`)}).Err, fault.Conflict)
	wantKind(t, do(t, c, Op{Kind: Create, Body: []byte(`{"id":"2","pk":"a","mail":"y","a":1.0}`)}).Err, fault.Conflict)
	upsert(t, c, `{"id":"2","pk":"b","mail":"x","a":1}`) // another partition
	upsert(t, c, `{"id":"1","pk":"a","mail":"y","a":1}`) // gives x up
	upsert(t, c, `{"id":"2","pk":"a","mail":"x","a":2}`)
	check(t, c)
	results, err := c.Write(t.Context(), []Op{
		{Kind: Create, Body: []byte(`{"id":"7","pk":"a","mail":"z","a":7}`)},
		{Kind: Create, Body: []byte(`{"id":"8","pk":"a","mail":"z","a":8}`)},
	}, false)
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
	wantKind(t, results[1].Err, fault.Conflict)
	check(t, c)
}

func TestHierarchicalKeys(t *testing.T) {
	w := newWorld(t)
	c := w.container(func(s *ContainerSpec) { s.PartitionKey.Paths = []string{"/t", "/u/v"} })
	if k := c.Spec().PartitionKey.Kind; k != "MultiHash" {
		t.Errorf("kind %s", k)
	}
	for i, body := range []string{
		`{"id":"1","t":"x","u":{"v":1}}`, `{"id":"2","t":"x"}`, `{"id":"3","t":"x","u":{"v":null}}`, `{"id":"4","t":"xy","u":{"v":1}}`,
	} {
		it := upsert(t, c, body)
		want := []string{`["x",1]`, `["x",{}]`, `["x",null]`, `["xy",1]`}[i]
		if it.Key.String() != want {
			t.Errorf("key %s, want %s", it.Key, want)
		}
		parsed, err := ParsePartitionKey(want)
		if err != nil || parsed != it.Key {
			t.Errorf("parsed %v, %v", parsed, err)
		}
	}
	prefix := StringKey("x")
	rows, err := c.Scan(t.Context(), ScanOptions{Key: &prefix, Reverse: true})
	if got := texts(t, rows, err); len(got) != 3 || !strings.HasPrefix(got[0], `{"id":"3"`) {
		t.Errorf("prefix scan: %v", got)
	}
	if n, err := c.Count(t.Context(), &prefix); n != 3 || err != nil {
		t.Errorf("count %d, %v", n, err)
	}
	check(t, c)
}

func TestRecreatedContainerHasAnotherRID(t *testing.T) {
	testkit.NoLeaks(t)
	w := newWorld(t)
	c := w.container()
	upsert(t, c, `{"id":"1","pk":"a"}`)
	old := c.Resource().RID
	if err := c.Database().DeleteContainer(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(t.Context(), StringKey("a"), "1")
	wantKind(t, err, fault.NotFound)
	_, err = c.Write(t.Context(), []Op{{Kind: Upsert, Body: []byte(`{"id":"1","pk":"a"}`)}}, false)
	wantKind(t, err, fault.NotFound)
	wantKind(t, c.WaitLSN(t.Context(), 1<<40), fault.NotFound)
	w.reopen()
	c = w.container()
	if c.Resource().RID == old {
		t.Error("a container's rid was used twice")
	}
	w.reopen()
	if c = w.container(); c.Resource().Throughput != nil {
		t.Errorf("a container without an offer has %s after a restart", c.Resource().Throughput)
	}
	if n, _ := c.Usage(); n != 0 {
		t.Errorf("%d documents", n)
	}
	byRID, err := w.store.Account(1).Database(c.Database().Resource().RID)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := byRID.Container(c.Resource().RID); err != nil || same != c {
		t.Errorf("by rid: %v, %v", same, err)
	}
	if err := w.store.Account(1).DeleteDatabase(t.Context(), "db"); err != nil {
		t.Fatal(err)
	}
	if len(w.store.Account(1).Databases()) != 0 {
		t.Error("database still there")
	}
}

// TestPanicInMutate: the container lives on after a callback panicked.
func TestPanicInMutate(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	it := upsert(t, c, `{"id":"1","pk":"a"}`)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		do(t, c, Op{Kind: Mutate, Key: &it.Key, ID: "1", Mutate: func(Item) ([]byte, error) { panic("mine") }})
	}()
	after := upsert(t, c, `{"id":"1","pk":"a","v":2}`)
	if c.LSN() != after.LSN {
		t.Errorf("LSN %d after %d", c.LSN(), after.LSN)
	}
	check(t, c)
}

// TestLargeWrites: documents and transactions far above a memtable's size.
func TestLargeWrites(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	rows, err := c.IndexScan(t.Context(), IndexOptions{Path: []string{"x"}, KeysOnly: true})
	if len(texts(t, rows, err)) != 0 {
		t.Fatal("rows in an empty container")
	}
	var ops []Op
	for i := range 8 {
		ops = append(ops, Op{Kind: Create, Body: fmt.Appendf(nil, `{"id":"%d","pk":"a","x":"%s"}`, i, strings.Repeat(string(rune('z'-i)), 1_900_000))})
	}
	for _, atomic := range []bool{true, false} {
		results, err := c.Write(t.Context(), ops, atomic)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		for i := range ops {
			ops[i].Kind = Upsert
		}
	}
	w.reopen()
	c = w.container()
	rows, err = c.IndexScan(t.Context(), IndexOptions{Path: []string{"x"}})
	if got := texts(t, rows, err); len(got) != 8 || !strings.HasPrefix(got[0], `{"id":"7"`) {
		t.Errorf("%d documents", len(got))
	}
	check(t, c)
	ops = append(ops, ops[0])
	results, err := c.Write(t.Context(), ops, true)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, results[0].Err, fault.TooLarge)
}
