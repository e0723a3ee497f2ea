package broker

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Two namespaces may have a hub of one name; neither sees the other's, also
// after a restart.
func TestNamespacesAreApart(t *testing.T) {
	fs := vfs.NewMem()
	open := func() *running { return start(t, Options{FS: fs, Dir: "data"}) }
	b := open()
	for id := range uint64(2) {
		if _, err := b.Namespace(id + 1).EnsureHub(HubConfig{Name: "telemetry", Partitions: int(id) + 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Namespace(1).EnsureHub(HubConfig{Name: "only", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	b.stop()
	b = open()
	for id, hubs := range map[uint64]int{1: 2, 2: 1, 3: 0} {
		if got := len(b.Namespace(id).Hubs()); got != hubs {
			t.Errorf("namespace %d has %d hubs, want %d", id, got, hubs)
		}
	}
	if _, err := b.Namespace(2).Hub("only"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a hub of another namespace: %v", err)
	}
	if err := b.Namespace(2).DeleteHub("Telemetry"); err != nil {
		t.Fatal(err)
	}
	h, err := b.Namespace(1).Hub("TELEMETRY")
	if err != nil || h.PartitionCount() != 1 || h.Namespace() != 1 {
		t.Errorf("the other namespace's hub: %v", err)
	}
}
