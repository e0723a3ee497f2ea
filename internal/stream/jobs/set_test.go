package jobs

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// setLab is a set over a store: what is built fails as often as it is told to.
type setLab struct {
	*Set
	built, fails atomic.Int64
}

func newSetLab(t *testing.T) *setLab {
	t.Helper()
	query := filepath.Join(t.TempDir(), "q.asaql")
	if err := os.WriteFile(query, []byte(`SELECT x INTO o FROM i`), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := kv.Open(kv.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store := func(job string) *Store {
		return NewStore(db, db.Space(kv.StreamCheckpoints), db.Space(kv.StreamJournals), job)
	}
	kinds := Kinds{
		Sources: []SourceKind{{Kind: "thing", Open: func(context.Context, Input, *slog.Logger) (Source, error) {
			return &absent{changed: make(chan struct{})}, nil
		}}},
		Sinks: []SinkKind{{Kind: "nowhere", Open: func(context.Context, Output) (stream.Sink, error) { return nowhere{}, nil }}},
	}
	l := &setLab{}
	l.Set = NewSet(func(ctx context.Context, name string) (*Job, error) {
		if l.built.Add(1) <= l.fails.Load() {
			return nil, fault.New(fault.NotFound, "account a", "there is none")
		}
		return New(ctx, Spec{
			Name: name, Query: query, Policy: stream.DefaultTimePolicy(), Ordered: true,
			Inputs: []Input{{Name: "i", Kind: "thing", Target: "t"}}, Outputs: []Output{{Name: "o", Kind: "nowhere"}},
		}, kinds, store(name), slog.New(slog.DiscardHandler))
	}, store, slog.New(slog.DiscardHandler))
	return l
}

// TestSet: a job that ran is built again until that goes; one that was never started
// stands; one that cannot be started says so and is not tried again; nothing is left of
// one that is taken away.
func TestSet(t *testing.T) {
	l := newSetLab(t)
	l.fails.Store(1)
	if err := l.store("ran").put(l.store("ran").db.NewBatch(64), record{Start: "all", Run: "r"}); err != nil {
		t.Fatal(err)
	}
	l.Add("ran")
	l.Add("new")
	if _, err := l.Build(t.Context(), "new"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("built before it runs: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	if !l.Settled(t.Context()) {
		t.Fatal("not settled")
	}
	testkit.Eventually(t, 20*time.Second, func() bool { return l.Job("RAN") != nil }, "it is built at the second time")
	if ran, err := l.Ran("new"); ran || err != nil || l.Job("new") != nil || l.Status("new").State != Stopped {
		t.Errorf("one that was never started: %v %v %+v", ran, err, l.Status("new"))
	}
	if err := l.Start(t.Context(), "new", "now"); !fault.Is(err, fault.NotFound) { // its input is not there
		t.Errorf("start: %v", err)
	}
	if s := l.Status("new"); s.State != Failed || s.Failed == "" || l.Job("new").Status().State != Stopped {
		t.Errorf("after a start that failed: %+v, %+v", s, l.Job("new").Status())
	}
	if err := l.Redefined(t.Context(), "new"); err != nil || l.Job("new") != nil || l.Status("new").State != Stopped {
		t.Errorf("as it is defined now: %v %+v", err, l.Status("new"))
	}
	for _, name := range []string{"ran", "new", "none"} {
		if err := l.Remove(t.Context(), name); err != nil {
			t.Error(err)
		}
		if ran, err := l.Ran(name); ran || err != nil {
			t.Errorf("left of %s: %v %v", name, ran, err)
		}
	}
	cancel()
	if err := <-done; err != nil || len(l.Names()) != 0 {
		t.Errorf("%v %v", err, l.Names())
	}
}
