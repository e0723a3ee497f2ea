//go:build unix

package stream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// benchSource yields events of about 130 bytes, round robin over keys, so many
// a second of event time, from one buffer that is cut in place.
type benchSource struct {
	lines [][]byte
	total int
}

const benchBase = "2024-01-01T00:"

func newBenchSource(keys, distinct, total int) *benchSource {
	s := &benchSource{total: total}
	for i := range distinct {
		at := i * 3000 / distinct // within 50 minutes
		s.lines = append(s.lines, fmt.Appendf(nil, `{"deviceId":"device-%06d","timestamp":"%s%02d:%02d.%03dZ","temperature":%d.%d,"humidity":%d,"status":"ok","seq":%d}`,
			i%keys, benchBase, at/60, at%60, i%1000, 15+i%20, i%10, 30+i%50, 1000000+i))
	}
	return s
}

func (s *benchSource) Partitions(context.Context) (int, error) { return 1, nil }

func (s *benchSource) Open(context.Context, int, Position) (Reader, error) {
	return &benchReader{s: s}, nil
}

type benchReader struct {
	s    *benchSource
	next int
}

func (r *benchReader) Read(_ context.Context, b *Batch, limit int) error {
	if r.next >= r.s.total {
		return io.EOF
	}
	b.Events = b.Events[:0]
	for len(b.Events) < limit && r.next < r.s.total {
		b.Events = append(b.Events, Event{Offset: int64(r.next), Body: r.s.lines[r.next%len(r.s.lines)]})
		r.next++
	}
	return nil
}

func (r *benchReader) Backlog() int64 { return 0 }
func (r *benchReader) Close() error   { return nil }

type nopSink struct{ rows int }

func (n *nopSink) Write(_ context.Context, b OutputBatch) error {
	n.rows += len(b.Rows)
	return nil
}

// cpuTime is what the process has used: on a busy machine it says more about
// the code than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchmark(b *testing.B, query string, keys, distinct int, store Store) {
	program, err := streamsql.Compile(query, streamsql.Options{})
	if err != nil {
		b.Fatal(err)
	}
	source := newBenchSource(keys, distinct, max(b.N, distinct))
	source.total = b.N
	sinks := map[string]Sink{}
	for _, o := range program.Outputs {
		sinks[o.Name] = &nopSink{}
	}
	sources := map[string]Source{}
	for _, in := range program.Inputs {
		sources[in.Name] = source
	}
	job, err := New(Options{
		Name: "bench", Program: program, Sources: sources, Sinks: sinks, Start: StartAll,
		Policy: TimePolicy{Unlimited: true}, Store: store,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(source.lines[0])))
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	if err := job.Run(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/(cpuTime()-before).Seconds(), "events/cpu-s")
	if m := job.Metrics(); m.LastError != "" {
		b.Fatal(m.LastError)
	}
}

func BenchmarkJob(b *testing.B) {
	const stats = "COUNT(*) AS n, AVG(temperature) AS a, MIN(temperature) AS lo, MAX(temperature) AS hi, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY timestamp "
	for _, c := range []struct {
		name, query    string
		keys, distinct int
	}{
		{"filter", "SELECT deviceId, temperature, humidity INTO o FROM i TIMESTAMP BY timestamp WHERE temperature > 30", 100, 300_000},
		{"tumbling-100", "SELECT deviceId, " + stats + "GROUP BY deviceId, TumblingWindow(second, 10)", 100, 300_000},
		{"tumbling-100k", "SELECT deviceId, " + stats + "GROUP BY deviceId, TumblingWindow(minute, 50)", 100_000, 300_000},
		{"hopping", "SELECT deviceId, " + stats + "GROUP BY deviceId, HoppingWindow(minute, 60, 1)", 100, 300_000},
		{"sliding", "SELECT deviceId, " + stats + "GROUP BY deviceId, SlidingWindow(second, 10)", 100, 300_000},
		{"session", "SELECT deviceId, " + stats + "GROUP BY deviceId, SessionWindow(second, 5, 60) OVER (PARTITION BY deviceId)", 100, 300_000},
		{"lag", "SELECT deviceId, temperature - LAG(temperature) OVER (PARTITION BY deviceId LIMIT DURATION(minute, 1)) AS d INTO o FROM i TIMESTAMP BY timestamp", 100, 300_000},
		{"join", "SELECT a.deviceId, b.humidity INTO o FROM i a TIMESTAMP BY timestamp JOIN i b TIMESTAMP BY timestamp ON a.seq = b.seq AND DATEDIFF(second, a, b) BETWEEN 0 AND 5", 100, 300_000},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.query, c.keys, c.distinct, nil) })
	}
}

// BenchmarkCheckpoint is what a snapshot of 100,000 groups costs.
func BenchmarkCheckpoint(b *testing.B) {
	g := newTumbling(&group{aggs: newAggregates(nil)}, &streamsql.WindowSpec{Size: 1})
	g.groups = newTable(7)
	g.g.aggs.width = 7
	for i := range 100_000 {
		name := fmt.Appendf(nil, "device-%06d", i)
		g.groups.insert(name, name)
	}
	b.ReportAllocs()
	for b.Loop() {
		var w stateWriter
		g.save(&w)
		b.SetBytes(int64(len(w.b)))
	}
}

// BenchmarkTable is the inner loop of GROUP BY: find a key, count.
func BenchmarkTable(b *testing.B) {
	for _, keys := range []int{100, 100_000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			t := newTable(4)
			names := make([][]byte, keys)
			for i := range names {
				names[i] = fmt.Appendf(nil, "device-%06d", i)
				t.insert(names[i], names[i])
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				id := t.find(names[i])
				t.state(id)[0]++
				if i++; i == keys {
					i = 0
				}
			}
			b.ReportMetric(float64(t.bytes())/float64(keys), "B/key")
			if !bytes.Equal(t.key(0), names[0]) {
				b.Fatal("lost a key")
			}
		})
	}
}
