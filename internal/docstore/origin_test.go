package docstore

import (
	"fmt"
	"sync"
	"testing"
)

// TestOrigins holds that what a writer says of its changes is there when the change feed
// has them, whoever else writes at the same time.
func TestOrigins(t *testing.T) {
	c := newWorld(t).container()
	const writers, each = 8, 40
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				ops := make([]Op, 1+n%3)
				for i := range ops {
					ops[i] = Op{Kind: Upsert, Body: fmt.Appendf(nil, `{"id":"%d-%d-%d","pk":"x","from":"%d-%d"}`, w, n, i, w, n)}
					if w > 0 { // the first says nothing
						ops[i].Origin = fmt.Sprintf("%d-%d", w, n)
					}
				}
				if _, err := c.Write(t.Context(), ops, n%2 == 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := 0
	for after := uint64(0); seen < writers*(each+each-1); {
		if err := c.WaitLSN(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		items, last, err := c.Changes(t.Context(), after, ChangeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			var w, n, k int
			if _, err := fmt.Sscanf(i.ID, "%d-%d-%d", &w, &n, &k); err != nil {
				t.Fatal(i.ID, err)
			}
			want := fmt.Sprintf("%d-%d", w, n)
			if w == 0 {
				want = ""
			}
			if got := c.Origin(i.LSN); got != want {
				t.Errorf("%s comes from %q, want %q", i.ID, got, want)
			}
		}
		seen, after = seen+len(items), last
	}
	all.Wait()
}

// TestOriginsBounded holds that the newest are remembered, and no more than twice as many
// as there are to be.
func TestOriginsBounded(t *testing.T) {
	c := &Container{}
	const n = 5*maxOrigins + 7
	steps := []step{{op: &Op{Origin: "o"}}, {op: &Op{Origin: "o"}}, {op: &Op{}}}
	for i := range uint64(n) {
		c.origins.note(steps, 1+3*i)
	}
	if kept := len(c.origins.runs); kept > 2*maxOrigins || kept < maxOrigins {
		t.Errorf("%d are kept", kept)
	}
	if c.Origin(1) != "" || c.Origin(3*n) != "" || c.Origin(3*n+1) != "" {
		t.Error("one is there that was forgotten, or never was")
	}
	for _, lsn := range []uint64{3*n - 2, 3*n - 1, 3*(n-maxOrigins+1) - 1} {
		if c.Origin(lsn) != "o" {
			t.Errorf("that of %d is not there", lsn)
		}
	}
	long := []step{{op: &Op{Origin: string(make([]byte, maxOriginLen+1))}}}
	if c.origins.note(long, 3*n+1); c.Origin(3*n+1) != "" {
		t.Error("one is there that is too long")
	}
}
