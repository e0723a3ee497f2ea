package telemetry

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// runs feeds a function with runs, one after the other.
type runs struct {
	*Function
	listen host.Listener
	n      int
}

func newRuns() *runs {
	c := New()
	return &runs{Function: c.Function("shop", "ingest"), listen: c.FromHost("shop", func(string) uint64 { return 1 })}
}

// run is one run that took so long and ended so.
func (r *runs) run(took time.Duration, err error, lines ...string) string {
	r.n++
	id := fmt.Sprint("i", r.n)
	at := time.Now()
	r.listen(host.InvocationStarted{Function: "ingest", ID: id, Items: 3, At: at})
	for _, l := range lines {
		r.listen(host.LogWritten{Function: "ingest", ID: id, Message: l, At: at})
	}
	r.listen(host.InvocationFinished{Function: "ingest", ID: id, Items: 3, Documents: 2, Duration: took, Err: err, At: at.Add(took)})
	return id
}

func (r *runs) all() (list []Run) {
	r.Latest(func(run Run) bool { list = append(list, run); return true })
	return list
}

func TestRunsKeepSoManyLines(t *testing.T) {
	r := newRuns()
	lines := make([]string, keptLogs+5)
	for i := range lines {
		lines[i] = fmt.Sprint("line ", i)
	}
	id := r.run(1500*time.Microsecond, nil, lines...)
	got, ok := r.Find(id)
	if !ok || got.Extra.LogsLost != 5 || len(got.Extra.Logs) != keptLogs || got.Running || got.Duration != 1500*time.Microsecond || got.Sent != 2 {
		t.Errorf("%v %+v", ok, got)
	}
}

// TestFailuresOutliveSuccesses: thousands of runs that succeed wash no failure
// away, and memory is bounded.
func TestFailuresOutliveSuccesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns()
		failed := r.run(time.Millisecond, errors.New("boom"))
		for range 2 * mostRuns {
			time.Sleep(10 * time.Millisecond)
			r.run(time.Millisecond, nil, strings.Repeat("x", 8<<10))
		}
		list := r.all()
		if len(list) != mostRuns+1 || list[len(list)-1].ID != failed {
			t.Errorf("%d runs are kept, the oldest is %s", len(list), list[len(list)-1].ID)
		}
		if r.heavyBytes > mostBytes {
			t.Errorf("%d bytes are kept", r.heavyBytes)
		}
		if list[0].Extra == nil || list[mostRuns-1].Extra != nil {
			t.Errorf("the newest has extra %v, an old one %v", list[0].Extra != nil, list[mostRuns-1].Extra != nil)
		}
	})
}

// TestMarks: three of three failures are failing; one good run among few
// failures is still one in a hundred; the last run decides alone.
func TestMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns()
		back := 15 * time.Minute
		for range 3 {
			r.run(time.Millisecond, errors.New("boom"))
		}
		if h := r.Health(time.Now(), back); !h.Bad() || h.Runs != 3 || h.Failed != 3 {
			t.Errorf("3 of 3: %+v", h)
		}
		for range 500 {
			r.run(time.Millisecond, nil)
		}
		if h := r.Health(time.Now(), back); h.Bad() || h.Failed != 3 {
			t.Errorf("3 of 503, the last succeeded: %+v", h)
		}
		r.run(time.Millisecond, errors.New("boom"))
		if h := r.Health(time.Now(), back); !h.Bad() {
			t.Errorf("4 of 504, the last failed: %+v", h)
		}
		time.Sleep(2 * time.Hour)
		if h := r.Health(time.Now(), back); !h.Bad() || h.Runs != 0 {
			t.Errorf("hours later the last run still failed: %+v", h)
		}
	})
}

func TestPastCountsInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns()
		from := time.Now().Truncate(time.Minute)
		for i := range 100 {
			r.run(time.Duration(i+1)*time.Millisecond, nil)
		}
		time.Sleep(5 * time.Minute)
		r.run(time.Second, errors.New("boom"))
		p := r.Past(from, from.Add(10*time.Minute), time.Minute)
		if p.Step != time.Minute || len(p.Runs) != 10 || p.Runs[0] != 100 || p.Runs[5] != 1 || p.Failed[5] != 1 || p.Failed[0] != 0 {
			t.Errorf("%+v", p)
		}
		if p50 := p.Total.P50.Seconds() * 1000; p50 < 45 || p50 > 56 {
			t.Errorf("p50 is %.1f ms", p50)
		}
		if p95 := p.Total.P95.Seconds() * 1000; p95 < 87 || p95 > 105 {
			t.Errorf("p95 is %.1f ms", p95)
		}
		time.Sleep(26 * time.Hour)
		day := r.Past(from, time.Now(), time.Hour)
		if day.Total.Runs != 101 || day.Total.Failed != 1 || day.Step != time.Hour {
			t.Errorf("a day later: %+v", day.Total)
		}
		r.run(time.Millisecond, nil)
		if n := len(r.series.fine); n != 1 {
			t.Errorf("%d fine steps are kept of the last hour with one run", n)
		}
	})
}

