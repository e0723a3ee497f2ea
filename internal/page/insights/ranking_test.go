package insights

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

func TestFailures(t *testing.T) {
	l := newLab(t, "default", "second")
	shop(l)
	for by, want := range map[string]string{
		"operations":   "GET /buy shop  2 1, 1 of 3",
		"exceptions":   "PayError at pay PayError  1 1, 1 of 1",
		"codes":        "500   1 1, 1 of 3",
		"dependencies": "POST /pay bank HTTP 1 1, 1 of 1",
	} {
		var got Failures
		l.get("/api/insights/failures?by="+by+"&"+span, &got)
		if len(got.Rows) != 1 {
			t.Fatalf("%s: %+v", by, got)
		}
		f := got.Rows[0]
		if have := fmt.Sprintf("%s %s %s %d %d, %d of %d", f.Name, f.Text, f.Sort, f.All, f.Bad, got.Bad, got.All); have != want || f.Last < float64(someday.UnixMilli()) {
			t.Errorf("%s: %s, want %s", by, have, want)
		}
	}
	l.refused("/api/insights/failures?by=colour", fault.Invalid)
}

// TestManyFailures: the rest of a ranking is counted.
func TestManyFailures(t *testing.T) {
	l := newLab(t, "default")
	var all []*item.Item
	for n := range 80 {
		i := after(n, "x", "", &item.Request{Name: fmt.Sprint("op ", n)})
		i.Count = n + 1
		all = append(all, i)
	}
	l.put("default", all...)
	var got Failures
	l.get("/api/insights/failures?by=operations&"+span, &got)
	if len(got.Rows) != ranked || got.Names != 80 || got.Bad != 80*81/2 || got.Rows[0].Name != "op 79" || got.Rows[0].Bad != 80 {
		t.Errorf("%d rows of %d, %d failed, %+v", len(got.Rows), got.Names, got.Bad, got.Rows[0])
	}
}

func TestPerformance(t *testing.T) {
	l := newLab(t, "default")
	var all []*item.Item
	for n := range 100 {
		all = append(all,
			after(n*10, "x", "", &item.Request{ID: "r", Name: "GET /buy", Success: n%10 > 0, Duration: time.Duration(n+1) * time.Millisecond}),
			after(n*10, "x", "r", &item.Dependency{Name: "SELECT", Target: "db", Kind: "SQL", Success: true, Duration: 50 * time.Microsecond}))
	}
	l.put("default", all...)
	var got Performance
	l.get("/api/insights/performance?kind=request&"+span, &got)
	if r := got.Rows[0]; len(got.Rows) != 1 || r.All != 100 || r.Bad != 10 || *r.P50 != 50 || *r.P95 != 95 || *r.P99 != 99 || *r.Most != 100 || *r.Total != 5050 {
		t.Errorf("%+v", got)
	}
	l.get("/api/insights/performance?kind=dependency&operation=GET+/buy&"+span, &got)
	if r := got.Rows[0]; len(got.Rows) != 1 || r.Name != "SELECT" || r.Text != "db" || r.Sort != "SQL" || r.All != 100 {
		t.Errorf("%+v", got)
	}
	l.get("/api/insights/performance?kind=dependency&operation=other&"+span, &got)
	if len(got.Rows) != 0 {
		t.Errorf("%+v", got)
	}
	var d Durations
	l.get(fmt.Sprintf("/api/insights/durations?kind=request&name=GET+/buy&steps=2&from=%d&to=%d", someday.UnixMilli(), someday.Add(time.Second).UnixMilli()), &d)
	var n, bad int64
	for i, b := range d.Buckets {
		n, bad = n+b.Count, bad+b.Bad
		if i > 0 && b.From != d.Buckets[i-1].To {
			t.Errorf("a gap before %v", b)
		}
	}
	if n != 100 || bad != 10 || d.Buckets[0].From != 1 || fmt.Sprint(d.Counts) != "[50 50]" || *d.P50[0] != 25 || *d.P95[1] != 98 {
		t.Errorf("%+v", d)
	}
	l.get("/api/insights/durations?kind=dependency&"+span, &d)
	if len(d.Buckets) != 1 || d.Buckets[0] != (Bucket{0, 0.158, 100, 0}) {
		t.Errorf("%+v", d.Buckets)
	}
	l.refused("/api/insights/durations?kind=trace&"+span, fault.Invalid)
	l.refused("/api/insights/performance", fault.Invalid)
}
