package app

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestDiskLow: the bell tells of a disk that is nearly full, the redder the
// fuller.
func TestDiskLow(t *testing.T) {
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for free, want := range map[int64]string{2 << 30: "", 500 << 20: "warn", 10 << 20: "bad"} {
		tr := newTroubles(&env{Log: testkit.Discard(), Config: config.Config{Dir: t.TempDir()}, Storage: &dataFolder{kv: db}, Counts: telemetry.New()})
		tr.free = func(string) (int64, error) { return free, nil }
		got := ""
		tr.report(func(p portal.Trouble) {
			if p.Kind == "disk-low" && strings.Contains(p.Detail, "MiB") {
				got = p.State
			}
		})
		if got != want {
			t.Errorf("%d MiB free: %q, want %q", free>>20, got, want)
		}
	}
}
