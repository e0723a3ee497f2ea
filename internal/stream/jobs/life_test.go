package jobs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// absent is a source whose thing is not there.
type absent struct {
	mu      sync.Mutex // guards what follows
	asked   int
	changed chan struct{}
}

func (s *absent) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *absent) change() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *absent) Partitions(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return 0, fault.New(fault.NotFound, "thing t", "it does not exist")
}

func (s *absent) Open(context.Context, int, stream.Position) (stream.Reader, error) {
	return nil, errors.New("nobody counted partitions")
}

func (s *absent) Behind(int, int64) int64 { return 0 }
func (s *absent) Recent(context.Context, int, int) ([][]stream.Event, error) {
	return nil, fault.New(fault.NotFound, "thing t", "it does not exist")
}
func (s *absent) Warnings() []Warning { return nil }

func (s *absent) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

type nowhere struct{}

func (nowhere) Write(context.Context, stream.OutputBatch) error { return nil }

// text is a log.
type text struct {
	mu sync.Mutex
	b  strings.Builder // guarded by mu
}

func (l *text) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *text) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestWaitingDoesNotSpin: a job whose input is not there asks for it at growing
// intervals, says so once, and asks at once when something has changed.
func TestWaitingDoesNotSpin(t *testing.T) {
	testkit.NoLeaks(t)
	query := filepath.Join(t.TempDir(), "q.asaql")
	if err := os.WriteFile(query, []byte(`SELECT x INTO o FROM i`), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := kv.Open(kv.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, log := &absent{changed: make(chan struct{})}, &text{}
	kinds := Kinds{
		Sources: []SourceKind{{Kind: "thing", Open: func(context.Context, Input, *slog.Logger) (Source, error) { return s, nil }}},
		Sinks:   []SinkKind{{Kind: "nowhere", Open: func(context.Context, Output) (stream.Sink, error) { return nowhere{}, nil }}},
	}
	spec := Spec{
		Name: "j", Query: query, Policy: stream.DefaultTimePolicy(),
		Inputs: []Input{{Name: "i", Kind: "thing", Target: "t"}}, Outputs: []Output{{Name: "o", Kind: "nowhere"}},
	}
	store := NewStore(db, db.Space(kv.StreamCheckpoints), db.Space(kv.StreamJournals), "j")
	j, err := New(t.Context(), spec, kinds, store, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	begun := time.Now()
	testkit.Eventually(t, 20*time.Second, func() bool { return time.Since(begun) > 3500*time.Millisecond }, "3.5 s")
	if n := s.count(); n < 3 || n > 6 { // twice at first, then after 1 s and 2 s more
		t.Errorf("asked %d times", n)
	}
	if st := j.Status(); st.State != Failed || !strings.Contains(st.Failed, "thing t") {
		t.Errorf("%+v", st)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("said %d times: %s", n, log)
	}
	before := s.count()
	s.change()
	testkit.Eventually(t, time.Second, func() bool { return s.count() > before }, "a change is looked at")
	if err := j.Stop(t.Context()); err != nil || j.Status().State != Stopped {
		t.Errorf("%v, %+v", err, j.Status())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	spec.Inputs[0].Kind = "other"
	if _, err := New(t.Context(), spec, kinds, store, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "inputs.i: kind other") {
		t.Errorf("a kind that is not there: %v", err)
	}
}
