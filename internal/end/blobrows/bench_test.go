package blobrows

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// BenchmarkSink writes batches of 256 KiB of rows, as a job does, to the disk.
func BenchmarkSink(b *testing.B) {
	for name, out := range map[string]jobs.Output{
		"lines": {Target: "c/{date}"}, "array": {Target: "c/{date}", Format: "array"}, "csv": {Target: "c/{date}", Format: "csv"}, "column": {Target: "c/{site}"},
	} {
		b.Run(name, func(b *testing.B) {
			r := onDisk(b)
			s := r.sink(out)
			rows := make([]stream.OutputRow, 2048)
			for i := range rows {
				rows[i] = row(noon, fmt.Sprintf(`{"site":"s%d","deviceId":"device-%04d","average":%d.25,"count":60,"ended":"2026-03-01T12:30:05Z"}`, i%100, i, i))
			}
			n := uint64(0)
			for b.Loop() {
				if err := s.Write(b.Context(), batch(n, rows...)); err != nil {
					b.Fatal(err)
				}
				n += uint64(len(rows))
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// onDisk is a rig whose writes are synced.
func onDisk(b *testing.B) *rig {
	dir := b.TempDir()
	db, err := kv.Open(kv.Options{Dir: filepath.Join(dir, "db"), Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	store, err := objectstore.Open(objectstore.Options{Dir: filepath.Join(dir, "blobs"), DB: db, Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	r := &rig{b, store.Account(1), make(chan struct{})}
	r.create()
	return r
}
