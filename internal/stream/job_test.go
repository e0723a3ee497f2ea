package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
)

const tenSeconds = "SELECT COUNT(*) AS n, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t GROUP BY TumblingWindow(second, 10)"

func timed(at time.Time) Event {
	return Event{Arrival: Ticks(at), Body: fmt.Appendf(nil, `{"t":"%s"}`, at.UTC().Format(time.RFC3339Nano))}
}

// TestIdle: a window closes by the clock, the late tolerance after its end, and
// a run from the checkpoint repeats it although the clock is elsewhere.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		source := &memSource{parts: make([][]Event, 2), live: true, more: make(chan struct{})}
		sink, store := &memSink{}, &MemStore{}
		opts := Options{
			Name: "idle", Program: compile(t, tenSeconds), Policy: DefaultTimePolicy(), Start: StartAll, Store: store, Checkpoint: time.Hour,
			Sources: map[string]Source{"i": source}, Sinks: map[string]Sink{"o": sink},
		}
		job, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- job.Run(ctx) }()
		start := time.Now().Truncate(10 * time.Second)
		run.Pause(ctx, time.Until(start.Add(11*time.Second)))
		source.send(0, timed(time.Now()))
		run.Pause(ctx, 8*time.Second)
		if got := sink.lines(); len(got) != 0 {
			t.Fatalf("a window closed before its end: %v", got)
		}
		run.Pause(ctx, 8*time.Second)
		want := []string{fmt.Sprintf(`{"n":1,"e":"%s"}`, start.Add(20*time.Second).UTC().Format("2006-01-02T15:04:05.0000000Z"))}
		if diff := cmp.Diff(want, sink.lines()); diff != "" {
			t.Fatal(diff)
		}
		if d := job.WatermarkDelay(); d < 5*time.Second || d > 8*time.Second {
			t.Errorf("watermark delay %v", d)
		}
		// Behind the clock's watermark: adjusted, so in the next window.
		late := timed(start.Add(15 * time.Second))
		late.Arrival = Ticks(time.Now())
		source.send(0, late)
		run.Pause(ctx, 30*time.Second)
		before := sink.lines()
		if len(before) != 2 {
			t.Fatalf("rows %v", before)
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

// TestIdleAfterAStop: a partition that is quiet after a stop holds windows back
// no longer than one that is quiet while the job runs.
func TestIdleAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &memSource{parts: make([][]Event, 2), live: true, more: make(chan struct{})}
		sink, store := &memSink{}, &MemStore{}
		start := func(mode StartMode) (stop func()) {
			job, err := New(Options{
				Name: "idle", Program: compile(t, "SELECT d, COUNT(*) AS n, System.Timestamp() AS w INTO o FROM i GROUP BY d, TumblingWindow(second, 5)"), Policy: DefaultTimePolicy(),
				Start: mode, First: StartAll, Store: store, Sources: map[string]Source{"i": source}, Sinks: map[string]Sink{"o": sink},
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- job.Run(ctx) }()
			return func() {
				cancel()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
		}
		send := func(partition int, device string) {
			source.send(partition, Event{Arrival: Ticks(time.Now()), Body: fmt.Appendf(nil, `{"d":%q}`, device)})
		}
		stop := start(StartAll)
		for range 4 {
			send(0, "d1")
			send(1, "d2")
			run.Pause(t.Context(), 2*time.Second)
		}
		stop()
		run.Pause(t.Context(), 75*time.Minute)
		before := len(sink.lines())
		stop = start(StartLast)
		for range 7 {
			send(0, "d1")
			run.Pause(t.Context(), 2*time.Second)
		}
		rows := sink.lines()[before:]
		stop()
		fresh := 0
		for _, row := range rows {
			if at := parseTicks(t, row[strings.Index(row, `"w":"`)+5:len(row)-2]); Ticks(time.Now())-at < ticksOf(time.Minute) {
				fresh++
			}
		}
		if fresh == 0 {
			t.Errorf("14 seconds after the start no new window has closed: %v", rows)
		}
	})
}