// TestFailuresAreGrouped by what they are, not by their numbers and ids.
func TestFailuresAreGrouped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns()
		start := time.Now()
		for i := range 5 {
			time.Sleep(10 * time.Second)
			r.run(time.Millisecond, fmt.Errorf("order %d of 7b3f8a2c-0d11-4e2a-9c1b-00000000000%d: no stock", i*1000, i))
		}
		r.run(time.Millisecond, errors.New("missing field \"irradiance\" in event 4,668"))
		r.run(time.Millisecond, &host.FunctionError{Message: "panic: x", Type: "panic", Stack: "goroutine 7 [running]:\npanic({0x1, 0x2})\n\t/go/src/runtime/panic.go:1\nmain.f(...)\n\t/app/main.go:10 +0x1\n"})
		r.run(time.Millisecond, &host.FunctionError{Message: "panic: x", Type: "panic", Stack: "goroutine 9 [running]:\npanic({0x1, 0x2})\n\t/go/src/runtime/panic.go:1\nmain.f(...)\n\t/app/main.go:14 +0x1\n"})
		r.run(time.Millisecond, &host.FunctionError{Message: "panic: x", Type: "panic", Stack: "goroutine 9 [running]:\npanic({0x1, 0x2})\n\t/go/src/runtime/panic.go:1\nmain.f(...)\n\t/app/other.go:14 +0x1\n"})
		got := r.Groups(start, time.Now().Add(time.Second))
		var counts []int
		for _, g := range got {
			counts = append(counts, g.Count)
		}
		if fmt.Sprint(counts) != "[5 2 1 1]" {
			t.Fatalf("groups %v: %+v", counts, got)
		}
		if g := got[0]; !g.First.Equal(start.Add(10*time.Second+time.Millisecond)) || g.Last.Sub(g.First) != 40*time.Second || g.Sample != "i5" {
			t.Errorf("%+v", g)
		}
		if g := got[1]; g.Frame != "/app/main.go:14" || g.Type != "panic" {
			t.Errorf("%+v", g)
		}
		if later := r.Groups(start.Add(45*time.Second), time.Now().Add(time.Second)); later[len(later)-1].Count != 1 || later[0].Count != 2 {
			t.Errorf("in a part of the range: %+v", later)
		}
	})
}

func TestGroupsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns()
		start := time.Now()
		for i := range maxGroups + 50 {
			time.Sleep(time.Second)
			r.run(time.Millisecond, errors.New("no "+strings.Repeat("a", i+1)))
		}
		if n := len(r.Groups(start, time.Now().Add(time.Second))); n != maxGroups {
			t.Errorf("%d groups", n)
		}
	})
}

func TestHTTPAnswersOf500AreFailures(t *testing.T) {
	r := newRuns()
	end := func(status int, answer string) Run {
		r.n++
		id := fmt.Sprint("h", r.n)
		r.listen(host.InvocationStarted{Function: "ingest", ID: id, At: time.Now()})
		r.listen(host.InvocationFinished{Function: "ingest", ID: id, Status: status, Answer: answer, At: time.Now()})
		run, _ := r.Find(id)
		return run
	}
	if run := end(404, ""); run.Failure != nil {
		t.Errorf("404: %+v", run.Failure)
	}
	run := end(500, "Traceback (most recent call last):\n  File \"/app/s.py\", line 7, in f\n    x[7]\nIndexError: list index out of range\n")
	if run.Failure == nil || run.Failure.Type != "HTTP 500" || run.Failure.Frame != "/app/s.py:7" {
		t.Errorf("500: %+v", run.Failure)
	}
	if run := end(503, ""); run.Failure == nil || run.Failure.Message != "answered 503 Service Unavailable" {
		t.Errorf("503: %+v", run.Failure)
	}
}

// BenchmarkRun is what listening costs the host for each run that succeeds.
func BenchmarkRun(b *testing.B) {
	c := New()
	listen := c.FromHost("shop", func(string) uint64 { return 1 })
	at := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(5 * time.Millisecond)
		listen(host.InvocationStarted{Function: "ingest", ID: "8d3f6a2c-1111-4e2a-9c1b-000000000001", Items: 100, At: at})
		listen(host.InvocationFinished{Function: "ingest", ID: "8d3f6a2c-1111-4e2a-9c1b-000000000001", Items: 100, Documents: 100, Duration: time.Millisecond, At: at})
	}
}

// BenchmarkFailedRun is the same for one that panics.
func BenchmarkFailedRun(b *testing.B) {
	c := New()
	listen := c.FromHost("shop", func(string) uint64 { return 1 })
	at := time.Now()
	err := &host.FunctionError{Message: "panic: index out of range [7] with length 7", Type: "panic", Stack: goStack}
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(5 * time.Millisecond)
		listen(host.InvocationStarted{Function: "ingest", ID: "8d3f6a2c-1111-4e2a-9c1b-000000000001", Items: 100, At: at})
		listen(host.InvocationFinished{Function: "ingest", ID: "8d3f6a2c-1111-4e2a-9c1b-000000000001", Items: 100, Err: err, Duration: time.Millisecond, At: at})
	}
}
