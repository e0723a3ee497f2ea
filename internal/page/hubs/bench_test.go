package hubs

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// BenchmarkSearch scans a million events of about 300 bytes in 16 partitions on
// disk, of which one in ten thousand matches.
func BenchmarkSearch(b *testing.B) {
	const events, partitions = 1_000_000, 16
	br := startBroker(b, broker.Options{FS: vfs.Default, Dir: b.TempDir(), Sync: vfs.SyncNone})
	h, err := br.Namespace(1).EnsureHub(broker.HubConfig{Name: "h", Partitions: partitions})
	must(b, err)
	for i := 0; i < events; i += 500 {
		batch := make([][]byte, 500)
		for j := range batch {
			temp := float64((i+j)%10_000) / 100
			msg := eventdata.Message{
				Body:        fmt.Appendf(nil, `{"plantId":"dangjin-%02d","city":"당진","powerKw":1204.6,"inverters":[{"id":"A1","kw":401.2},{"id":"A2","kw":402.1}],"tempC":%.2f,"note":"ok"}`, i%40, temp),
				ContentType: "application/json", Properties: amqp.Map{{Key: "schema", Value: "telemetry/2"}, {Key: "n", Value: int64(i + j)}},
			}
			batch[j], err = msg.Append(nil)
			must(b, err)
		}
		part, err := h.Partition(i / 500 % partitions)
		must(b, err)
		_, err = store(b.Context(), part, batch, "dangjin")
		must(b, err)
	}
	for _, q := range []string{"", "key:nobody", "boiler", "body.tempC>99.98", "prop.n:4711", "sys.content-type:xml"} {
		for _, newest := range []bool{true, false} {
			b.Run(fmt.Sprintf("%q/newest=%v", q, newest), func(b *testing.B) {
				b.ReportAllocs()
				var scanned int64
				for b.Loop() {
					m, err := newMatcher(q, time.Now())
					must(b, err)
					if q == "" {
						m.early = append(m.early, check{early: func(*broker.Record) bool { return false }})
					}
					s, err := newScan(h, m, newest, everything, nil)
					must(b, err)
					for {
						_, ok, err := s.next(b.Context(), func() {})
						must(b, err)
						if !ok {
							break
						}
					}
					scanned += s.scanned
					s.close()
				}
				b.ReportMetric(float64(scanned)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
