// Package breaker is a circuit breaker: it tells from the runs of a function that
// something the function needs is down, lets nothing in then, and finds out by single
// runs when it is back.
//
//	           failures in a row, or their share in a window
//	Closed ────────────────────────────────────────────────▶ Open
//	  ▲                                                       │ pause, doubled after each probe that failed
//	  │ the probe succeeded                                   ▼
//	  └────────────────────────────────────────────────── HalfOpen: one run, the probe
//
// It knows no function and no trigger. Pauses are measured by the clock that only goes
// forward, so that a clock which is set moves nothing. A process that starts begins
// with a closed breaker.
package breaker

import (
	"context"
	"sync"
	"time"
)

// Rule says when a breaker opens and for how long.
type Rule struct {
	// Failures in a row open it; 0: none do.
	Failures int
	// Share of the runs that ended within Window opens it, when there were at least
	// Minimum; 0: none does.
	Share   float64
	Window  time.Duration
	Minimum int
	// Pause is how long it stays open before the first probe. It doubles after each
	// that fails, up to Longest.
	Pause, Longest time.Duration
	// GiveUpAfter is after how many failed probes in a row of one batch the batch
	// counts as failed; 0: it is held until the breaker closes.
	GiveUpAfter int
}

// State is one of a breaker's states.
type State string

// The states.
const (
	Closed   State = "closed"
	Open     State = "open"
	HalfOpen State = "halfOpen"
)

// Status is a breaker at one moment.
type Status struct {
	State    State
	Since    time.Time // when it became so
	Until    time.Time // of an open one: when the next probe may run
	Failures int       // in a row
	Probes   int       // that failed since it opened
	Err      error     // the last failure; nil: none yet
}

// Breaker follows the runs of one function. It is safe for concurrent use.
type Breaker struct {
	rule    Rule
	changed func(Status)

	mu       sync.Mutex // guards what follows
	state    State
	since    time.Time
	until    time.Time
	failures int
	probes   int
	err      error
	window   window
	turn     uint64        // counts changes of the state: a run of an older turn says nothing
	wake     chan struct{} // closed at the next change
}

// New returns a closed breaker. changed is told each change of its state, one after
// the other; it must not call the breaker.
func New(r Rule, changed func(Status)) *Breaker {
	return &Breaker{
		rule: r, changed: changed, state: Closed, since: time.Now(), wake: make(chan struct{}),
		window: window{span: r.Window},
	}
}

// Pass is the right to one run. It must be given back by Done.
type Pass struct {
	b     *Breaker
	turn  uint64
	probe bool
}

// Probe reports whether the run is one by which an open breaker finds out.
func (p Pass) Probe() bool { return p.probe }

// Enter waits until a run may begin. The error is ctx's.
func (b *Breaker) Enter(ctx context.Context) (Pass, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Pass{}, err
		}
		p, ok, wake, left := b.try()
		if ok {
			return p, nil
		}
		if err := wait(ctx, wake, left); err != nil {
			return Pass{}, err
		}
	}
}

// TryEnter is Enter without waiting: where a run may not begin it says after which
// time it is worth another try.
func (b *Breaker) TryEnter() (p Pass, again time.Duration, ok bool) {
	p, ok, _, again = b.try()
	return p, max(again, time.Second), ok
}

// try takes a pass. Else it returns what is closed at the next change, and how long to
// wait at most: 0 is for as long as it takes.
func (b *Breaker) try() (p Pass, ok bool, wake <-chan struct{}, left time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state == Closed:
		return Pass{b, b.turn, false}, true, nil, 0
	case b.state == HalfOpen:
		return p, false, b.wake, 0
	}
	if left = time.Until(b.until); left > 0 {
		return p, false, b.wake, left
	}
	b.become(HalfOpen)
	return Pass{b, b.turn, true}, true, nil, 0
}

