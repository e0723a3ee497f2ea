package run

import (
	"context"
	"time"
)

// Pause waits, or returns ctx's error when ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Backoff gives waits that double from First to Longest. It is used by one
// goroutine; the zero First is no wait at all.
type Backoff struct {
	First, Longest time.Duration
	last           time.Duration
}

// Next is the wait after one more failure.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(2*b.last, b.First), b.Longest)
	return b.last
}

// Reset begins again with First: something went well.
func (b *Backoff) Reset() { b.last = 0 }

// Wait pauses for Next.
func (b *Backoff) Wait(ctx context.Context) error { return Pause(ctx, b.Next()) }
