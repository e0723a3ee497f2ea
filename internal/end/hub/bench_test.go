package hub

import (
	"context"
	"log/slog"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// BenchmarkRead reads stored events as a job does, per event.
func BenchmarkRead(b *testing.B) {
	const events, batch = 8192, 512
	for name, properties := range map[string]amqp.Map{"plain": nil, "properties": {
		{Key: "eventType", Value: "telemetry"}, {Key: "n", Value: int64(7)}, {Key: "f", Value: 1.5}, {Key: "ok", Value: true}, {Key: "site", Value: "seoul-1"},
	}} {
		b.Run(name, func(b *testing.B) {
			store, err := broker.Open(broker.Options{FS: vfs.NewMem()})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- store.Run(ctx) }()
			defer func() { cancel(); <-done }()
			h, err := store.Namespace(1).EnsureHub(broker.HubConfig{Name: "h", Partitions: 1})
			if err != nil {
				b.Fatal(err)
			}
			raw, err := eventdata.Message{Body: []byte(`{"deviceId":"d-17","temperature":21.5,"t":"2026-01-01T00:00:00Z"}`), Properties: properties}.Append(nil)
			if err != nil {
				b.Fatal(err)
			}
			records := make([][]byte, batch)
			for i := range records {
				records[i] = raw
			}
			p := h.RoundRobin()
			for range events / batch {
				stored := make(chan broker.AppendResult, 1)
				p.Append(broker.Append{Records: records}, func(r broker.AppendResult) { stored <- r })
				if r := <-stored; r.Err != nil {
					b.Fatal(r.Err)
				}
			}
			kind := SourceKind(func(string) (Namespace, error) {
				return Namespace{Hubs: store.Namespace(1), Find: func(string, string) (*broker.Hub, error) { return h, nil }, Delivered: func(string, string, int) {}}, nil
			})
			s, err := kind.Open(ctx, jobs.Input{Name: "i", Target: "h"}, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			var r stream.Reader
			var in stream.Batch
			left := 0
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += len(in.Events) {
				if left == 0 {
					if r != nil {
						r.Close()
					}
					if r, err = s.Open(ctx, 0, stream.AtOffset(0)); err != nil {
						b.Fatal(err)
					}
					left = events
				}
				if err := r.Read(ctx, &in, 1024); err != nil {
					b.Fatal(err)
				}
				left -= len(in.Events)
			}
		})
	}
}
