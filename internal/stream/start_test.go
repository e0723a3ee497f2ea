package stream

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// unsaved is a store that keeps no checkpoint: what a process that is killed
// before its first one leaves behind.
type unsaved struct{ MemStore }

func (*unsaved) Save(context.Context, string, []byte, [][]byte) error {
	return fault.New(fault.Internal, "store", "killed")
}

// TestFirst: a job that dies before its first checkpoint begins again where it
// was first started, not where the clock is by now, and writes the same rows
// under the same numbers.
func TestFirst(t *testing.T) {
	begin := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	source := &memSource{parts: make([][]Event, 1), more: make(chan struct{})}
	for i := range 60 { // an event a second
		at := begin.Add(time.Duration(i)*time.Second + time.Millisecond)
		source.send(0, Event{Arrival: Ticks(at), Body: fmt.Appendf(nil, `{"t":%q}`, at.Format(time.RFC3339Nano))})
	}
	first := begin.Add(25 * time.Second) // inside the window (20,30]
	want := []string{
		`{"n":10,"e":"2026-01-31T00:00:30.0000000Z"}`, `{"n":10,"e":"2026-01-31T00:00:40.0000000Z"}`,
		`{"n":10,"e":"2026-01-31T00:00:50.0000000Z"}`, `{"n":10,"e":"2026-01-31T00:01:00.0000000Z"}`,
	}
	sink := &memSink{}
	opts := Options{
		Name: "first", Program: compile(t, tenSeconds), Policy: DefaultTimePolicy(), Start: StartLast, First: StartAt, StartTime: first,
		Sources: map[string]Source{"i": source}, Sinks: map[string]Sink{"o": sink},
	}
	for _, store := range []Store{&unsaved{}, &MemStore{}} {
		opts.Store = store
		job, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(t.Context()); err != nil && !fault.Is(err, fault.Internal) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, sink.lines()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestCheckpointBeforeTheFirstEvent: a lane that had taken nothing reads again
// from its start, not from the beginning of the input.
func TestCheckpointBeforeTheFirstEvent(t *testing.T) {
	begin := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	opts := Options{
		Name: "early", Program: compile(t, tenSeconds), Policy: DefaultTimePolicy(), Start: StartLast, First: StartAt, StartTime: begin,
		Sources: map[string]Source{"i": &memSource{parts: make([][]Event, 1)}}, Sinks: map[string]Sink{"o": &memSink{}}, Store: &MemStore{},
	}
	want := AtArrival(Ticks(begin.Add(-10*time.Second - EarlyLimit)))
	for range 2 {
		job, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		lanes, err := job.makeLanes(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := lanes[0].feeds[0].start; got != want || lanes[0].env.firstOutput != Ticks(begin) {
			t.Errorf("starts at %+v, want %+v", got, want)
		}
		if err := opts.Store.Save(t.Context(), "all", lanes[0].snapshot(), nil); err != nil {
			t.Fatal(err)
		}
		opts.StartTime = begin.Add(time.Hour) // the checkpoint's counts
	}
}
