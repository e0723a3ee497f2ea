package changefeed

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzDocument: whatever others write among the leases is read or refused, and what
// was read is written so that it reads alike.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"id":"p..0","LeaseToken":"0","Owner":null,"ContinuationToken":"\"57\"","FeedRange":{"Range":{"min":"","max":"FF"}},"properties":{},"timestamp":"2026-01-02T03:04:05.1234567Z"}`))
	f.Add([]byte(`{"id":"p..-80","version":1,"LeaseToken":"-80","Owner":"a","_ts":1767323045,"FeedRange":{"Range":{"min":"","max":"80"}}}`))
	f.Add([]byte(`{"id":"p..7","PartitionId":"7"}`))
	f.Add([]byte(`{"id":"p..7","LeaseToken":"7","FeedRange":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := readDocument(text)
		if err != nil {
			return
		}
		d.live(time.Now(), time.Minute)
		span, known := d.span()
		written, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readDocument(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if s, k := again.span(); s.Min != span.Min || s.Max != span.Max || s.ID != span.ID || k != known || again.position() != d.position() || again.owner() != d.owner() {
			t.Errorf("%s reads as another than %s", written, text)
		}
	})
}
