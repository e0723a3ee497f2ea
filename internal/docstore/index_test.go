package docstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestIndexingPolicy(t *testing.T) {
	p, err := ParseIndexingPolicy([]byte(`{"indexingMode":"Consistent","includedPaths":[{"path":"/*"},{"path":"/a/b/?"},{"path":"/t/[]/?"}],
		"excludedPaths":[{"path":"/a/*"},{"path":"/\"_etag\"/?"}],
		"compositeIndexes":[[{"path":"/x","order":"ascending"},{"path":"/y","order":"descending"}]],"spatialIndexes":[{"path":"/g/*","types":["Point"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"/x": true, "/a": false, "/a/c": false, "/a/b": true, "/a/b/c": false, "/_etag": false, "/_ts": true, "/id": true,
	} {
		names, err := parsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.allows(names) != want {
			t.Errorf("%s allowed: %v", path, !want)
		}
	}
	if got := p.explicit(); len(got) != 1 || !slices.Equal(got[0], []string{"a", "b"}) {
		t.Errorf("explicit paths %v", got)
	}
	for _, bad := range []string{
		`[]`, `{"indexingMode":"lazy"}`, `{"includedPaths":[{"path":"/a"}]}`, `{"compositeIndexes":[[{"path":"/a"}]]}`,
		`{"compositeIndexes":[[{"path":"/a","order":"up"},{"path":"/b"}]]}`,
	} {
		_, err := ParseIndexingPolicy([]byte(bad))
		wantKind(t, err, fault.Invalid)
	}
}

func TestExcludedPathIsRefused(t *testing.T) {
	w := newWorld(t)
	c := w.container(func(s *ContainerSpec) {
		s.IndexingPolicy = IndexingPolicy{Mode: "consistent", Included: []string{"/*"}, Excluded: []string{"/a/*"}}
	})
	if c.CanIndex([]string{"a", "x"}) || !c.CanIndex([]string{"b"}) {
		t.Error("CanIndex disagrees with the policy")
	}
	_, err := c.IndexScan(t.Context(), IndexOptions{Path: []string{"a"}})
	wantKind(t, err, fault.Invalid)
	_, err = c.CompositeScan(t.Context(), CompositeOptions{Columns: []CompositePath{{Path: "/b"}, {Path: "/c"}}})
	wantKind(t, err, fault.Invalid)
}

// TestIndexIsRemembered: built on first use, kept over a restart, dropped when
// the policy forbids it.
func TestIndexIsRemembered(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	for i := range 20 {
		upsert(t, c, fmt.Sprintf(`{"id":"%d","pk":"a","v":%d}`, i, i%5))
	}
	path := []string{"v"}
	if c.HasIndex(path, false) {
		t.Error("an index before anybody asked")
	}
	rows, err := c.IndexScan(t.Context(), IndexOptions{Path: path})
	if got := texts(t, rows, err); len(got) != 20 {
		t.Errorf("%d rows", len(got))
	}
	w.reopen()
	c = w.container()
	if !c.HasIndex(path, false) || c.HasIndex(path, true) {
		t.Error("the index was forgotten")
	}
	upsert(t, c, `{"id":"0","pk":"a","v":9}`)
	check(t, c)

	spec := c.Spec()
	spec.IndexingPolicy = IndexingPolicy{Mode: "none"}
	if _, err := c.Database().ReplaceContainer(t.Context(), "c", spec, `"stale"`); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("stale etag: %v", err)
	}
	if _, err := c.Database().ReplaceContainer(t.Context(), "c", spec, c.Resource().ETag); err != nil {
		t.Fatal(err)
	}
	if c.HasIndex(path, false) {
		t.Error("a forbidden index was kept")
	}
	spec.PartitionKey.Paths = []string{"/other"}
	_, err = c.Database().ReplaceContainer(t.Context(), "c", spec, "")
	wantKind(t, err, fault.Invalid)
	w.reopen()
	check(t, w.container())
}

// TestBuildBesideWriters builds indexes while writers change what they index.
func TestBuildBesideWriters(t *testing.T) {
	testkit.NoLeaks(t)
	w := newWorld(t)
	c := w.container()
	bulk := func(v int) {
		var ops []Op
		for i := range 500 {
			ops = append(ops, Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%d","pk":"%d","v":%d}`, i, i%7, (i+v)%50)})
		}
		if _, err := c.Write(context.Background(), ops, false); err != nil {
			t.Error(err)
		}
	}
	bulk(0)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for g := range 3 {
		wg.Go(func() {
			for v := g; ; v++ {
				select {
				case <-stop:
					return
				default:
					bulk(v)
				}
			}
		})
	}
	key := StringKey("3")
	for _, o := range []IndexOptions{{Path: []string{"v"}}, {Path: []string{"v"}, Key: &key}, {Path: []string{"none"}}, {Path: []string{"_etag"}}} {
		if o.Path[0] == "_etag" {
			_, err := c.IndexScan(t.Context(), o)
			wantKind(t, err, fault.Invalid)
			continue
		}
		rows, err := c.IndexScan(t.Context(), o)
		want := 500
		if o.Key != nil {
			want = 71
		}
		if got := texts(t, rows, err); len(got) != want {
			t.Errorf("%v: %d rows, want %d", o.Path, len(got), want)
		}
	}
	close(stop)
	wg.Wait()
	check(t, c)
}

