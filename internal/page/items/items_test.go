package items

import (
	"context"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// newLab is the page over a store in memory with container db/events, and one
// that keeps positions.
func newLab(t *testing.T) *portaltest.Lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv", Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := docstore.Open(docstore.Options{DB: db, Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := store.Account(7).CreateDatabase(t.Context(), docstore.DatabaseSpec{ID: "db"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"events", "leases"} {
		spec := docstore.ContainerSpec{ID: id, PartitionKey: docstore.PartitionKeySpec{Paths: []string{"/pk"}, Version: 2}}
		if _, err := d.CreateContainer(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ends := make(chan error, 2)
	for _, run := range []func(context.Context) error{db.Run, store.Run} {
		go func() { ends <- run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for _, err := range []error{<-ends, <-ends, store.Close(), db.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return portaltest.Serve(t, nil, Pages(Config{
		Account: store.Account(7), Counts: telemetry.New(),
		Positions: func() map[string]bool { return map[string]bool{"db/leases": true} },
		Query: func(_ context.Context, _ *docstore.Container, q Query, _ int) (*Answer, error) {
			if q.Text == "SELECT" {
				return nil, &cosmossql.SyntaxError{Msg: "here it ends", Line: 1, Col: 7, Start: 6, End: 6}
			}
			return nil, fault.New(fault.Throttled, "query", "not in this test")
		},
	})...)
}

func TestItems(t *testing.T) {
	l := newLab(t)
	items := "/api/databases/db/containers/events/items"
	code, made := l.Do("POST", items, `{"id":"1","pk":"a","n":1.50}`)
	if code != 201 || made["_etag"] == nil {
		t.Fatalf("create: %d %v", code, made)
	}
	if code, _ := l.Do("POST", items, `{"id":"1","pk":"a"}`); code != 409 {
		t.Errorf("create twice: %d", code)
	}
	etag := "?etag=" + strings.ReplaceAll(made["_etag"].(string), `"`, "%22")
	if code, got := l.Do("PUT", items+etag, `{"id":"1","pk":"a","n":2}`); code != 200 || got["n"] != 2.0 {
		t.Errorf("replace: %d %v", code, got)
	}
	if code, got := l.Do("PUT", items+etag, `{"id":"1","pk":"a","n":3}`); code != 412 || !strings.Contains(got["error"].(string), "load it again") {
		t.Errorf("replace an old version: %d %v", code, got)
	}
	if code, _ := l.Do("DELETE", items+`?id=1&pk=["b"]`, ""); code != 404 {
		t.Errorf("delete under another key: %d", code)
	}
	if code, _ := l.Do("DELETE", items+`?id=1&pk=["a"]`, ""); code != 204 {
		t.Errorf("delete: %d", code)
	}
	for body, want := range map[string]int{`{"id":`: 400, `[1]`: 400, `{"pk":"a"}`: 400, `{"id":"` + strings.Repeat("x", 3<<20) + `"}`: 413} {
		if code, _ := l.Do("POST", items, body); code != want {
			t.Errorf("create %.20s: %d, want %d", body, code, want)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	l := newLab(t)
	query := "/api/databases/db/containers/events/query"
	if code, got := l.Do("POST", query, `{"query":"SELECT 1"}`); code != 429 {
		t.Errorf("query: %d %v", code, got)
	}
	if code, got := l.Do("POST", query, `{"query":"SELECT"}`); code != 400 || got["line"] != 1.0 || got["start"] != 6.0 || got["error"] != "here it ends" {
		t.Errorf("a syntax error: %d %v", code, got)
	}
}

// TestTotals: what is written counts, positions of change feeds do not.
func TestTotals(t *testing.T) {
	l := newLab(t)
	s := l.Listen("summary")
	s.Next("summary")
	for _, c := range []string{"events", "leases"} {
		if code, got := l.Do("POST", "/api/databases/db/containers/"+c+"/items", `{"id":"1","pk":"a"}`); code != 201 {
			t.Fatalf("create: %d %v", code, got)
		}
	}
	rows := l.Listen("containers").Rows("containers")
	if rows["db/events"]["documents"] != 1.0 || rows["db/events"]["leases"] != false || rows["db/leases"]["leases"] != true {
		t.Errorf("rows: %v", rows)
	}
	for {
		if rate := s.Next("summary").(map[string]any)["totals"].(map[string]any)["documents"].(float64); rate > 0 {
			if rate > 1.5 { // one of the two, in a second
				t.Errorf("%v documents a second", rate)
			}
			return
		}
	}
}
