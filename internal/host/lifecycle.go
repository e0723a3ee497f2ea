package host

import (
	"context"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// RuntimeVersion is the version of the functions runtime whose contracts the
// host keeps. Workers, custom handlers and clients of the admin API get it
// where Azure tells its host's version, which many of them parse.
const RuntimeVersion = "4.0.0"

// lifecycle is what people ask of a running host: the triggers' listeners live
// in rounds, and a round ends when something is asked.
type lifecycle struct {
	draining bool
	restart  bool
	reindex  bool               // with restart: the code is new
	endRound context.CancelFunc // nil between rounds

	successor *successor      // new code that waits to take over, or nil
	stops     *sync.WaitGroup // of what it takes over from
}

// Drain stops all triggers and lets running invocations end. HTTP functions
// and runs by hand go on, as in Azure. It returns at once; see Activity.
func (h *Host) Drain() { h.demand(func(l *lifecycle) { l.draining = true }) }

// Resume makes drained triggers listen again. It is fault.Conflict when the
// host does not run.
func (h *Host) Resume() error {
	if s := h.crews.status().State; s != worker.Running && s != worker.Idle {
		return fault.New(fault.Conflict, "function app "+h.o.Name, "it is not running (%s), so it cannot resume", s)
	}
	h.demand(func(l *lifecycle) { l.draining = false })
	return nil
}

// Restart stops the triggers and the workers, in order, and starts them again.
// It returns at once.
func (h *Host) Restart() { h.demand(func(l *lifecycle) { l.restart, l.draining = true, false }) }

// Activity is what runs at one moment.
type Activity struct {
	Draining    bool // no trigger listens
	Invocations int  // that have begun and not ended
}

// Activity returns what runs now.
func (h *Host) Activity() Activity {
	h.mu.Lock()
	draining := h.life.draining
	h.mu.Unlock()
	return Activity{draining, int(h.running.count.Load())}
}

// demand changes what is asked of the host and ends the round.
func (h *Host) demand(change func(*lifecycle)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.life)
	if h.life.endRound != nil {
		h.life.endRound()
	}
}

// attend runs the triggers, round after round, until ctx ends.
func (h *Host) attend(ctx context.Context) {
	for ctx.Err() == nil {
		round, draining := h.nextRound(ctx)
		if !draining {
			h.listen(round)
		}
		<-round.Done()
		if ctx.Err() != nil {
			return
		}
		if next, stops := h.takeSuccessor(); next != nil {
			h.succeed(next, stops)
		}
		if reason, asked := h.takeRestart(); asked {
			h.crews.restart(ctx, reason)
		}
	}
}

func (h *Host) takeSuccessor() (*successor, *sync.WaitGroup) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := h.life.successor
	h.life.successor = nil
	return next, h.life.stops
}

func (h *Host) nextRound(ctx context.Context) (round context.Context, draining bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	round, h.life.endRound = context.WithCancel(ctx)
	if h.life.restart || h.life.successor != nil { // asked between two rounds
		h.life.endRound()
	}
	return round, h.life.draining
}

func (h *Host) takeRestart() (reason string, asked bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	reason, asked = "the function app was restarted by hand", h.life.restart
	if h.life.reindex {
		reason, h.indexed = "its code changed", false
	}
	h.life.restart, h.life.reindex = false, false
	return reason, asked
}
