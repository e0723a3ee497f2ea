package container

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestOrigin: a call of changes continues the trace of the one output that wrote all of
// them, and names several.
func TestOrigin(t *testing.T) {
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	docs, err := docstore.Open(docstore.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(docs.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	database, err := docs.Account(1).CreateDatabase(t.Context(), docstore.DatabaseSpec{ID: "db"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := database.CreateContainer(t.Context(), docstore.ContainerSpec{ID: "c", PartitionKey: docstore.PartitionKeySpec{Paths: []string{"/id"}, Version: 2}})
	if err != nil {
		t.Fatal(err)
	}
	free := func() error { return nil }
	s := &localSink{func(context.Context) (*docstore.Container, error) { return c, nil }, free}
	feed := newLocalFeed(c, "localhost", free)
	tr := &Trigger{}
	tr.reads.Store(&processes{feed: feed})
	position := ""
	look := func() trigger.Call {
		t.Helper()
		page, err := feed.Read(t.Context(), changefeed.Query{Range: onlyRange, After: position})
		if err != nil {
			t.Fatal(err)
		}
		position = page.Next
		var call trigger.Call
		tr.caused(&call, page.Docs)
		return call
	}
	write := func(trace string, batch ...string) {
		t.Helper()
		all := make([][]byte, len(batch))
		for i := range batch {
			all[i] = []byte(batch[i])
		}
		if err := s.Upsert(output.Traced(t.Context(), trace), all); err != nil {
			t.Fatal(err)
		}
	}
	const a, b = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01"
	write(a, `{"id":"1","_lsn":7}`, `{"id":"2"}`)
	if call := look(); call.TraceParent != a || len(call.Links) != 2 {
		t.Errorf("two of one output continue %q", call.TraceParent)
	}
	write(a, `{"id":"3"}`)
	write(b, `{"id":"1"}`)
	if call := look(); call.TraceParent != "" || call.Links[0].TraceParent != a || call.Links[1].TraceParent != b {
		t.Errorf("two outputs: %q %v", call.TraceParent, call.Links)
	}
	write("", `{"id":"4"}`)
	if call := look(); call.TraceParent != "" || call.Links[0].TraceParent != "" {
		t.Errorf("of nobody: %q", call.TraceParent)
	}
	if got := feed.contextOf(json.RawMessage(`{}`)); got != "" {
		t.Errorf("what did not come from the feed: %q", got)
	}
}
