package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// newHubSource is a source over a hub of one partition that keeps little.
func newHubSource(t *testing.T) (*hubSource, *broker.Broker, *warnings) {
	t.Helper()
	b, err := broker.Open(broker.Options{FS: vfs.NewMem(), SegmentBytes: 200})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("broker: %v", err)
		}
	})
	var hub *broker.Hub
	testkit.Eventually(t, jobWait, func() bool {
		hub, err = b.EnsureHub(broker.HubConfig{Name: "h", Partitions: 1, RetentionBytes: 200})
		return err == nil
	}, "the hub is not made")
	log := &warnings{}
	return &hubSource{input: "i", hub: hub, group: "$Default", meter: portal.NewMeter(), log: slog.New(slog.NewTextHandler(log, nil))}, b, log
}

// readOffsets returns the offsets of the next batch.
func readOffsets(t *testing.T, r stream.Reader) (offsets []int64) {
	t.Helper()
	var b stream.Batch
	if err := r.Read(t.Context(), &b, 100); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.Events {
		offsets = append(offsets, e.Offset)
	}
	return offsets
}

// TestRetentionOvertakesAJob: events that were deleted before they were read
// are counted and named, not passed over in silence.
func TestRetentionOvertakesAJob(t *testing.T) {
	testkit.NoLeaks(t)
	s, b, log := newHubSource(t)
	for range 4 { // each fills a file
		send(t, b, "h", 0, `{"x":"`+strings.Repeat("x", 200)+`"}`)
	}
	b.Retain()
	p, err := s.hub.Partition(0)
	if err != nil {
		t.Fatal(err)
	}
	begin := p.Info().BeginSequence
	if begin == 0 {
		t.Fatal("nothing was deleted")
	}
	r, err := s.Open(t.Context(), 0, stream.AtOffset(0))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := readOffsets(t, r); got[0] != begin {
		t.Errorf("read %v, want from %d", got, begin)
	}
	w, lost := s.warning()
	if !lost || w.Kind != "retention" || w.Events != begin || w.At == 0 || !strings.Contains(w.Text, "hub h") {
		t.Errorf("warning %+v", w)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "input=i hub=h partition=0") {
		t.Errorf("log %s", log)
	}
	fresh, err := s.Open(t.Context(), 0, stream.AtArrival(stream.StartOfInput))
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	readOffsets(t, fresh) // a start that names no event misses none
	if w, _ := s.warning(); w.Events != begin {
		t.Errorf("warning %+v", w)
	}
}

// TestPositionAtTheEnd: the next event is read also when it comes between the
// look at the end and the reader's start; a position beyond that is the end,
// with a warning.
func TestPositionAtTheEnd(t *testing.T) {
	testkit.NoLeaks(t)
	s, b, log := newHubSource(t)
	send(t, b, "h", 0, `{"x":0}`)
	p, err := s.hub.Partition(0)
	if err != nil {
		t.Fatal(err)
	}
	next := streamPosition(p, stream.AtOffset(1))
	send(t, b, "h", 0, `{"x":1}`)
	r, err := p.NewReader(next)
	if err != nil || r.Sequence() != 1 {
		t.Fatalf("reads from %d, %v", r.Sequence(), err)
	}
	defer r.Close()
	beyond, err := s.Open(t.Context(), 0, stream.AtOffset(99))
	if err != nil {
		t.Fatal(err)
	}
	defer beyond.Close()
	send(t, b, "h", 0, `{"x":2}`)
	if got := readOffsets(t, beyond); len(got) != 1 || got[0] != 2 {
		t.Errorf("read %v", got)
	}
	if text := log.String(); !strings.Contains(text, "ahead of the hub") || !strings.Contains(text, "checkpoint=99 end=2") {
		t.Errorf("log %s", text)
	}
}
