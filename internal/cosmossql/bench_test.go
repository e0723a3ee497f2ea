package cosmossql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// telemetry makes n documents as the example's functions write them.
func telemetry(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	docs := make([][]byte, n)
	for i := range docs {
		docs[i] = fmt.Appendf(nil, `{"id":"evt-%06d","deviceId":"device-%03d","eventType":"telemetry","timestamp":"2026-01-%02dT%02d:%02d:%02d.%03dZ","data":{"temperature":%.2f,"humidity":%.2f,"pressure":%.2f},"location":{"region":"koreacentral","facility":"plant-%d"},"eventHub":{"partitionKey":"device-%03d","sequenceNumber":%d,"enqueuedTime":"2026-01-01T00:00:00.000Z","offset":"%d"},"processedAt":"2026-01-01T00:00:00.000Z","source":"eventhub-trigger","status":"processed","_rid":"AAAAAAAAAAA=","_ts":1767225600}`,
			i, r.IntN(100), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000), 20+30*r.Float64(), 40+40*r.Float64(), 1000+50*r.Float64(), r.IntN(3), r.IntN(100), i, i*300)
	}
	return docs
}

const benchQuery = `SELECT c.id, c.deviceId, c.data.temperature AS t FROM c WHERE c.deviceId = 'device-001' AND c.data.temperature > 40 ORDER BY c.timestamp DESC OFFSET 0 LIMIT 10`

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(benchQuery)))
	for b.Loop() {
		if _, err := Parse(benchQuery); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	q, err := Parse(benchQuery)
	if err != nil {
		b.Fatal(err)
	}
	info := newFakeSource(nil, Path{"deviceId"}).info()
	for b.Loop() {
		if _, err := Compile(q, nil, info); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFilter is the cost of a condition on one document.
func BenchmarkFilter(b *testing.B) {
	docs := telemetry(1000)
	for _, where := range []string{"c.data.temperature > 40", "c.deviceId = 'device-001'", "c.status = 'processed' AND c.data.pressure BETWEEN 1000 AND 1010", "CONTAINS(c.location.region, 'korea')"} {
		b.Run(where, func(b *testing.B) {
			q, err := Parse("SELECT * FROM c WHERE " + where)
			if err != nil {
				b.Fatal(err)
			}
			p, err := Compile(q, nil, SourceInfo{})
			if err != nil {
				b.Fatal(err)
			}
			f := &frame{slots: make([]value, p.slots), run: &running{}}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				f.slots[0] = value{kind: Object, raw: docs[i%len(docs)]}
				p.root.passes(f, 0)
				i++
			}
		})
	}
}

// BenchmarkQuery runs the first page of whole queries on 100,000 documents in
// memory, indexes built.
func BenchmarkQuery(b *testing.B) {
	src := &memorySource{fakeSource: newFakeSource(telemetry(100_000), Path{"deviceId"})}
	for _, text := range []string{
		"SELECT TOP 10 * FROM c ORDER BY c.timestamp DESC",
		"SELECT * FROM c WHERE c.deviceId = 'device-001' ORDER BY c.timestamp DESC",
		"SELECT * FROM c WHERE c.data.temperature > 40 ORDER BY c.timestamp DESC",
		"SELECT c.deviceId, COUNT(1) AS count FROM c GROUP BY c.deviceId",
		"SELECT c.location.facility, AVG(c.data.temperature) AS t FROM c GROUP BY c.location.facility",
		"SELECT * FROM c ORDER BY c.data.humidity, c.id",
		"SELECT DISTINCT VALUE c.deviceId FROM c",
		"SELECT VALUE COUNT(1) FROM c WHERE c.data.temperature > 40 AND c.data.humidity < 50",
	} {
		b.Run(text, func(b *testing.B) {
			q, err := Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			p, err := Compile(q, nil, src.info())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.Run(context.Background(), src, RunOptions{MaxItems: 1}); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Run(context.Background(), src, RunOptions{MaxItems: 100}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// memorySource keeps a list of entries for each walk, so that the walk itself
// costs next to nothing.
type memorySource struct {
	*fakeSource
	lists map[string][]fakeEntry
}

func (s *memorySource) Scan(_ context.Context, a Access) (Rows, error) {
	key := fmt.Sprint(a.Path, a.Partition, a.Low, a.High)
	list, ok := s.lists[key]
	if !ok {
		for _, e := range s.entries(a.Path) {
			if s.matches(a, e) {
				list = append(list, e)
			}
		}
		if s.lists == nil {
			s.lists = map[string][]fakeEntry{}
		}
		s.lists[key] = list
	}
	r := &memoryRows{fakeRows{src: s.fakeSource, a: a, list: list, step: 1, i: -1}}
	if a.Reverse {
		r.step, r.i = -1, len(list)
	}
	return r, nil
}

type memoryRows struct{ fakeRows }

func (r *memoryRows) Next(row *Row) (bool, error) {
	if r.i += r.step; r.i < 0 || r.i >= len(r.list) {
		return false, nil
	}
	e := r.list[r.i]
	*row = Row{Ordinal: e.ordinal, Value: e.val, Doc: r.src.docs[e.ordinal-1]}
	return true, nil
}
