package app

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

func TestCheckpointsSurviveAPowerCut(t *testing.T) {
	disk := vfs.NewCrashableMem()
	db, err := kv.Open(kv.Options{FS: disk, Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	store := (&dataFolder{kv: db}).checkpoints()
	const container, blob = "azure-webjobs-eventhub", "localhost/telemetry_events/$default/checkpoint/0"
	if _, err := store.Metadata(t.Context(), container, blob); !fault.Is(err, fault.NotFound) {
		t.Fatalf("before the first checkpoint: %v", err)
	}
	want := map[string]string{"offset": "41", "sequencenumber": "41"}
	if err := store.SetMetadata(t.Context(), container, blob, want); err != nil {
		t.Fatal(err)
	}
	after := disk.CrashClone(vfs.CrashCloneConfig{})
	db.Close()

	db, err = kv.Open(kv.Options{FS: after, Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := (&dataFolder{kv: db}).checkpoints().Metadata(t.Context(), container, blob)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}
