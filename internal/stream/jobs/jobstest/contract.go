// Package jobstest holds what every kind of end promises to stream jobs, as tests
// that each implementation runs.
package jobstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// SourceLab is a source over a thing with one partition, empty at first.
type SourceLab struct {
	Source jobs.Source
	Send   func(partition int, bodies ...string)
	Grow   func(partitions int) // nil: there are always as many
	Delete func()               // nil: things of this kind cannot be deleted
}

// Source demands of a kind what jobs.Source and stream.Reader promise.
func Source(t *testing.T, open func(t *testing.T) SourceLab) {
	for name, test := range map[string]func(*testing.T, SourceLab){
		"positions": positions, "waiting": waiting, "growth": growth, "gone": gone,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// bodies reads n events, in batches of at most two messages, and checks that
// offsets grow.
func bodies(t *testing.T, s jobs.Source, partition, n int, at stream.Position) (got []string, offsets []int64) {
	t.Helper()
	r, err := s.Open(t.Context(), partition, at)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var b stream.Batch
	for len(got) < n {
		if err := r.Read(ctx, &b, 2); err != nil {
			t.Fatal(err)
		}
		if len(b.Events) == 0 || len(b.Events) > 2 {
			t.Fatalf("a read of %d events; 1 or 2 were asked for", len(b.Events))
		}
		for _, e := range b.Events {
			if len(offsets) > 0 && e.Offset <= offsets[len(offsets)-1] {
				t.Errorf("offset %d after %d", e.Offset, offsets[len(offsets)-1])
			}
			got, offsets = append(got, string(e.Body)), append(offsets, e.Offset)
		}
	}
	if back := r.Backlog(); back > 0 {
		t.Errorf("%d events are behind the last one", back)
	}
	return got, offsets
}

func positions(t *testing.T, l SourceLab) {
	want := []string{`{"x":0}`, `{"x":1}`, `{"x":2}`, `{"x":3}`, `{"x":4}`}
	l.Send(0, want...)
	all, offsets := bodies(t, l.Source, 0, 5, stream.AtArrival(stream.StartOfInput))
	if !slices.Equal(all, want) {
		t.Errorf("from the start: %q", all)
	}
	for i, offset := range offsets {
		if got, _ := bodies(t, l.Source, 0, 5-i, stream.AtOffset(offset)); !slices.Equal(got, want[i:]) {
			t.Errorf("from offset %d: %q", offset, got)
		}
		if n := l.Source.Behind(0, offset); n != int64(5-i) {
			t.Errorf("%d events from offset %d on, want %d", n, offset, 5-i)
		}
	}
	if got, _ := bodies(t, l.Source, 0, 5, stream.AtArrival(stream.Ticks(time.Now().Add(-time.Hour)))); !slices.Equal(got, want) {
		t.Errorf("from an hour ago: %q", got)
	}
}

// waiting: a read at the end waits, ends with its context, and loses nothing.
func waiting(t *testing.T, l SourceLab) {
	l.Send(0, `{"x":0}`)
	r, err := l.Source.Open(t.Context(), 0, stream.AtArrival(stream.StartOfInput))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b stream.Batch
	if err := r.Read(t.Context(), &b, 10); err != nil || len(b.Events) != 1 {
		t.Fatal(err, b.Events)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Read(ctx, &b, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a read of nothing: %v", err)
	}
	l.Send(0, `{"x":1}`)
	if err := r.Read(t.Context(), &b, 10); err != nil || len(b.Events) != 1 || string(b.Events[0].Body) != `{"x":1}` {
		t.Errorf("after it: %v, %v", b.Events, err)
	}
}

// growth: partitions that are added are told and can be read.
func growth(t *testing.T, l SourceLab) {
	if l.Grow == nil {
		t.Skip("partitions of things of this kind are not added")
	}
	changed := l.Source.Changed()
	if n, err := l.Source.Partitions(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d partitions, %v", n, err)
	}
	if _, err := l.Source.Open(t.Context(), 2, stream.AtOffset(0)); !fault.Is(err, fault.NotFound) {
		t.Errorf("a partition that is not there: %v", err)
	}
	l.Grow(3)
	select {
	case <-changed:
	case <-time.After(5 * time.Second):
		t.Error("nobody was told")
	}
	if n, err := l.Source.Partitions(t.Context()); n != 3 || err != nil {
		t.Errorf("%d partitions, %v", n, err)
	}
	for p := range 3 {
		body := fmt.Sprintf(`{"p":%d}`, p)
		l.Send(p, body)
		if got, _ := bodies(t, l.Source, p, 1, stream.AtArrival(stream.StartOfInput)); got[0] != body {
			t.Errorf("partition %d: %s", p, got)
		}
	}
}

// gone: readers of a thing that is deleted end and say so.
func gone(t *testing.T, l SourceLab) {
	if l.Delete == nil {
		t.Skip("things of this kind cannot be deleted")
	}
	l.Send(0, `{"x":0}`)
	r, err := l.Source.Open(t.Context(), 0, stream.AtArrival(stream.StartOfInput))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b stream.Batch
	if err := r.Read(t.Context(), &b, 10); err != nil {
		t.Fatal(err)
	}
	l.Delete()
	if err := r.Read(t.Context(), &b, 10); !fault.Is(err, fault.Gone) {
		t.Errorf("a reader of what is gone: %v", err)
	}
	if _, err := l.Source.Partitions(t.Context()); !fault.Is(err, fault.NotFound) {
		t.Errorf("its partitions: %v", err)
	}
	if _, err := l.Source.Open(t.Context(), 0, stream.AtOffset(0)); !fault.Is(err, fault.NotFound) {
		t.Errorf("open: %v", err)
	}
	if n := l.Source.Behind(0, 0); n != 0 {
		t.Errorf("%d events of what is gone", n)
	}
}

// SinkLab is a sink over a thing that is empty at first.
type SinkLab struct {
	Sink   stream.Sink
	Rows   func() []string // what the thing holds, sorted
	Once   bool            // a row that is written again is there once
	Delete func()          // nil: things of this kind cannot be deleted
	Make   func()          // makes it anew
}

// Sink demands of a kind what stream.Sink promises.
func Sink(t *testing.T, open func(t *testing.T) SinkLab) {
	batch := stream.OutputBatch{Job: "j", Output: "o", Run: "r", Lane: "all", First: 7, Rows: []stream.OutputRow{
		{JSON: []byte(`{"x":1}`)}, {JSON: []byte(`{"x":2}`)}, {JSON: []byte(`{"x":2}`)},
	}}
	t.Run("rows", func(t *testing.T) {
		l := open(t)
		for n := range 2 {
			if err := l.Sink.Write(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			want := []string{`{"x":1}`, `{"x":2}`, `{"x":2}`}
			if n > 0 && !l.Once {
				want = append(want, want...)
				slices.Sort(want)
			}
			if got := l.Rows(); !slices.Equal(got, want) {
				t.Errorf("written %d times: %q, want %q", n+1, got, want)
			}
		}
		batch := batch
		batch.Run = "r2"
		if err := l.Sink.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if got := l.Rows(); len(got) < 6 {
			t.Errorf("another run's rows took the place of the first's: %q", got)
		}
	})
	t.Run("gone", func(t *testing.T) {
		l := open(t)
		if l.Delete == nil {
			t.Skip("things of this kind cannot be deleted")
		}
		l.Delete()
		err := l.Sink.Write(t.Context(), batch)
		if err == nil || fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
			t.Errorf("a write to what is gone must be tried again: %v", err)
		}
		l.Make()
		if err := l.Sink.Write(t.Context(), batch); err != nil || len(l.Rows()) != 3 {
			t.Errorf("a write to what was made anew: %v, %q", err, l.Rows())
		}
	})
}
