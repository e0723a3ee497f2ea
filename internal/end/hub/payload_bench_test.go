package hub

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// BenchmarkBatchRequest makes and encodes the request for a batch of 100
// events of 1 KB: what the host does for an invocation before it waits.
func BenchmarkBatchRequest(b *testing.B) {
	events := make([]Event, 100)
	for i := range events {
		events[i] = Event{
			Body: []byte(`{"id":"x","note":"` + strings.Repeat("x", 1000) + `"}`), Sequence: int64(i), Offset: fmt.Sprint(i),
			EnqueuedAt: time.Unix(1, 0), PartitionKey: "device", Properties: []byte(`{"eventType":"telemetry"}`),
		}
	}
	caps := worker.Capabilities{worker.TypedDataCollection: "true"}
	for _, c := range []struct {
		name string
		typ  binding.DataType
	}{{"binary", binding.Binary}, {"text", binding.Undefined}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				call := batchCall(events, c.typ, "{}", "")
				m := &funcrpc.InvocationRequest{
					InputData: []*funcrpc.ParameterBinding{{
						Name:    "events",
						RpcData: &funcrpc.ParameterBinding_Data{Data: call.Data(caps)},
					}},
					TriggerMetadata: call.Metadata,
				}
				var err error
				if buf, err = (proto.MarshalOptions{}).MarshalAppend(buf[:0], m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
