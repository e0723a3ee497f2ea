package run

import (
	"context"
	"errors"
	"slices"
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
