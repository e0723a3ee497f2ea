package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// stopped runs the layers, stops them and returns how long that took, and the
// error.
func stopped(t *testing.T, layers []layer) (took time.Duration, err error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- runParts(ctx, testkit.Discard(), layers) }()
	synctest.Wait()
	begin := time.Now()
	cancel()
	err = <-done
	return time.Since(begin), err
}

// slow is a part that takes its time to stop.
func slow(name string, d time.Duration) part {
	return part{name: name, run: func(ctx context.Context) error { <-ctx.Done(); time.Sleep(d); return nil }}
}

func TestLayersStopInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string // guarded by mu
		say := func(what string) { mu.Lock(); defer mu.Unlock(); order = append(order, what) }
		one := func(name string) layer {
			return layer{time.Second, []part{{
				name:  name,
				run:   func(ctx context.Context) error { <-ctx.Done(); say("stop " + name); return ctx.Err() },
				close: func() error { say("close " + name); return nil },
			}}}
		}
		if _, err := stopped(t, []layer{one("service"), one("engine"), one("storage")}); err != nil {
			t.Fatal(err)
		}
		want := []string{"stop service", "close service", "stop engine", "close engine", "stop storage", "close storage"}
		if !slices.Equal(order, want) {
			t.Errorf("order %q, want %q", order, want)
		}
	})
}

func TestOneFailureStopsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		closed := false
		err := runParts(t.Context(), testkit.Discard(), []layer{
			{time.Second, []part{{name: "weak", run: func(context.Context) error { return boom }}}},
			{time.Second, []part{{name: "steady", run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, close: func() error { closed = true; return nil }}}},
		})
		if !errors.Is(err, boom) || err.Error() != "weak: boom" || !closed {
			t.Errorf("err %v, closed %v", err, closed)
		}
	})
}

// TestSlowPartTakesNobodyElsesTime: two apps in a long invocation used up the
// time of all; storage was not closed in 14 of 40 stops, and parts that had
// ended were called stuck.
func TestSlowPartTakesNobodyElsesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage, engines := false, false
		took, err := stopped(t, []layer{
			{17 * time.Second, []part{slow("app one", time.Minute), slow("app two", time.Minute), slow("app three", time.Second)}},
			{6 * time.Second, []part{slow("doors", 5*time.Second)}},
			{2 * time.Second, []part{{name: "engine", run: func(ctx context.Context) error { <-ctx.Done(); return nil }, close: func() error { engines = true; return nil }}}},
			{5 * time.Second, []part{{name: "storage", close: func() error { time.Sleep(4 * time.Second); storage = true; return nil }}}},
		})
		if !storage || !engines {
			t.Errorf("closed: storage %v, engines %v", storage, engines)
		}
		if err == nil || strings.Count(err.Error(), "did not") != 2 || !strings.Contains(err.Error(), "app one did not stop within its 17s") || !strings.Contains(err.Error(), "app two") {
			t.Errorf("blamed: %v", err)
		}
		if took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
		time.Sleep(time.Minute) // the slow ones end
	})
}

// TestPartsOfALayerStopTogether: the time of a layer is that of its slowest.
func TestPartsOfALayerStopTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, err := stopped(t, []layer{{15 * time.Second, []part{slow("a", 10*time.Second), slow("b", 10*time.Second), slow("c", 10*time.Second)}}})
		if err != nil || took != 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestUnusedTimeIsLeftBelow: a quick layer makes room for a slow one.
func TestUnusedTimeIsLeftBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := stopped(t, []layer{{10 * time.Second, nil}, {2 * time.Second, []part{slow("engine", 11*time.Second)}}}); err != nil {
			t.Error(err)
		}
	})
}

// TestDoneGoesBeforeDeadline: a part that has ended is not called stuck because
// the time ended too.
func TestDoneGoesBeforeDeadline(t *testing.T) {
	done := make(chan struct{})
	close(done)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if !ended(ctx, done) {
			t.Fatal("what is done was called stuck")
		}
	}
}

func TestHangingCloseIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		_, err := stopped(t, []layer{{time.Second, []part{{name: "stuck", close: func() error { <-release; return nil }}}}})
		if err == nil || !strings.Contains(err.Error(), "closing stuck did not end within its 1s") {
			t.Errorf("err %v", err)
		}
		close(release)
	})
}