// TestJournal: the clock's moves are made again at the same places when a lane
// goes on from a snapshot that is older than they are.
func TestJournal(t *testing.T) {
	base := TimeOf(638396640000000000)
	source := &memSource{parts: [][]Event{{timed(base.Add(1 * time.Second)), timed(base.Add(3 * time.Second)), timed(base.Add(12 * time.Second))}}}
	for i := range source.parts[0] {
		source.parts[0][i].Offset = int64(i)
		source.parts[0][i].Arrival = Ticks(base.Add(13 * time.Second))
	}
	opts := Options{
		Name: "journal", Program: compile(t, tenSeconds), Policy: TimePolicy{Late: time.Minute}, Start: StartLast, Store: &MemStore{},
		Sources: map[string]Source{"i": source}, Sinks: map[string]Sink{"o": &memSink{}},
	}
	job, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	lanes, err := job.makeLanes(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Before event 1 the clock had moved to 11 s.
	mark := appendMarks(nil, []idleMark{{0, 1, Ticks(base.Add(time.Minute + 11*time.Second))}})
	if err := opts.Store.Save(t.Context(), "all", lanes[0].snapshot(), [][]byte{mark}); err != nil {
		t.Fatal(err)
	}
	sink := &memSink{}
	opts.Sinks["o"] = sink
	source.live = false
	job, err = New(opts)
	if err != nil {
		t.Fatal(err)
	}
	lanes, err = job.makeLanes(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	lanes[0].env.firstOutput = minTime
	lanes[0].feeds[0].start = AtArrival(StartOfInput)
	if err := lanes[0].run(t.Context()); err != nil {
		t.Fatal(err)
	}
	end := func(s int) string {
		return base.Add(time.Duration(s) * time.Second).Format("2006-01-02T15:04:05.0000000Z")
	}
	want := []string{`{"n":1,"e":"` + end(10) + `"}`, `{"n":2,"e":"` + end(20) + `"}`}
	if diff := cmp.Diff(want, sink.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestChangedQueryIsRefused(t *testing.T) {
	store := &MemStore{}
	opts := Options{
		Name: "j", Program: compile(t, tenSeconds), Policy: DefaultTimePolicy(), Start: StartAll, Store: store,
		Sources: map[string]Source{"i": &memSource{parts: make([][]Event, 1)}}, Sinks: map[string]Sink{"o": &memSink{}},
	}
	job, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	opts.Start = StartLast
	if job, err = New(opts); err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context()); err != nil {
		t.Fatalf("the same query: %v", err)
	}
	opts.Program = compile(t, strings.Replace(tenSeconds, "10)", "11)", 1))
	if job, err = New(opts); err != nil {
		t.Fatal(err)
	}
	err = job.Run(t.Context())
	if !fault.Is(err, fault.PreconditionFailed) || !strings.Contains(err.Error(), "start mode now") {
		t.Errorf("got %v", err)
	}
}

func TestKeyLimit(t *testing.T) {
	var list []Event
	for i := range 100 {
		list = append(list, Event{Offset: int64(i), Body: fmt.Appendf(nil, `{"t":"2024-01-01T00:00:01Z","k":%d}`, i)})
	}
	job, err := New(Options{
		Name: "j", Program: compile(t, "SELECT k, COUNT(*) AS n INTO o FROM i TIMESTAMP BY t GROUP BY k, TumblingWindow(second, 10)"),
		Policy: TimePolicy{Unlimited: true}, Start: StartAll, Limits: Limits{Keys: 50},
		Sources: map[string]Source{"i": &memSource{parts: [][]Event{list}}}, Sinks: map[string]Sink{"o": &memSink{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(t.Context()); !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "more than 50 keys") {
		t.Errorf("got %v", err)
	}
}

// badSink refuses rows that hold a word, and is unavailable at first.
type badSink struct {
	memSink
	down int
}

func (s *badSink) Write(ctx context.Context, b OutputBatch) error {
	if s.down--; s.down >= 0 {
		return fault.New(fault.Unavailable, "sink", "down")
	}
	for _, r := range b.Rows {
		if strings.Contains(string(r.JSON), "poison") {
			return fault.New(fault.Invalid, "sink", "cannot be stored")
		}
	}
	return s.memSink.Write(ctx, b)
}

func TestOutputErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := events(t, []string{`{"x":"a"}`, `{"x":"poison"}`, `{"x":"b"}`, `{"x":"c"}`})
		sink := &badSink{down: 3}
		job, err := New(Options{
			Name: "j", Program: compile(t, "SELECT x, LAG(x) OVER (LIMIT DURATION(second, 1)) AS p INTO o FROM i"), Policy: DefaultTimePolicy(), Start: StartAll, OutputErrors: DropOutput,
			Sources: map[string]Source{"i": &memSource{parts: [][]Event{list}}}, Sinks: map[string]Sink{"o": sink},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The row after the poisoned one names it, so it goes too.
		if got := strings.Join(sink.lines(), ""); strings.Contains(got, "poison") || !strings.Contains(got, `"x":"c"`) {
			t.Errorf("rows %s", got)
		}
		if m := job.Metrics(); m.DroppedEvents != 2 || len(m.Blocked) != 0 {
			t.Errorf("metrics %+v", m)
		}
	})
}

// TestRetryBlocks: with Retry the job waits for the sink, says so, and goes on
// by itself.
func TestRetryBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &badSink{down: 20}
		job, err := New(Options{
			Name: "j", Program: compile(t, "SELECT x INTO o FROM i"), Policy: DefaultTimePolicy(), Start: StartAll,
			Sources: map[string]Source{"i": &memSource{parts: [][]Event{events(t, []string{`{"x":"a"}`})}}}, Sinks: map[string]Sink{"o": sink},
		})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- job.Run(t.Context()) }()
		run.Pause(t.Context(), 20*time.Second)
		if m := job.Metrics(); !strings.Contains(m.Blocked["o"], "down") {
			t.Errorf("not shown: %+v", m)
		}
		if o := job.Outputs()[0]; !strings.Contains(o.Blocked, "down") || time.Since(o.Since) < 19*time.Second {
			t.Errorf("it waits since it could not be written first: %+v", o)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if len(sink.rows["p0"]) != 1 {
			t.Errorf("rows %v", sink.rows)
		}
	})
}