// Await waits until something may be taken out of a source. one: a single item, to see
// how it goes.
func (b *Breaker) Await(ctx context.Context) (one bool, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		b.mu.Lock()
		state, wake, left := b.state, b.wake, time.Until(b.until)
		b.mu.Unlock()
		switch {
		case state == Closed:
			return false, nil
		case state == Open && left <= 0:
			return true, nil
		case state == HalfOpen:
			left = 0
		}
		if err := wait(ctx, wake, left); err != nil {
			return false, err
		}
	}
}

// wait waits for a change, or for a time when that is not 0.
func wait(ctx context.Context, wake <-chan struct{}, left time.Duration) error {
	var over <-chan time.Time
	if left > 0 {
		t := time.NewTimer(left)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-wake:
	case <-over:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Done says how the run went. Cancelled runs, which say nothing, are given back by
// Return.
func (p Pass) Done(err error) {
	b := p.b
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.turn != b.turn {
		return // it began before the breaker changed, and says nothing of now
	}
	now := time.Now()
	if err == nil {
		b.failures = 0
		b.window.add(now, false)
		if p.probe {
			b.probes, b.err, b.window = 0, nil, window{span: b.rule.Window}
			b.become(Closed)
		}
		return
	}
	b.failures++
	b.err = err
	if p.probe {
		b.probes++
		b.open(now)
		return
	}
	b.window.add(now, true)
	if b.rule.Failures > 0 && b.failures >= b.rule.Failures || b.tooMany(now) {
		b.probes = 0
		b.open(now)
	}
}

// Return gives a pass back whose run was cancelled: another may be the probe.
func (p Pass) Return() {
	b := p.b
	if b == nil || !p.probe {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.turn == b.turn {
		b.become(Open) // until is over, so the next that asks is the probe
	}
}

func (b *Breaker) tooMany(now time.Time) bool {
	runs, failed := b.window.counts(now)
	return b.rule.Share > 0 && runs >= max(b.rule.Minimum, 1) && float64(failed) >= b.rule.Share*float64(runs)
}

// open opens it for the pause that the failed probes have made of it. mu is held.
func (b *Breaker) open(now time.Time) {
	pause := b.rule.Pause
	for n := 0; n < b.probes && pause < b.rule.Longest; n++ {
		pause *= 2
	}
	b.until = now.Add(min(pause, b.rule.Longest))
	b.become(Open)
}

// become changes the state and wakes those who wait. mu is held.
func (b *Breaker) become(s State) {
	b.state, b.since = s, time.Now()
	b.turn++
	close(b.wake)
	b.wake = make(chan struct{})
	b.changed(b.status())
}

// Status returns how it is now.
func (b *Breaker) Status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status()
}

func (b *Breaker) status() Status {
	s := Status{State: b.state, Since: b.since, Failures: b.failures, Probes: b.probes, Err: b.err}
	if b.state == Open {
		s.Until = b.until
	}
	return s
}

// Open reports whether it lets nothing in but probes.
func (b *Breaker) Open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state != Closed
}

// GivesUp reports whether a batch whose failed probes were so many is to count as
// failed although the breaker is open.
func (b *Breaker) GivesUp(probes int) bool {
	return b.rule.GiveUpAfter > 0 && probes >= b.rule.GiveUpAfter
}

// slots is in how many parts a window is counted.
const slots = 10

// window counts the runs of the last span of time, by tenths of it.
type window struct {
	span time.Duration
	at   [slots]struct {
		begun        time.Time
		runs, failed int
	}
	last int
}

func (w *window) add(now time.Time, failed bool) {
	if w.span <= 0 {
		return
	}
	s := &w.at[w.last]
	if s.begun.IsZero() || now.Sub(s.begun) >= w.span/slots {
		w.last = (w.last + 1) % slots
		s = &w.at[w.last]
		s.begun, s.runs, s.failed = now, 0, 0
	}
	s.runs++
	if failed {
		s.failed++
	}
}

func (w *window) counts(now time.Time) (runs, failed int) {
	for i := range w.at {
		if s := &w.at[i]; !s.begun.IsZero() && now.Sub(s.begun) < w.span {
			runs, failed = runs+s.runs, failed+s.failed
		}
	}
	return runs, failed
}
