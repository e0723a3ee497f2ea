package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Durable ingest as the Event Hubs service does it: batches of 100 records of
// 1 KiB, round robin over the partitions, many in flight, synced always.
func BenchmarkAppend(b *testing.B) {
	for _, partitions := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			r := start(b, Options{FS: vfs.Default, Dir: b.TempDir()})
			h := r.ensure(HubConfig{Name: "h", Partitions: partitions})
			batch := Append{Key: "device-123"}
			for range 100 {
				batch.Records = append(batch.Records, make([]byte, 1024))
			}
			results := make(chan error, 1<<16)
			b.SetBytes(100 << 10)
			b.ReportAllocs()
			b.ResetTimer()
			begun := time.Now()
			go func() {
				for range b.N {
					h.RoundRobin().Append(batch, func(r AppendResult) { results <- r.Err })
				}
			}()
			for range b.N {
				if err := <-results; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*100/time.Since(begun).Seconds(), "records/s")
		})
	}
}

// A reader that keeps up, over records of 1 KiB in memory.
func BenchmarkReadTail(b *testing.B) {
	r := start(b, Options{FS: vfs.NewMem(), TailBytes: 64 << 20})
	r.ensure(HubConfig{Name: "h", Partitions: 1})
	p := r.partition("h", 0)
	body := string(make([]byte, 1024))
	for range 200 {
		appendTo(b, p, "device-123", body, body, body, body, body, body, body, body, body, body)
	}
	var recs []Record
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		rd, err := p.NewReader(FromStart())
		must(b, err)
		for n < b.N {
			if recs, err = rd.Next(min(300, b.N-n), 1<<20, recs[:0]); err != nil {
				b.Fatal(err)
			}
			if len(recs) == 0 {
				break
			}
			n += len(recs)
		}
		rd.Close()
	}
}