// TestPagesResume walks in pages, forwards and backwards, while newer documents
// arrive elsewhere.
func TestPagesResume(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	for i := range 30 {
		upsert(t, c, fmt.Sprintf(`{"id":"%02d","pk":"%d","v":%d}`, i, i%2, i%4))
	}
	for _, bad := range [][]byte{{}, {1}, []byte("nonsense"), appendValue(nil, Value{Kind: Number})} {
		_, err := c.IndexScan(t.Context(), IndexOptions{Path: []string{"v"}, Resume: bad})
		wantKind(t, err, fault.Invalid)
	}
	key := StringKey("1")
	for _, o := range []IndexOptions{
		{Path: []string{"v"}},
		{Path: []string{"v"}, Reverse: true},
		{Path: []string{"v"}, Key: &key, KeysOnly: true},
		{Path: []string{"v"}, Low: Bound{Value{Kind: Number, Num: 1}, false, true}, High: Bound{Value{Kind: Number, Num: 3}, false, true}},
	} {
		whole, pages := o, o
		ordinals := func(o IndexOptions, most int) (found []uint64, position []byte) {
			rows, err := c.IndexScan(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for len(found) < most && rows.Next() {
				found = append(found, rows.Ordinal())
				position = rows.Position()
				if v := rows.Value(); v.Kind != Number || !o.KeysOnly && !strings.Contains(user(rows.Doc()), fmt.Sprintf(`"v":%g`, v.Num)) {
					t.Errorf("value %v of %s", v, rows.Doc())
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
			return found, position
		}
		want, _ := ordinals(whole, 1000)
		var got []uint64
		for {
			page, position := ordinals(pages, 4)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			pages.Resume = position
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%+v: pages %v, whole %v", o, got, want)
		}
	}
	for _, o := range []ScanOptions{{}, {Reverse: true}, {Key: &key}, {Key: &key, Reverse: true}} {
		rows, err := c.Scan(t.Context(), o)
		want := texts(t, rows, err)
		var got []string
		for {
			rows, err := c.Scan(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for ; n < 4 && rows.Next(); n++ {
				got, o.After = append(got, user(rows.Doc())), rows.Ordinal()
			}
			rows.Close()
			if n == 0 {
				break
			}
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%+v: pages %v, whole %v", o, got, want)
		}
	}
}

// TestLargePartition: beyond listLimit a partition gets an index of its own.
func TestLargePartition(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	const n = listLimit + 100
	var ops []Op
	for i := range n {
		ops = append(ops, Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%d","pk":"a"}`, n-i)})
	}
	if _, err := c.Write(t.Context(), ops, false); err != nil {
		t.Fatal(err)
	}
	key := StringKey("a")
	for range 2 { // by list and building, then by index
		rows, err := c.Scan(t.Context(), ScanOptions{Key: &key, Reverse: true})
		got := texts(t, rows, err)
		if len(got) != n || got[0] != `{"id":"1","pk":"a"}` {
			t.Errorf("%d documents, first %s", len(got), got[0])
		}
	}
	if c.indexes.Load().lookup(&index{byKey: true}) == nil {
		t.Error("no index of the partition")
	}
	check(t, c)
}
