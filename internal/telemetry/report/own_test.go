package report

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

func served(role string, success bool, took time.Duration, count int) *item.Item {
	return &item.Item{Role: role, Count: count, Body: &item.Request{Name: "enrich", Success: success, ResultCode: "0", Duration: took}, Operation: item.Operation{ID: "op"}}
}

// What engines report is counted by role while somebody looks, items that stand for
// others as so many; nothing is kept from before, and nothing while nobody looks.
func TestOwn(t *testing.T) {
	var c live.Component
	o := NewOwn(&c, func() map[string][]int { return map[string][]int{"lazuli": {os.Getpid()}} })
	now := time.Now()
	o.Saw(served("plant", false, time.Second, 1))
	o.report(now)
	stream := live.DefaultStream()
	w, err := c.Watch(live.Config{Streams: []live.DocumentStream{stream}})
	if err != nil {
		t.Fatal(err)
	}
	o.report(now.Add(time.Second))
	w.Take()
	o.Saw(served("plant", true, 10*time.Millisecond, 3), served("plant", false, 50*time.Millisecond, 1),
		&item.Item{Role: "plant", Body: &item.Dependency{Name: "write", Success: true, Duration: 4 * time.Millisecond}},
		&item.Item{Role: "plant", Body: &item.Exception{Chain: []item.Cause{{Type: "KeyError", Message: "'tempC'"}}}})
	o.report(now.Add(3 * time.Second))
	got, _ := w.Take()
	n := slices.IndexFunc(got, func(s live.Sample) bool { return s.Instance.Role == "plant" })
	if n < 0 {
		t.Fatalf("%+v", got)
	}
	values := map[string]float64{}
	for _, v := range got[n].Values {
		values[v.Name] = v.Value
	}
	for name, want := range map[string]float64{
		live.Requests: 2, live.RequestsFailed: 0.5, live.RequestDuration: 20, live.Dependencies: 0.5, live.DependenciesFailed: 0, live.DependencyDuration: 4, live.Exceptions: 0.5,
	} {
		if values[name] != want {
			t.Errorf("%s: %v, want %v", name, values[name], want)
		}
	}
	if d := got[n].Documents; len(d) != 2 || d[0].Type != "Request" || d[0].Streams[0] != stream.ID || d[1].Fields[1].Value != "'tempC'" {
		t.Errorf("%+v", d)
	}
	n = slices.IndexFunc(got, func(s live.Sample) bool { return s.Instance.Role == "lazuli" })
	if n < 0 || !slices.ContainsFunc(got[n].Values, func(v live.Value) bool { return v.Name == live.ProcessorTime && v.Value >= 0 }) {
		t.Errorf("this process: %+v", got)
	}
	w.Close()
	o.Saw(served("plant", true, 0, 1))
	o.report(now.Add(4 * time.Second))
	if len(o.seconds) != 0 {
		t.Error("something is counted while nobody looks")
	}
}

// Documents are those that the protocol's filters let through.
func TestOwnFilters(t *testing.T) {
	request := &item.Item{
		Body:       &item.Request{Name: "GET Items", URL: "http://h/items", Success: true, ResultCode: "201", Duration: 1500 * time.Millisecond},
		Properties: []item.Property{{Name: "plant", Value: "Dangjin"}},
	}
	for _, c := range []struct {
		field, predicate, comparand string
		want                        bool
	}{
		{"Success", "Equal", "true", true},
		{"Success", "NotEqual", "true", false},
		{"ResponseCode", "GreaterThanOrEqual", "201", true},
		{"ResponseCode", "LessThan", "201", false},
		{"Duration", "GreaterThan", "0.0:0:1.4", true},
		{"Duration", "GreaterThan", "0.0:0:1.6", false},
		{"Name", "Equal", "get items", true},
		{"Url", "Contains", "ITEMS", true},
		{"Url", "DoesNotContain", "items", false},
		{"CustomDimensions.plant", "Equal", "dangjin", true},
		{"CustomDimensions.other", "NotEqual", "x", false},
		{"*", "Contains", "dang", true},
		{"*", "DoesNotContain", "dang", false},
		{"Message", "Contains", "a", false},
	} {
		f := live.Filter{Field: c.field, Predicate: c.predicate, Comparand: c.comparand}
		streams := []live.DocumentStream{{ID: "s", Groups: []live.DocumentGroup{{Telemetry: "Request", Filters: live.Group{Filters: []live.Filter{f}}}}}}
		if got := streamsOf(streams, request) != nil; got != c.want {
			t.Errorf("%+v: %v", f, got)
		}
	}
}

// BenchmarkOwnUnseen is what telling costs while nobody looks.
func BenchmarkOwnUnseen(b *testing.B) {
	o := NewOwn(&live.Component{}, nil)
	i := served("plant", true, time.Millisecond, 1)
	b.ReportAllocs()
	for b.Loop() {
		o.Saw(i)
	}
}

// BenchmarkOwnSeen is what it costs while somebody does.
func BenchmarkOwnSeen(b *testing.B) {
	var c live.Component
	w, err := c.Watch(live.Config{Streams: []live.DocumentStream{live.DefaultStream()}})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	o := NewOwn(&c, nil)
	i := served("plant", true, time.Millisecond, 1)
	b.ReportAllocs()
	for b.Loop() {
		o.Saw(i)
	}
}
