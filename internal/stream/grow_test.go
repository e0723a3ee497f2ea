package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestInputsGrow: a checkpoint is of partitions by their names, so that a job
// goes on from it when inputs have more of them; fewer are refused.
func TestInputsGrow(t *testing.T) {
	testkit.NoLeaks(t)
	a := &memSource{parts: make([][]Event, 1), live: true, more: make(chan struct{})}
	b := &memSource{parts: make([][]Event, 2), live: true, more: make(chan struct{})}
	sink := &memSink{}
	opts := Options{
		Name: "grow", Program: compile(t, `SELECT x INTO o FROM a UNION SELECT x FROM b`), Policy: DefaultTimePolicy(), Start: StartLast, First: StartAll,
		Sources: map[string]Source{"a": a, "b": b}, Sinks: map[string]Sink{"o": sink}, Store: &MemStore{},
	}
	n := 0
	send := func(s *memSource, p int) {
		s.send(p, Event{Arrival: Ticks(time.Now()), Body: fmt.Appendf(nil, `{"x":%d}`, n)})
		n++
	}
	run := func() error {
		job, err := New(opts)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- job.Run(ctx) }()
		testkit.Eventually(t, 20*time.Second, func() bool { return len(sink.lines()) == n || len(done) > 0 }, "all %d rows: %v", n, sink.lines())
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
	send(a, 0)
	send(b, 0)
	send(b, 1)
	if err := run(); err != nil {
		t.Fatal(err)
	}
	a.parts = append(a.parts, nil, nil)
	b.parts = append(b.parts, nil)
	for p := range 3 {
		send(a, p)
		send(b, p)
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	got := sink.lines()
	slices.Sort(got)
	if text := strings.Join(got, ""); text != `{"x":0}{"x":1}{"x":2}{"x":3}{"x":4}{"x":5}{"x":6}{"x":7}{"x":8}` {
		t.Errorf("rows %s", text)
	}
	a.parts = a.parts[:2]
	if err := run(); !fault.Is(err, fault.PreconditionFailed) || !strings.Contains(err.Error(), "input a with a partition 2") {
		t.Errorf("a partition that is gone: %v", err)
	}
}
