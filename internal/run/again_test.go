package run

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestAgain: the waits double up to the longest, and a run that lasts clears
// them.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var waits []time.Duration
		runs, lost := 0, errors.New("lost")
		r := Restarts{
			Backoff: Backoff{First: time.Second, Longest: 5 * time.Second}, Healthy: time.Minute,
			Ended: func(err error, wait time.Duration) {
				if !errors.Is(err, lost) {
					t.Errorf("ended with %v", err)
				}
				waits = append(waits, wait)
			},
		}
		begun := time.Now()
		r.Again(ctx, func(ctx context.Context) error {
			switch runs++; runs {
			case 6:
				if err := Pause(ctx, time.Minute); err != nil {
					t.Error(err)
				}
			case 8:
				cancel()
			}
			return lost
		})
		const s = time.Second
		want := []time.Duration{s, 2 * s, 4 * s, 5 * s, 5 * s, s, 2 * s}
		if !slices.Equal(waits, want) || time.Since(begun) != time.Minute+20*time.Second {
			t.Errorf("waits %v, %v in all", waits, time.Since(begun))
		}
	})
}

func TestPauseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAgainSooner: a change ends the wait, and the waits begin anew; one that came
// while the run went on counts too.
func TestAgainSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex // guards changed
		changed := make(chan struct{})
		change := func() {
			mu.Lock()
			defer mu.Unlock()
			close(changed)
			changed = make(chan struct{})
		}
		var at []time.Duration
		begun, runs := time.Now(), 0
		r := Restarts{
			Backoff: Backoff{First: time.Second, Longest: time.Hour},
			Sooner: func() <-chan struct{} {
				mu.Lock()
				defer mu.Unlock()
				return changed
			},
		}
		r.Again(ctx, func(context.Context) error {
			at = append(at, time.Since(begun))
			switch runs++; runs {
			case 3: // the wait would be 4 s
				time.AfterFunc(500*time.Millisecond, change)
			case 4:
				change()
			case 6:
				cancel()
			}
			return errors.New("no role")
		})
		const ms = time.Millisecond
		if want := []time.Duration{0, 1000 * ms, 3000 * ms, 3500 * ms, 3500 * ms, 4500 * ms}; !slices.Equal(at, want) {
			t.Errorf("runs at %v, want %v", at, want)
		}
	})
}
