package functions

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// BenchmarkWorker measures events of 1 KB through the worker in batches of
// 100, from a host in the same process over gRPC and back: eight partitions
// at once, each with one batch in flight. "documents" stores the bodies as documents,
// so that they travel both ways; "each" does so one by one.
func BenchmarkWorker(b *testing.B) {
	payload := `{"id":"evt-1","deviceId":"device-001","note":"` + strings.Repeat("x", 970) + `"}`
	payloads := make([]string, 100)
	for i := range payloads {
		payloads[i] = payload
	}
	out := testOutput()
	for name, handle := range map[string]func(context.Context, []Event) error{
		"discard": func(context.Context, []Event) error { return nil },
		"documents": func(ctx context.Context, events []Event) error {
			docs := make([]any, len(events))
			for i, e := range events {
				docs[i] = Document(e.Body)
			}
			return out.Upsert(ctx, docs...)
		},
		"each": func(ctx context.Context, events []Event) error {
			for _, e := range events {
				if err := out.Upsert(ctx, Document(e.Body)); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			app := New()
			app.EventHub("f", testTrigger, handle, out)
			h := startWorker(b, app)
			template := batchRequest("", payloads...)
			b.SetBytes(int64(100 * len(payload)))
			b.ReportAllocs()
			const partitions = 8
			slots := make(chan (<-chan *funcrpc.StreamingMessage), partitions)
			n := 0
			for b.Loop() {
				if n >= partitions {
					h.await(<-slots)
				}
				slots <- h.start("f", &funcrpc.InvocationRequest{
					InvocationId: fmt.Sprint(n % (2 * partitions)), InputData: template.InputData, TriggerMetadata: template.TriggerMetadata,
				})
				n++
			}
			for range min(n, partitions) {
				h.await(<-slots)
			}
			b.ReportMetric(float64(100*n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkDocuments measures encoding a batch of 100 documents.
func BenchmarkDocuments(b *testing.B) {
	type document struct {
		ID, DeviceID string
		Data         map[string]float64
	}
	doc := document{"evt-1", "device-001", map[string]float64{"temperature": 21.5, "humidity": 40}}
	raw := Document(`{"id":"evt-1","deviceId":"device-001","text":"` + string(bytes.Repeat([]byte("x"), 400)) + `"}`)
	for name, v := range map[string]any{"struct": doc, "raw": raw} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := jsonList{noun: "document", object: true}
				for range 100 {
					if err := l.add(v); err != nil {
						b.Fatal(err)
					}
				}
				_ = l.json()
			}
		})
	}
}
