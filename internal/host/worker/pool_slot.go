package worker

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// How restarts are paced.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
	healthyAfter = time.Minute // a worker that lives this long clears the count
	failingAfter = 5           // failures in a row until the state is Failing
)

// slot is the place of one worker, which is started again when it ends.
type slot struct {
	backoff run.Backoff // used by keep alone

	// What follows is guarded by the pool's mu.
	status  Status
	seat    *Seat // the worker that runs, or nil
	given   *Seat // one that ran before the slot was made
	begun   bool  // keep has been called, or is about to
	retired bool
	end     context.CancelFunc // of keep; nil before
}

func newSlot(number int, group string) *slot {
	return &slot{
		backoff: run.Backoff{First: firstPause, Longest: longestPause},
		status:  Status{State: Starting, Number: number, Group: group, Since: time.Now()},
	}
}

// busy is how much it would be missed. The caller holds the pool's mu.
func (s *slot) busy() int64 {
	if s.seat == nil {
		return -1
	}
	return s.seat.holders.Load()
}

// keep keeps a worker in a slot, until the slot is retired or ctx ends.
func (p *Pool) keep(ctx context.Context, s *slot) {
	turn, end := context.WithCancel(ctx)
	defer end()
	p.mu.Lock()
	s.end = end
	if s.retired {
		end()
	}
	seat := s.given
	p.mu.Unlock()
	for turn.Err() == nil {
		if seat == nil {
			seat = p.start(turn, s)
		}
		if seat != nil {
			p.follow(turn, s, seat)
			seat = nil
		}
	}
	p.leave(ctx, s)
}

// leave ends the worker of a slot that is no more wanted, unless another has it.
func (p *Pool) leave(ctx context.Context, s *slot) {
	p.mu.Lock()
	seat := s.seat
	p.mu.Unlock()
	p.enter(s, Stopped, nil, "")
	if seat == nil {
		return
	}
	if ctx.Err() == nil { // the pool goes on, and the worker ends what it was asked
		seat.Idle(ctx)
	}
	seat.Stop(context.WithoutCancel(ctx)) // bounded by the worker's own grace
}

// start launches a worker. It returns nil when there is none, after a pause, or
// when the turn is over.
func (p *Pool) start(turn context.Context, s *slot) *Seat {
	p.enter(s, Starting, nil, "")
	p.mu.Lock()
	launcher := p.launcher
	p.mu.Unlock()
	w, err := launcher.Launch(turn)
	if turn.Err() != nil {
		if w != nil {
			w.Stop(context.WithoutCancel(turn))
		}
		return nil
	}
	if err != nil {
		p.fail(s, err.Error(), true)
		_ = s.backoff.Wait(turn) // the loop looks at turn
		return nil
	}
	seat := &Seat{Worker: w}
	p.enter(s, Running, seat, "")
	return seat
}

// follow follows one running worker to its end, or to that of the turn.
func (p *Pool) follow(turn context.Context, s *slot, w *Seat) {
	started := time.Now()
	select {
	case <-w.Lost():
	case <-turn.Done():
		return
	}
	exit := w.Stop(context.WithoutCancel(turn))
	if turn.Err() != nil {
		return
	}
	if time.Since(started) >= healthyAfter {
		p.clear(s)
	}
	p.mu.Lock()
	reason, wanted := w.reason, w.wanted
	p.mu.Unlock()
	if wanted {
		p.clear(s)
		return
	}
	switch {
	case reason != "":
	case exit.Quiet():
		reason = "the worker ended itself"
	case exit.Err != nil:
		reason = exit.Err.Error()
	}
	if p.fail(s, reason, false) > 1 { // what happens once need not happen again
		_ = s.backoff.Wait(turn) // the loop looks at turn
	}
}

// enter changes the state of a slot and tells who waits.
func (p *Pool) enter(s *slot, state State, w *Seat, reason string) {
	p.mu.Lock()
	if s.retired {
		if state == Stopped && s.seat != nil { // for leave it was there
			s.seat = nil
		} else if w != nil {
			s.seat = w // leave ends it
		}
		p.mu.Unlock()
		return
	}
	if state == Starting {
		s.status.Starts++
	}
	status := p.change(s, state, w, reason)
	p.mu.Unlock()
	p.onChange(status)
}

// change is enter for who holds mu and tells the status on.
func (p *Pool) change(s *slot, state State, w *Seat, reason string) Status {
	s.seat = w
	s.status.State, s.status.Since = state, time.Now()
	s.status.Info = Info{}
	if w != nil {
		s.status.Info = w.Info()
		p.proven = true
	}
	if reason != "" {
		s.status.LastError = reason
	}
	p.tell()
	return s.status
}

// fail counts a failure, of a worker that ran or of one that did not start, and
// returns how many there were in a row.
func (p *Pool) fail(s *slot, reason string, unstarted bool) int {
	p.mu.Lock()
	st := &s.status
	st.Failures++
	st.Again = unstarted && st.Unstarted && st.Failures > 1 && st.LastError == reason
	st.Unstarted = unstarted
	state := Waiting
	if st.Failures >= failingAfter {
		state = Failing
	}
	failures := st.Failures
	p.mu.Unlock()
	p.enter(s, state, nil, reason)
	return failures
}

func (p *Pool) clear(s *slot) {
	s.backoff.Reset()
	p.mu.Lock()
	s.status.Failures = 0
	p.mu.Unlock()
}
