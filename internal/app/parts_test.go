package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestPartsStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		parts := []part{}
		for _, name := range []string{"storage", "engine", "service"} {
			parts = append(parts, part{
				name:  name,
				run:   func(ctx context.Context) error { <-ctx.Done(); order = append(order, "stop "+name); return nil },
				close: func() error { order = append(order, "close "+name); return nil },
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- runParts(ctx, testkit.Discard(), parts) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
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
		err := runParts(t.Context(), testkit.Discard(), []part{
			{name: "steady", run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, close: func() error { closed = true; return nil }},
			{name: "weak", run: func(context.Context) error { return boom }},
		})
		if !errors.Is(err, boom) || !strings.Contains(err.Error(), "weak: boom") || !closed {
			t.Errorf("err %v, closed %v", err, closed)
		}
	})
}

func TestHangingPartIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := runParts(ctx, testkit.Discard(), []part{{name: "stuck", run: func(context.Context) error { <-release; return nil }}})
		if err == nil || !strings.Contains(err.Error(), "stuck did not stop within 30s") {
			t.Errorf("err %v", err)
		}
		close(release)
	})
}
