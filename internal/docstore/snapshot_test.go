package docstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestSnapshotIsOneMoment: each document once and in its version of the
// moment, whatever is written, deleted and expires while the walk goes on. The
// change feed, read in pages, shows documents twice here.
func TestSnapshotIsOneMoment(t *testing.T) {
	w := newWorld(t)
	c := w.container(func(s *ContainerSpec) { s.DefaultTTL = new(int32(-1)) })
	const documents = 300
	for i := range documents {
		upsert(t, c, fmt.Sprintf(`{"id":"%03d","pk":"%d","v":1}`, i, i%7))
	}
	upsert(t, c, `{"id":"brief","pk":"0","v":1,"ttl":5}`)
	w.clock.Advance(10 * time.Second)
	upsert(t, c, `{"id":"later","pk":"0","v":1,"ttl":5}`)
	seen := map[string]int{}
	lastOrdinal := uint64(0)
	for item, err := range c.Snapshot(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) == 0 {
			w.clock.Advance(10 * time.Second)
			upsert(t, c, `{"id":"new","pk":"1","v":2}`)
		}
		if i := len(seen); i < documents { // change what was read and what is to come
			upsert(t, c, fmt.Sprintf(`{"id":"%03d","pk":"%d","v":2}`, i, i%7))
			n := documents - 1 - i
			key := StringKey(fmt.Sprint(n % 7))
			do(t, c, Op{Kind: Delete, Key: &key, ID: fmt.Sprintf("%03d", n)})
		}
		if seen[item.ID]++; seen[item.ID] > 1 {
			t.Errorf("%s comes twice", item.ID)
		}
		if !strings.Contains(string(item.Body), `"v":1`) {
			t.Errorf("a version of later: %s", item.Body)
		}
		if item.Ordinal <= lastOrdinal || item.RID == "" || item.ETag == "" || item.LSN == 0 {
			t.Errorf("item %+v after ordinal %d", item, lastOrdinal)
		}
		lastOrdinal = item.Ordinal
	}
	if len(seen) != documents+1 || seen["later"] != 1 || seen["brief"]+seen["new"] != 0 {
		t.Errorf("%d documents, later %d, brief %d, new %d", len(seen), seen["later"], seen["brief"], seen["new"])
	}
	check(t, c)
}

func TestSnapshotEnds(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	for i := range 1000 {
		upsert(t, c, fmt.Sprintf(`{"id":"%d","pk":"a"}`, i))
	}
	read := 0
	for _, err := range c.Snapshot(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if read++; read == 3 {
			break // and w.close finds nothing open
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range c.Snapshot(ctx) {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("after the context ended: %v", last)
	}
	if err := c.Database().DeleteContainer(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	for item, err := range c.Snapshot(t.Context()) {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("of a deleted container: %v, %v", item.ID, err)
		}
	}
}
