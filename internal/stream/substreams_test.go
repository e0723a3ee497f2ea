package stream

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// overRun is a job over two partitions, of which the second is quiet, with a late
// tolerance of an hour.
type overRun struct {
	job    *Job
	source *memSource
	sink   *memSink
}

func startOver(t *testing.T, query string) overRun {
	t.Helper()
	r := overRun{source: &memSource{parts: make([][]Event, 2), live: true, more: make(chan struct{})}, sink: &memSink{}}
	job, err := New(Options{
		Name: "over", Program: compile(t, query), Policy: TimePolicy{Late: time.Hour}, Start: StartAll, Store: &MemStore{},
		Sources: map[string]Source{"i": r.source}, Sinks: map[string]Sink{"o": r.sink},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.job = job
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- job.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return r
}

// send sends an event of a device whose clock is behind.
func (r overRun) send(device string, behind time.Duration) {
	at := time.Now().Add(-behind)
	r.source.send(0, Event{Arrival: Ticks(time.Now()), Body: fmt.Appendf(nil, `{"d":%q,"t":%q}`, device, at.UTC().Format(time.RFC3339Nano))})
}

// TestSubstreamsDoNotWait: what is in order within its key comes out within two
// seconds, with its own time, however far behind other keys it is and whatever
// the late tolerance.
func TestSubstreamsDoNotWait(t *testing.T) {
	for name, query := range map[string]string{
		"a lane for each partition": "SELECT d, System.Timestamp() AS ts INTO o FROM i TIMESTAMP BY t OVER d",
		"one lane":                  "SELECT d, System.Timestamp() AS ts, LAG(d) OVER (LIMIT DURATION(minute, 1)) AS p INTO o FROM i TIMESTAMP BY t OVER d",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := startOver(t, query)
				for range 11 {
					r.send("now", 0)
					r.send("old", 20*time.Minute)
					run.Pause(t.Context(), 1500*time.Millisecond)
				}
				run.Pause(t.Context(), 2*time.Second)
				rows := strings.Join(r.sink.lines(), "\n")
				for _, device := range []string{"now", "old"} {
					if n := strings.Count(rows, `"d":"`+device+`"`); n != 11 {
						t.Errorf("%d rows of %s, want 11", n, device)
					}
				}
				first := time.Now().Add(-20*time.Minute - 11*1500*time.Millisecond - 2*time.Second).UTC().Format("2006-01-02T15:04:05.0000000Z")
				if !strings.Contains(rows, `{"d":"old","ts":"`+first) {
					t.Errorf("no row at %s:\n%s", first, rows)
				}
				if d := r.job.WatermarkDelay(); d > 5*time.Second {
					t.Errorf("watermark delay %v", d)
				}
			})
		})
	}
}

// TestSubstreamWindows: a window of a key is closed by the key's own events; of
// one that has fallen silent by the late tolerance, and then it is forgotten.
func TestSubstreamWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startOver(t, "SELECT d, COUNT(*) AS n INTO o FROM i TIMESTAMP BY t OVER d GROUP BY d, TumblingWindow(second, 10)")
		for range 8 {
			r.send("now", 0)
			r.send("old", 20*time.Minute)
			run.Pause(t.Context(), 3*time.Second)
		}
		rows := strings.Join(r.sink.lines(), "\n")
		for _, device := range []string{"now", "old"} {
			if !strings.Contains(rows, `"d":"`+device+`"`) {
				t.Errorf("no window of %s has closed:\n%s", device, rows)
			}
		}
		before := len(r.sink.lines())
		run.Pause(t.Context(), 90*time.Minute)
		if n := len(r.sink.lines()); n <= before {
			t.Error("the last windows of keys that send nothing stay open")
		}
		over := r.job.running()[0].over
		if n := len(over.order) + len(over.index); n != 0 {
			t.Errorf("%d keys are still kept", n)
		}
	})
}
