package container

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestCreate: a document that is there stays as it is, the others come to be, and a
// mistake in one is an error all the same.
func TestCreate(t *testing.T) {
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
	s := &localSink{func(context.Context) (*docstore.Container, error) { return c, nil }, func() error { return nil }}
	for _, batch := range [][][]byte{{[]byte(`{"id":"a","n":1}`)}, {[]byte(`{"id":"b","n":2}`), []byte(`{"id":"a","n":3}`), []byte(`{"id":"b","n":4}`)}} {
		if err := s.Create(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for item, err := range c.Snapshot(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(item.Body))
	}
	if got := strings.Join(all, " "); len(all) != 2 || !strings.Contains(got, `"n":1`) || !strings.Contains(got, `"n":2`) {
		t.Errorf("%s", got)
	}
	if err := s.Create(t.Context(), [][]byte{[]byte(`{"id":7}`)}); err == nil {
		t.Error("a document without an id was taken")
	}
}
