package concurrency

import (
	"sync"
	"time"
)

// The rules of one function, by the vendor's ConcurrencyStatus.
const (
	mostStep = 5 // beyond one, of an adjustment in a run of adjustments

	leastBetween = 2 * time.Second // two adjustments, and the mean latency
	mostBetween  = 5 * time.Second

	leastQuiet   = 10 * time.Second // after a decrease, and as often the mean latency as:
	quietTimes   = 10
	mostQuiet    = 30 * time.Second
	runsTogether = 10 * time.Second // adjustments that are one run
)

// Limit is how many invocations of one function may run at a time.
type Limit struct {
	m *Manager

	mu       sync.Mutex // guards the fields below
	current  int
	running  int
	high     int           // the most that ran at a time since the last adjustment
	ended    int           // invocations since then
	took     time.Duration // by them
	adjusted time.Time     // when it was adjusted last, or made
	lessAt   time.Time     // when it was lowered last; zero: never
	up       int           // direction of the last adjustment: 1, -1, or 0
	run      int           // adjustments in that direction, one soon after the other
}

// Most is how many may run at a time now.
func (l *Limit) Most() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// Free is how many more may begin while some are pending. changed is closed when that
// may have become more for another reason than that one ended.
func (l *Limit) Free(pending int) (n int, changed <-chan struct{}) {
	throttled, changed := l.m.throttled()
	l.mu.Lock()
	defer l.mu.Unlock()
	if throttled {
		return 0, changed
	}
	return max(0, l.current-max(pending, l.running)), changed
}

// Begin notes an invocation that begins, and end that it has ended.
func (l *Limit) Begin() (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running++
	l.high = max(l.high, l.running)
	begun := time.Now()
	return func() {
		took := time.Since(begun)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.running--
		l.ended++
		l.took += took
	}
}

// raise makes the limit at least what was learned before.
func (l *Limit) raise(to int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = max(l.current, to)
}

// adjust changes the limit by what the throttles say, if it is time to. It reports
// whether it did.
func (l *Limit) adjust(now time.Time, h health, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.adjusted) <= l.within(leastBetween, mostBetween, 1) {
		return false
	}
	switch {
	case h.state == Well && h.times >= wellTimes && l.mayRise(now, most):
		l.step(now, 1)
	case h.state == Unwell && h.times >= unwellTimes && l.current > 1:
		l.lessAt = now
		l.step(now, -1)
	default:
		return false
	}
	return true
}

// mayRise: the function uses all that it has, and has not just been given less.
func (l *Limit) mayRise(now time.Time, most int) bool {
	if !l.lessAt.IsZero() && now.Sub(l.lessAt) < l.within(leastQuiet, mostQuiet, quietTimes) {
		return false
	}
	return l.high >= l.current && (most < 0 || l.current < most)
}

// within is a time that is longer for slower functions.
func (l *Limit) within(least, most time.Duration, times int) time.Duration {
	if l.ended == 0 {
		return most
	}
	return min(most, least+time.Duration(times)*l.took/time.Duration(l.ended))
}

// step changes the limit by one, and by more in a run of changes in one direction.
func (l *Limit) step(now time.Time, up int) {
	faster := l.run
	if l.up != 0 && l.up != up || now.Sub(l.adjusted) > runsTogether {
		faster, l.run = 0, 0
	} else {
		l.run++
	}
	l.up, l.adjusted = up, now
	l.current = max(1, l.current+up*(1+min(mostStep, faster)))
	l.high, l.ended, l.took = 0, 0, 0
}
