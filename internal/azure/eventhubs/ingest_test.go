package eventhubs

import (
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// FuzzTransfer holds the promise between the two hot paths: whatever bytes a
// peer sends, an event that is let in can be delivered as a well-formed
// message, with our annotations exactly once.
func FuzzTransfer(f *testing.F) {
	f.Add(false, event("one"))
	f.Add(false, keyed("key", "two"))
	f.Add(true, batchOf("key", event("a"), keyed("key", "b")))
	f.Add(false, append(amqp.AppendMapSection(nil, amqp.SectionFooter, 0), event("footer first")...))
	f.Add(true, batchOf("", []byte{0x00, 0x53, 0x75, 0x40}))
	f.Fuzz(func(t *testing.T, batch bool, payload []byte) {
		format := uint32(0)
		if batch {
			format = amqp.BatchFormat
		}
		events, key, err := splitMessage(nil, format, payload)
		if err != nil {
			return
		}
		for i, body := range events {
			if named, err := withPublisher(body, "p"); err != nil {
				t.Fatalf("event %d: publisher: %v", i, err)
			} else if err := amqp.CheckMessage(named); err != nil {
				t.Fatalf("event %d: publisher: %v", i, err)
			}
			deliverable(t, broker.Record{Sequence: int64(i), Offset: broker.Offset(i), EnqueuedAt: time.UnixMilli(1), Key: key, Body: body})
		}
	})
}

// deliverable fails unless the record's delivery is a message whose sequence
// number is ours.
func deliverable(t *testing.T, r broker.Record) {
	t.Helper()
	var a annotator
	prefix, rest, err := a.prefix(nil, &r, appendMetric(nil, broker.PartitionInfo{LastOffset: "-1"}, time.Now()))
	if err != nil {
		t.Fatalf("accepted, but cannot be delivered: %v", err)
	}
	whole := append(prefix, rest...)
	if err := amqp.CheckMessage(whole); err != nil {
		t.Fatalf("delivered message: %v", err)
	}
	m, err := amqp.ParseMessage(whole)
	if err != nil {
		t.Fatalf("delivered message: %v", err)
	}
	seen := 0
	for _, e := range m.Annotations {
		if e.Key == amqp.Symbol(annSequence) {
			seen++
		}
	}
	if n, ok := m.Annotations.Int(annSequence); !ok || n != r.Sequence || seen != 1 {
		t.Fatalf("sequence number %d of %d, %d times", n, r.Sequence, seen)
	}
}
