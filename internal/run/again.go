package run

import (
	"context"
	"time"
)

// Restarts says how a thing that ends is begun again.
type Restarts struct {
	Backoff Backoff
	// Healthy is how long a run lasts that clears the waits before it; 0:
	// none does.
	Healthy time.Duration
	// Sooner returns what is closed when another run may go better, so that it is
	// begun at once and the waits begin anew; nil: nothing tells. It is asked
	// before each run, so that no change is missed.
	Sooner func() <-chan struct{}
	// Ended is told why a run ended and how long the wait for the next one is;
	// nil: nobody wants to know.
	Ended func(err error, wait time.Duration)
}

// Again calls f, and calls it again after a wait when it has returned, until
// ctx ends.
func (r Restarts) Again(ctx context.Context, f func(context.Context) error) {
	for ctx.Err() == nil {
		begun := time.Now()
		var sooner <-chan struct{}
		if r.Sooner != nil {
			sooner = r.Sooner()
		}
		err := f(ctx)
		if ctx.Err() != nil {
			return
		}
		if r.Healthy > 0 && time.Since(begun) >= r.Healthy {
			r.Backoff.Reset()
		}
		wait := r.Backoff.Next()
		if r.Ended != nil {
			r.Ended(err, wait)
		}
		early, gone := pauseUntil(ctx, wait, sooner)
		if gone {
			return
		}
		if early {
			r.Backoff.Reset()
		}
	}
}

// pauseUntil is Pause that ends early when a channel is closed.
func pauseUntil(ctx context.Context, d time.Duration, sooner <-chan struct{}) (early, gone bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-sooner:
		early = true
	case <-ctx.Done():
		gone = true
	}
	return early, gone
}
