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
	// Ended is told why a run ended and how long the wait for the next one is;
	// nil: nobody wants to know.
	Ended func(err error, wait time.Duration)
}

// Again calls f, and calls it again after a wait when it has returned, until
// ctx ends.
func (r Restarts) Again(ctx context.Context, f func(context.Context) error) {
	for ctx.Err() == nil {
		begun := time.Now()
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
		if Pause(ctx, wait) != nil {
			return
		}
	}
}
