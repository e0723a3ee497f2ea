package docstore

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestDroppedContainerGivesDiskBack without any other write.
func TestDroppedContainerGivesDiskBack(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	noise := make([]byte, 6000)
	rng := rand.NewChaCha8([32]byte{1})
	for range 40 {
		var ops []Op
		for i := range 100 {
			rng.Read(noise)
			ops = append(ops, Op{Kind: Create, Body: fmt.Appendf(nil, `{"id":"%x%d","pk":"a","v":"%x"}`, noise[:8], i, noise)})
		}
		if _, err := c.Write(t.Context(), ops, false); err != nil {
			t.Fatal(err)
		}
	}
	const tables = 10 << 20 // far more than the log keeps to use again
	testkit.Eventually(t, 10*time.Second, func() bool { return w.db.TableBytes() > tables }, "documents are in tables")
	if err := c.Database().DeleteContainer(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 10*time.Second, func() bool { return w.db.TableBytes() < 1<<20 }, "the disk is given back")
}

// TestIndexBuildIsTold: at its start, with the number of documents, and at its end.
func TestIndexBuildIsTold(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	c := w.container()
	for i := range 30 {
		upsert(t, c, fmt.Sprintf(`{"id":"%d","pk":"a","n":%d}`, i, i))
	}
	w.store.log = slog.New(slog.NewTextHandler(&log, nil))
	rows, err := c.IndexScan(t.Context(), IndexOptions{Path: []string{"n"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	begins, ends := strings.Index(log.String(), "index build begins"), strings.Index(log.String(), "index built")
	if begins < 0 || ends < begins || strings.Count(log.String(), "documents=30") != 2 {
		t.Errorf("log:\n%s", &log)
	}
}
