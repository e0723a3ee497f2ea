package kafka

import (
	"flag"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
)

var _ = flag.Bool("update", false, "write the goldens anew")

// TestShapes: what a worker receives is in testdata/shapes.json, which the tests of
// the workers decode with the vendor's own libraries.
func TestShapes(t *testing.T) {
	at := time.UnixMilli(1767225600123)
	full := &kgo.Record{
		Topic: "orders", Partition: 1, Offset: 3, LeaderEpoch: 2, Key: []byte("k"), Value: []byte(`{"id":"한글"}`), Timestamp: at,
		Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0xff, 1}}},
	}
	bare := &kgo.Record{Topic: "orders", Partition: 1, Offset: 4, Timestamp: at, Value: []byte{0, 0xff}}
	gone := &kgo.Record{Topic: "orders", Partition: 1, Offset: 5, Timestamp: at, Key: []byte("k")}
	all := []*kgo.Record{full, bare, gone}
	endtest.Shapes(t, "testdata/shapes.json", []endtest.Shape{
		{Name: "one, as text", Call: singleCall(full, binding.String, "")},
		{Name: "one, as bytes", Call: singleCall(full, binding.Binary, "")},
		{Name: "one without a key, no text", Call: singleCall(bare, binding.String, "")},
		{Name: "one without a value", Call: singleCall(gone, binding.String, "")},
		{Name: "many, as text", Call: batchCall(all, binding.String, "")},
		{Name: "many, as bytes", Call: batchCall(all, binding.Binary, "")},
	})
}
