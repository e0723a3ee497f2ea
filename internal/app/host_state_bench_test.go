package app

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// BenchmarkCheckpoint writes the checkpoint of a partition, as after every batch of a
// trigger: synced, and what it takes without the disk.
func BenchmarkCheckpoint(b *testing.B) {
	for name, sync := range map[string]vfs.SyncPolicy{"synced": vfs.SyncAlways, "unsynced": vfs.SyncNone} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			db, err := kv.Open(kv.Options{FS: vfs.Default, Dir: filepath.Join(dir, "kv"), Sync: sync})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			store, err := objectstore.Open(objectstore.Options{DB: db, FS: vfs.Default, Dir: filepath.Join(dir, "blobs"), Sync: sync})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			account := store.Account(1)
			if _, err := account.CreateContainer(b.Context(), state.EventHubs, objectstore.PrivateAccess, nil); err != nil {
				b.Fatal(err)
			}
			s := &blobs.State{Account: account}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				metadata := map[string]string{"offset": strconv.Itoa(n), "sequencenumber": strconv.Itoa(n), "clientidentifier": "telemetry-0123456789ab/store"}
				if _, err := s.SetMark(b.Context(), state.EventHubs, telemetryCheckpoint, metadata, state.Any); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
