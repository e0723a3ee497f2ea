package amqp_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// The benchmarks run server and client in one process over loopback, so that
// a figure is what both sides together manage; the profile tells them apart.

// countingConn takes everything and counts it, walking over batches as a
// broker would. Its senders repeat one stored body as long as there is credit.
type countingConn struct {
	events *atomic.Int64
	stored []byte
}

func (countingConn) Closed(error) {}

func (c countingConn) Attach(l *amqp.Link) error {
	l.Credit = 1000
	l.Local.MaxMessageSize = 1 << 20
	l.OnTransfer = func(d *amqp.Delivery) {
		n := 0
		for it := amqp.ScanSections(d.Payload); it.Next(); {
			if it.Section.Kind == amqp.SectionData {
				n++
			}
		}
		c.events.Add(int64(n))
		d.Accept()
	}
	if l.Role == amqp.RoleSender {
		go c.pump(l)
	}
	return nil
}

// pump sends [annotations][stored body] as a reader of a log would.
func (c countingConn) pump(l *amqp.Link) {
	ctx := context.Background()
	batch := make([]amqp.Outgoing, 0, 100)
	prefix := make([]byte, 0, 200)
	for sequence := int64(0); ; {
		credit, err := l.WaitCredit(ctx)
		if err != nil {
			return
		}
		batch, prefix = batch[:0], prefix[:0]
		for range min(credit, 100) {
			start := len(prefix)
			var pairs [64]byte
			p := amqp.AppendSymbol(pairs[:0], "x-opt-sequence-number")
			p = amqp.AppendLong(p, sequence)
			prefix = amqp.AppendMapSection(prefix, amqp.SectionMessageAnnotations, 2, p)
			batch = append(batch, amqp.Outgoing{Prefix: prefix[start:], Body: c.stored, Settled: true})
			sequence++
		}
		if _, err := l.SendBatch(ctx, batch); err != nil {
			return
		}
	}
}

func benchServer(b *testing.B) (*amqp.Session, *atomic.Int64) {
	b.Helper()
	handler := countingConn{events: &atomic.Int64{}, stored: body(1, 1024)}
	addr := serve(b, nil, func(cfg *amqp.ServerConfig) {
		cfg.NewConn = func(*amqp.Conn) amqp.ConnHandler { return handler }
	})
	return begin(b, dial(b, addr, amqp.DialConfig{})), handler.events
}

// ingest sends b.N messages of the payload, many in flight, and reports the
// events they hold per second.
func ingest(b *testing.B, payload []byte, format uint32, eventsEach int) {
	s, events := benchServer(b)
	l, err := s.AttachSender(b.Context(), "bench", "hub", nil)
	if err != nil {
		b.Fatal(err)
	}
	settled := make(chan struct{}, 1)
	var acks atomic.Int64
	onSettled := func(amqp.Outcome) {
		if acks.Add(1) == int64(b.N) {
			settled <- struct{}{}
		}
	}
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := l.Send(b.Context(), amqp.Outgoing{Body: payload, Format: format, OnSettled: onSettled}); err != nil {
			b.Fatal(err)
		}
	}
	<-settled
	b.StopTimer()
	if got := events.Load(); got != int64(b.N*eventsEach) {
		b.Fatalf("server counted %d events of %d", got, b.N*eventsEach)
	}
	b.ReportMetric(float64(b.N*eventsEach)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkIngestBatch100x1KB(b *testing.B) {
	var batch []byte
	for i := range 100 {
		batch = amqp.AppendDataSection(batch, body(i, 1024))
	}
	ingest(b, batch, amqp.BatchFormat, 100)
}

func BenchmarkIngestSingle1KB(b *testing.B) { ingest(b, body(1, 1024), 0, 1) }

func BenchmarkDeliverSingle1KB(b *testing.B) {
	s, _ := benchServer(b)
	done := make(chan struct{})
	got := 0
	b.SetBytes(1024)
	b.ReportAllocs()
	b.ResetTimer()
	_, err := s.AttachReceiver(b.Context(), "bench", "hub", func(l *amqp.Link) {
		l.Credit = 2000
		l.OnTransfer = func(d *amqp.Delivery) {
			if got++; got == b.N {
				close(done)
			}
			d.Accept()
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	<-done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkScanSections(b *testing.B) {
	m := amqp.Message{
		Annotations:           amqp.Map{{Key: amqp.Symbol("x-opt-partition-key"), Value: "device-001"}},
		Properties:            &amqp.Properties{MessageID: "m-1", ContentType: "application/json"},
		ApplicationProperties: amqp.Map{{Key: "eventType", Value: "telemetry"}, {Key: "deviceId", Value: "device-001"}},
		Data:                  [][]byte{make([]byte, 1024)},
	}
	enc, err := m.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for it := amqp.ScanSections(enc); it.Next(); {
			if it.Section.Kind == amqp.SectionMessageAnnotations {
				raw, err := it.Section.Map()
				if err != nil {
					b.Fatal(err)
				}
				if _, ok := raw.Lookup("x-opt-partition-key"); !ok {
					b.Fatal("no key")
				}
			}
		}
	}
}

func BenchmarkCheckMessage(b *testing.B) {
	m := amqp.Message{
		ApplicationProperties: amqp.Map{{Key: "eventType", Value: "telemetry"}, {Key: "deviceId", Value: "device-001"}},
		Data:                  [][]byte{make([]byte, 1024)},
	}
	enc, err := m.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := amqp.CheckMessage(enc); err != nil {
			b.Fatal(err)
		}
	}
}
