package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// doubled reads a step twice at each of so many levels.
func doubled(levels int, last string) string {
	var b strings.Builder
	b.WriteString("WITH s0 AS (SELECT * FROM i)")
	for n := range levels {
		fmt.Fprintf(&b, ", s%d AS (SELECT * FROM s%d UNION SELECT * FROM s%[2]d)", n+1, n)
	}
	return fmt.Sprintf("%s %s FROM s%d", b.String(), last, levels)
}

func multiplying(t *testing.T, query string, bodies ...string) (Options, *memSource, *memSink) {
	t.Helper()
	source := &memSource{parts: make([][]Event, 1), more: make(chan struct{})}
	for n, body := range bodies {
		source.send(0, Event{Arrival: int64(n+1) * 1000, Body: []byte(body)})
	}
	sink := &memSink{}
	return Options{
		Name: "many", Program: compile(t, query), Policy: DefaultTimePolicy(), Start: StartLast, First: StartAll, Store: &MemStore{},
		Sources: map[string]Source{"i": source}, Sinks: map[string]Sink{"o": sink},
	}, source, sink
}

// TestChainOfUnions: each event comes as often as the query says, in order.
func TestChainOfUnions(t *testing.T) {
	o, _, sink := multiplying(t, doubled(10, "SELECT x INTO o"), `{"x":1}`, `{"x":2}`, `{"x":3}`)
	job, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := sink.lines()
	for n, row := range rows {
		if want := fmt.Sprintf(`{"x":%d}`, n/1024+1); row != want {
			t.Fatalf("row %d is %s, not %s", n, row, want)
		}
	}
	if len(rows) != 3*1024 {
		t.Errorf("%d rows", len(rows))
	}
}

// TestLimitsWithinABatch: what few events make is under the job's limits before
// the batch is at its end.
func TestLimitsWithinABatch(t *testing.T) {
	long := `{"x":"` + strings.Repeat("long ", 2000) + `"}`
	for name, c := range map[string]struct {
		query  string
		limits Limits
		want   string
	}{
		"rows":            {doubled(13, "SELECT x INTO o"), Limits{HeldRows: 1000}, "UNION in step s10: more than 1000 rows held"},
		"bytes":           {doubled(13, "SELECT x INTO o"), Limits{StateSize: 8 << 20}, "UNION in step s9: more than 8388608 bytes of rows held"},
		"bytes of a join": {"SELECT a.x INTO o FROM i a JOIN i b ON DATEDIFF(hour, a, b) BETWEEN 0 AND 1 AND a.x = b.y", Limits{StateSize: 8 << 10}, "JOIN in the query at line 1, column 1: more than 8192 bytes of rows held"},
	} {
		t.Run(name, func(t *testing.T) {
			o, _, _ := multiplying(t, c.query, long)
			o.Limits = c.limits
			job, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := job.Run(t.Context()); !fault.Is(err, fault.TooLarge) || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestStopWithinABatch: a job stops within a second whatever a batch makes, and
// saves nothing of the part that was done.
func TestStopWithinABatch(t *testing.T) {
	testkit.NoLeaks(t)
	array := `{"x":[` + strings.Repeat("1,", 3000) + `1],"k":1}`
	same := make([]string, 400)
	for n := range same {
		same[n] = `{"k":1}`
	}
	never := " AND a.k + b.k = 3"
	for name, c := range map[string]struct {
		query string
		in    []string
	}{
		"elements of arrays": {"SELECT 1 AS y INTO o FROM i CROSS APPLY GetArrayElements(x) a CROSS APPLY GetArrayElements(x) b CROSS APPLY GetArrayElements(x) c WHERE k = 2", []string{array}},
		"rows of outputs":    {"SELECT 1 AS y INTO o FROM i CROSS APPLY GetArrayElements(x) a CROSS APPLY GetArrayElements(x) b CROSS APPLY GetArrayElements(x) c", []string{array}},
		"self-joins": {"SELECT a.k INTO o FROM i a JOIN i b ON DATEDIFF(hour, a, b) BETWEEN -1 AND 1 AND a.k = b.k" +
			" JOIN i c ON DATEDIFF(hour, b, c) BETWEEN -1 AND 1 AND b.k = c.k JOIN i d ON DATEDIFF(hour, c, d) BETWEEN -1 AND 1 AND c.k = d.k" + never, same},
	} {
		t.Run(name, func(t *testing.T) {
			o, _, _ := multiplying(t, c.query, c.in...)
			o.Sinks["o"] = hole{}
			store := &MemStore{}
			o.Store = store
			job, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- job.Run(ctx) }()
			select {
			case <-time.After(300 * time.Millisecond):
			case err := <-done:
				t.Fatalf("it is over: %v", err)
			}
			begun := time.Now()
			stop()
			err = <-done
			if d := time.Since(begun); d > 20*time.Second { // the machine may be busy
				t.Errorf("the stop took %v", d)
			}
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "a batch of events took longer than 500ms to the end and was given up") {
				t.Errorf("%v", err)
			}
			if len(store.lanes) > 0 {
				t.Error("a part of a batch was saved")
			}
		})
	}
}

type hole struct{}

func (hole) Write(context.Context, OutputBatch) error { return nil }

// gated is a sink that waits for a gate.
type gated struct {
	memSink
	once sync.Once
	full chan struct{} // closed at the first write
	open chan struct{}
}

func (s *gated) Write(ctx context.Context, b OutputBatch) error {
	s.once.Do(func() { close(s.full) })
	select {
	case <-s.open:
		return s.memSink.Write(ctx, b)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestStopBehindASlowOutput: rows of a batch that waits for an output when the
// job stops are written by the next run.
func TestStopBehindASlowOutput(t *testing.T) {
	o, _, _ := multiplying(t, doubled(13, "SELECT x INTO o"), `{"x":"`+strings.Repeat("long ", 100)+`"}`)
	sink := &gated{full: make(chan struct{}), open: make(chan struct{})}
	o.Sinks["o"] = sink
	job, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- job.Run(ctx) }()
	<-sink.full
	time.AfterFunc(700*time.Millisecond, func() { close(sink.open) })
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if job, err = New(o); err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(sink.lines()); n != 1<<13 {
		t.Errorf("%d rows, not %d", n, 1<<13)
	}
}
