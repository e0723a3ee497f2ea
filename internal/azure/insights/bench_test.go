package insights

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// batch is envelopes as Python's client sends them.
func batch(n int, now time.Time) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"name":"Microsoft.ApplicationInsights.Request","time":"%s","sampleRate":100.0,"iKey":"%s","tags":{"ai.cloud.role":"shop.api","ai.cloud.roleInstance":"host1","ai.internal.sdkVersion":"py3.12:otel1.45.1:ext1.0.0b58","ai.operation.id":"0af7651916cd43dd8448eb211c%06d","ai.operation.name":"GET /orders/{id}","ai.operation.parentId":"b7ad6b7169203331","ai.location.ip":"10.0.0.9"},"data":{"baseType":"RequestData","baseData":{"ver":2,"id":"00f067aa0ba902b7","name":"GET /orders/{id}","duration":"0.00:00:00.031","success":true,"responseCode":"200","url":"http://h/orders/%d","properties":{"sku":"A%d","tenant":"one"}}}}`,
			now.UTC().Format("2006-01-02T15:04:05.000000Z"), labKey, i, i, i%50)
	}
	return "[" + strings.Join(all, ",") + "]"
}

// BenchmarkTrack is the wire's own cost of an item: body, envelopes, reply.
func BenchmarkTrack(b *testing.B) {
	l := newLab(b)
	body := batch(500, time.Now())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		l.got = l.got[:0]
		if code, text, _ := l.send("/v2.1/track", body); code != 200 {
			b.Fatal(code, text)
		}
	}
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "items/s")
}
