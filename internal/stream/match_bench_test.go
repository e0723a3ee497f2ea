//go:build unix

package stream

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// BenchmarkMatch is MATCH_RECOGNIZE over 100 keys, of which each has a run of ten
// rows again and again: one match for each run; every row in an overlapping
// match; conditions that read aggregates.
func BenchmarkMatch(b *testing.B) {
	const begin = "SELECT * INTO o FROM i TIMESTAMP BY timestamp MATCH_RECOGNIZE (LIMIT DURATION(minute, 1) PARTITION BY deviceId "
	for _, c := range []struct{ name, query string }{
		{"sequence", "MEASURES A.seq AS a, Last(B.seq) AS b, C.seq AS c PATTERN (A B+ C) DEFINE A AS A.seq % 1000 < 300, B AS B.seq % 1000 BETWEEN 300 AND 899, C AS C.seq % 1000 >= 900) AS m"},
		{"overlapping", "MEASURES First(A.seq) AS a, Last(A.seq) AS b PATTERN (A{5,10}) DEFINE A AS A.temperature > 0) AS m"},
		{"aggregates", "MEASURES Max(B.seq) AS b, Classifier() AS names PATTERN (A B+ C) DEFINE A AS A.seq % 1000 < 300, B AS B.seq > Max(B.seq) - 1 AND B.seq < A.seq + 700, C AS C.seq > Last(B.seq)) AS m"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, begin+c.query, 100, 300_000, nil) })
	}
}

// BenchmarkMatchKeys is the memory of partitions, of which each has one open
// search with one row.
func BenchmarkMatchKeys(b *testing.B) {
	const keys = 100_000
	for b.Loop() {
		m, _ := newTestMatch(b, "SELECT a INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(hour, 1) PARTITION BY k MEASURES First(A.n) AS a PATTERN (A B) DEFINE A AS A.n > 0, B AS B.n < 0) AS m")
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range int64(keys) {
			m.feed(b, i*streamsql.TicksPerMillisecond, fmt.Sprintf("device-%06d", i), 1)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/keys, "B/key")
		runtime.KeepAlive(m)
	}
}
