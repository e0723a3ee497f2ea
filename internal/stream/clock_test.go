package stream

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

func TestZone(t *testing.T) {
	for offset, want := range map[time.Duration]string{
		9 * time.Hour:                   "+09:00",
		9*time.Hour - 2*time.Second:     "+09:00", // the way to the hub takes time
		5*time.Hour + 30*time.Minute:    "+05:30",
		5*time.Hour + 45*time.Minute:    "+05:45",
		-5*time.Hour - 3*time.Minute:    "-05:00",
		-3*time.Hour - 30*time.Minute:   "-03:30",
		14 * time.Hour:                  "+14:00",
		15 * time.Hour:                  "", // no such zone
		-13 * time.Hour:                 "",
		9*time.Hour + 7*time.Minute:     "",
		10 * time.Minute:                "",
		durationOf(1 << 62):             "",
		durationOf(-(1 << 62)):          "",
		400 * 24 * time.Hour:            "",
		-400*24*time.Hour - time.Minute: "",
	} {
		w := ClockWarning{Offset: offset, Ahead: offset > 0}
		if got := w.Zone(); got != want {
			t.Errorf("%v: %q, want %q", offset, got, want)
		}
		if advice := w.Advice(); want != "" && !strings.Contains(advice, "00:00:00"+want) || !strings.Contains(advice, "clock") && want == "" {
			t.Errorf("%v: %s", offset, advice)
		}
	}
}

// TestClockWarnings: a warning names one sender, is logged at most every five
// minutes, and is gone ten minutes after the last such event.
func TestClockWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		source := &memSource{parts: make([][]Event, 2), live: true, more: make(chan struct{})}
		var log bytes.Buffer // written by the lane, read when it has stopped
		job, err := New(Options{
			Name: "job", Program: compile(t, "SELECT t INTO o FROM i TIMESTAMP BY t"), Policy: DefaultTimePolicy(), Start: StartAll,
			Sources: map[string]Source{"i": source}, Sinks: map[string]Sink{"o": &memSink{}}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- job.Run(ctx) }()
		at := func(offset time.Duration, key string) Event {
			return Event{Arrival: Ticks(time.Now()), PartitionKey: key, Body: fmt.Appendf(nil, `{"t":%q}`, time.Now().UTC().Add(offset).Format(time.RFC3339Nano))}
		}
		source.send(0, at(0, "good"))
		source.send(0, at(4*time.Minute, "a little early")) // allowed
		source.send(0, at(-20*time.Minute, "a little late"))
		synctest.Wait()
		if w := job.Warnings(); len(w) != 0 {
			t.Errorf("warnings of good clocks: %v", w)
		}
		for range 7 { // a minute apart: two log lines
			source.send(1, at(9*time.Hour, "seoul"))
			run.Pause(ctx, time.Minute)
		}
		source.send(1, at(-5*time.Hour, "")) // without a key: the head of its body
		synctest.Wait()
		w := job.Warnings()
		if len(w) != 2 || !w[1].Ahead || w[1].Events != 7 || w[1].Example != "seoul" || !w[1].Dropped ||
			w[0].Ahead || w[0].Events != 1 || !strings.HasPrefix(w[0].Example, `{"t":"`) || w[0].Dropped || w[0].Zone() != "-05:00" {
			t.Errorf("warnings %+v", w)
		}
		if m := job.Metrics(); m.EarlyEvents != 7 || m.LateEvents != 2 {
			t.Errorf("metrics %+v", m)
		}
		in := job.Inputs()
		if len(in) != 1 || in[0].Early != 7 || len(in[0].Partitions) != 2 || in[0].Partitions[0].Next != 3 || in[0].Partitions[1].Next != 8 {
			t.Errorf("inputs %+v", in)
		}
		run.Pause(ctx, 11*time.Minute)
		if w := job.Warnings(); len(w) != 0 {
			t.Errorf("old warnings: %v", w)
		}
		stop()
		<-done
		if text := log.String(); strings.Count(text, "level=WARN") != 3 || strings.Count(text, "example=seoul") != 2 || !strings.Contains(text, "job=job input=i") {
			t.Errorf("log %s", text)
		}
	})
}
