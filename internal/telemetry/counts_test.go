package telemetry

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// TestNamespacesAreApart: hubs of one name in two namespaces are two.
func TestNamespacesAreApart(t *testing.T) {
	c := New()
	c.FromHost("a", func(string) uint64 { return 1 })(host.Checkpointed{Checkpoint: trigger.Checkpoint{Target: "Orders", Group: "G", Partition: "1", Sequence: 7}})
	c.FromHost("a", func(string) uint64 { return 1 })(host.Checkpointed{Checkpoint: trigger.Checkpoint{Target: "db/coll", Sequence: 9}}) // a change feed
	if n, ok := c.Mark(1, "orders", "g", 1); !ok || n != 7 {
		t.Errorf("mark %d, %v", n, ok)
	}
	if _, ok := c.Mark(2, "orders", "g", 1); ok {
		t.Error("another namespace has the mark too")
	}
	c.Delivered(1, "Orders", "g", 3)
	c.Delivered(1, "orders", "G", 2)
	seen := 0
	c.Readers(1, "orders", func(group string, r *Reader) {
		seen += int(r.Events.Load())
		if group != "g" {
			t.Errorf("the reader is in group %q", group)
		}
	})
	c.Readers(2, "orders", func(string, *Reader) { t.Error("another namespace has the reader too") })
	if seen != 5 {
		t.Errorf("%d delivered", seen)
	}
}

// BenchmarkAppended is what listening costs the broker for each append.
func BenchmarkAppended(b *testing.B) {
	c := New()
	e := broker.Appended{Hub: "Orders", Partition: 1, Count: 100, Bytes: 13_000}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.FromBroker(e)
		}
	})
}
