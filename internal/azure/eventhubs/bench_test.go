package eventhubs

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// The benchmarks go over a real loopback socket, with a raw client in the same
// process, so the client's share of the two cores is in the figures.

const benchBatch = 100

// benchEvent is an event of 1 KB with the properties that telemetry carries.
func benchEvent(b testing.TB) []byte {
	m := amqp.Message{
		Properties:            &amqp.Properties{MessageID: "0123456789abcdef"},
		ApplicationProperties: amqp.Map{{Key: "eventType", Value: "telemetry"}, {Key: "deviceId", Value: "device-001"}},
		Data:                  [][]byte{bytes.Repeat([]byte("x"), 1024)},
	}
	e, err := m.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func benchPayload(b testing.TB) []byte {
	events := make([][]byte, benchBatch)
	for i := range events {
		events[i] = benchEvent(b)
	}
	return batchOf("", events...)
}

// newBenchWorld is a world on the real disk with sync always.
func newBenchWorld(b *testing.B) *world {
	b.Helper()
	w := &world{t: b}
	dir := b.TempDir()
	var err error
	if w.broker, err = broker.Open(broker.Options{FS: vfs.Default, Dir: dir}); err != nil {
		b.Fatal(err)
	}
	if _, err := w.broker.Namespace(1).EnsureHub(broker.HubConfig{Name: "hub", Partitions: 4}); err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Hubs: w.broker.Namespace(1), Access: newFakeAccess(emulatorRule())})
	if err != nil {
		b.Fatal(err)
	}
	w.serve(s)
	return w
}

// BenchmarkIngest sends 1 KB events in batches of 100, as many at a time as
// the service grants, and waits for every acknowledgement (each is an fsync
// shared with its neighbours).
func BenchmarkIngest(b *testing.B) {
	w := newBenchWorld(b)
	l, err := w.root().AttachSender(within(b), "bench", "hub", nil)
	if err != nil {
		b.Fatal(err)
	}
	payload := benchPayload(b)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	b.ResetTimer()
	pour(b, l, payload, b.N)
	b.StopTimer()
	b.ReportMetric(float64(b.N*benchBatch)/b.Elapsed().Seconds(), "events/s")
}

// pour sends the message n times and waits for all outcomes.
func pour(b *testing.B, l *amqp.Link, message []byte, n int) {
	b.Helper()
	var open sync.WaitGroup
	open.Add(n)
	var failed atomic.Pointer[error]
	settled := func(o amqp.Outcome) {
		if err := o.Err(); err != nil {
			failed.Store(&err)
		}
		open.Done()
	}
	for range n {
		if err := l.Send(context.Background(), amqp.Outgoing{Body: message, Format: amqp.BatchFormat, OnSettled: settled}); err != nil {
			b.Fatal(err)
		}
	}
	open.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
}

// BenchmarkReceive reads 1 KB events of one partition, with 5000 credits.
func BenchmarkReceive(b *testing.B) {
	w := newBenchWorld(b)
	s := w.root()
	l, err := s.AttachSender(within(b), "fill", "hub/Partitions/0", nil)
	if err != nil {
		b.Fatal(err)
	}
	const stored = 100_000
	pour(b, l, benchPayload(b), stored/benchBatch)
	size := len(benchEvent(b))
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= stored {
		drink(b, s, min(left, stored))
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// drink receives n events from the start of partition 0.
func drink(b *testing.B, s *amqp.Session, n int) {
	b.Helper()
	done := make(chan struct{})
	var got atomic.Int64
	l, err := s.AttachReceiver(within(b), "drink", partition0, func(l *amqp.Link) {
		l.Local.SndSettleMode = amqp.SenderSettled
		l.Credit = 5000
		l.OnTransfer = func(d *amqp.Delivery) {
			d.Accept()
			if got.Add(1) == int64(n) {
				close(done)
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	<-done
	l.Detach(nil)
	<-l.Done()
}

// BenchmarkAnnotate builds the sections in front of one stored event.
func BenchmarkAnnotate(b *testing.B) {
	r := broker.Record{Sequence: 1 << 40, Offset: 1 << 40, Key: "device-001", Body: benchEvent(b)}
	var a annotator
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, _, err = a.prefix(dst[:0], &r, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSplit takes a batch of 100 events apart.
func BenchmarkSplit(b *testing.B) {
	payload := benchPayload(b)
	var dst [][]byte
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, _, err = splitMessage(dst[:0], amqp.BatchFormat, payload); err != nil {
			b.Fatal(err)
		}
	}
}
