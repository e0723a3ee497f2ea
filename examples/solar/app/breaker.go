package main

import (
	"sync"
	"time"
)

// A breaker stops calls to a site that keeps failing: after three failures in a
// row none is let through for a while, then one, which decides.
type breaker struct {
	mu       sync.Mutex
	failures int       // in a row; guarded by mu
	until    time.Time // no call before; guarded by mu
}

const (
	breakAfter = 3
	breakFor   = 30 * time.Second
)

// allow reports whether a call may be made.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !now.Before(b.until)
}

// note takes the outcome of a call, and reports whether it opened the breaker.
func (b *breaker) note(ok bool, now time.Time) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		b.failures = 0
		return false
	}
	b.failures++
	if b.failures < breakAfter {
		return false
	}
	b.until = now.Add(breakFor)
	return true
}
