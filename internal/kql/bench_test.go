package kql

import (
	"fmt"
	"testing"
	"time"
)

// bigTable has a million requests of the last three hours in chunks of 8192.
func bigTable(b *testing.B) *memory {
	b.Helper()
	const n, size = 1_000_000, 8192
	names, success := []string{}, []string{"True", "False"}
	for i := range 50 {
		names = append(names, fmt.Sprintf("GET /orders/%d", i))
	}
	t := &memoryTable{columns: []Column{{"timestamp", Datetime}, {"name", String}, {"success", String}, {"duration", Real}, {"message", String}}}
	start := Ticks(testNow) - 3*Hour
	for from := 0; from < n; from += size {
		c := &Chunk{N: min(size, n-from)}
		ts, nm, ok := &Vector{Kind: Datetime}, &Vector{Kind: String, Texts: names}, &Vector{Kind: String, Texts: success}
		du, ms := &Vector{Kind: Real}, &Vector{Kind: String}
		for i := range c.N {
			k := from + i
			ts.Ints = append(ts.Ints, start+int64(k)*3*Hour/n)
			nm.Codes = append(nm.Codes, uint32(k*7%50))
			code := uint32(0)
			if k%20 == 0 {
				code = 1
			}
			ok.Codes = append(ok.Codes, code)
			du.Reals = append(du.Reals, float64(k%1000))
			ms.Texts = append(ms.Texts, fmt.Sprintf("Executed 'Functions.Store' (Succeeded, Id=%d, Duration=%dms)", k, k%1000))
		}
		c.Columns = []*Vector{ts, nm, ok, du, ms}
		t.chunks = append(t.chunks, c)
	}
	return &memory{names: []string{"requests"}, tables: map[string]*memoryTable{"requests": t}}
}

func BenchmarkRun(b *testing.B) {
	m := bigTable(b)
	for _, c := range []struct{ name, query string }{
		{"where summarize", "requests | where timestamp > ago(1h) and success == false | summarize count(), avg(duration) by name"},
		{"bin percentile", "requests | summarize count(), percentile(duration, 95) by bin(timestamp, 5m)"},
		{"has", "requests | where message has '999999' | count"},
		{"contains", "requests | where message contains 'Duration=77' | count"},
		{"parse", "requests | where timestamp > ago(5m) | parse message with * 'Id=' id:long ',' * 'Duration=' ms:long 'ms)' | summarize max(ms)"},
		{"top", "requests | top 10 by duration"},
		{"join", "requests | where success == false | join kind=inner (requests | where timestamp > ago(10s)) on name | count"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				if _, err := Run(b.Context(), m, c.query, Options{Now: testNow, Limits: Limits{Time: time.Minute}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
