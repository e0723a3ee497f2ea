package servicebus

import (
	"flag"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
)

var _ = flag.Bool("update", false, "write the goldens anew")

// TestShapes: what a worker receives is in testdata/shapes.json, which the tests of
// the workers decode with the vendor's own libraries.
func TestShapes(t *testing.T) {
	at, until := time.Date(2026, 1, 2, 3, 4, 5, 123_000_000, time.UTC), time.Date(2026, 1, 2, 3, 9, 5, 0, time.UTC)
	seven, six := int64(7), int64(6)
	kind, about, session, correlation := "application/json", "about", "s", "c"
	full := &message{&azservicebus.ReceivedMessage{
		MessageID: "m", Body: []byte(`{"id":"한글"}`), ContentType: &kind, Subject: &about, SessionID: &session, CorrelationID: &correlation,
		DeliveryCount: 2, SequenceNumber: &seven, EnqueuedSequenceNumber: &six, EnqueuedTime: &at, ExpiresAt: &until, LockedUntil: &until,
		LockToken: [16]byte{15: 1}, ApplicationProperties: map[string]any{"kind": "test", "n": int64(1), "deep": []any{true, nil}},
	}}
	bare := &message{&azservicebus.ReceivedMessage{MessageID: "n", Body: []byte{0, 0xff}, DeliveryCount: 1}}
	empty := &message{&azservicebus.ReceivedMessage{MessageID: "o", DeliveryCount: 1}}
	all := []*message{full, bare, empty}
	endtest.Shapes(t, "testdata/shapes.json", []endtest.Shape{
		{Name: "one, as text", Call: singleCall(full, binding.String, "")},
		{Name: "one, as bytes", Call: singleCall(full, binding.Binary, "")},
		{Name: "one with nothing but a body, no text", Call: singleCall(bare, binding.String, "")},
		{Name: "one without a body", Call: singleCall(empty, binding.String, "")},
		{Name: "many, as text", Call: batchCall(all, binding.String, "")},
		{Name: "many, as bytes", Call: batchCall(all, binding.Binary, "")},
	})
}
