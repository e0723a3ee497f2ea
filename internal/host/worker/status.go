package worker

import (
	"slices"
	"time"
)

// State is where a worker is in its life.
type State string

// The states.
const (
	Starting State = "Starting"
	Running  State = "Running"
	Waiting  State = "Restarting" // a failure, then a pause before the next start
	Failing  State = "Error"      // so many failures that a person should look
	Idle     State = "Idle"       // of a pool: none is wanted until somebody asks
	Stopped  State = "Stopped"
)

// Status is a worker at one moment, or a pool as if it were one.
type Status struct {
	State     State
	Number    int       // of the worker among those of its app, from 1
	Group     string    // of functions that it runs, where those scale apart; "" runs all
	Info      Info      // of the running worker
	Starts    int       // so far
	Failures  int       // in a row
	LastError string    // why the last one ended or did not start
	Unstarted bool      // the last one did not start
	Again     bool      // as the one before it did not, for the same reason
	Since     time.Time // when State was entered
	Held      int       // invocations that the running worker has, where Statuses tells it
}

// ranks are the states from that which tells most of a pool.
var ranks = []State{Running, Starting, Waiting, Failing, Stopped}

// Status returns the present state of all workers as that of one: it runs when any
// does, and is then the first that runs.
func (p *Pool) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
		return Status{State: Stopped, Starts: p.starts + p.startsNow(), Since: p.since}
	case len(p.slots) == 0:
		return Status{State: Idle, Starts: p.starts, Since: p.since}
	}
	out := p.slots[0].status
	for _, rank := range ranks {
		if s := p.in(rank); s != nil {
			out = s.status
			break
		}
	}
	out.Number = 0
	out.Starts = p.starts + p.startsNow()
	if out.LastError == "" {
		for _, s := range p.slots {
			if s.status.LastError != "" {
				out.LastError = s.status.LastError
			}
		}
	}
	return out
}

func (p *Pool) in(state State) *slot {
	for _, s := range p.slots {
		if s.status.State == state {
			return s
		}
	}
	return nil
}

func (p *Pool) startsNow() int {
	n := 0
	for _, s := range p.slots {
		n += s.status.Starts
	}
	return n
}

// Statuses returns the present state of each worker, in no order.
func (p *Pool) Statuses() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Status, len(p.slots))
	for i, s := range p.slots {
		out[i] = s.status
		if s.seat != nil {
			out[i].Held = int(s.seat.holders.Load())
		}
	}
	return out
}

// Together is the state of several pools as if they were one.
func Together(all []Status) Status {
	out := all[0]
	for _, rank := range []State{Running, Starting, Waiting, Failing, Idle, Stopped} {
		if i := slices.IndexFunc(all, func(s Status) bool { return s.State == rank }); i >= 0 {
			out = all[i]
			break
		}
	}
	out.Group, out.Starts = "", 0
	for _, s := range all {
		out.Starts += s.Starts
		if out.LastError == "" {
			out.LastError = s.LastError
		}
	}
	return out
}
