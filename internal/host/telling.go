package host

import (
	"sync"
	"time"
)

const (
	// maxUntold is how many events of invocations wait for the listeners, before those
	// that cause them wait.
	maxUntold = 4096
	// toldAfter is how long an event waits for more, which are told with it.
	toldAfter = 2 * time.Millisecond
	// lingers is how long the goroutine that tells waits for the next event.
	lingers = time.Second
)

// telling tells listeners of events. What belongs to invocations is told behind them, in
// its order, by one goroutine that is there while there is something to tell: no caller
// of a function waits until its run is in the log. All else is told by those that cause
// it, as states have to be true when they are told, after what is untold: the order is
// that of what happened. So a listener must not cause events, nor wait for who does.
type telling struct {
	listeners []Listener
	more      chan struct{} // holds a token: there is something new
	now       chan struct{} // holds a token: somebody waits

	turn   sync.Mutex // held while telling, before mu
	mu     sync.Mutex // guards the fields below
	fewer  sync.Cond  // of mu: more is told, or the goroutine has ended
	untold []Event
	spare  []Event // its memory is the next untold's
	told   uint64  // of all that came
	came   uint64
	runs   bool // the goroutine
}

func newTelling(listeners []Listener) *telling {
	t := &telling{listeners: listeners, more: make(chan struct{}, 1), now: make(chan struct{}, 1)}
	t.fewer.L = &t.mu
	return t
}

// emit tells the listeners, or sees to it that they are told.
func (t *telling) emit(e Event) {
	switch e.(type) {
	case InvocationStarted, InvocationFinished, OutputWritten, LogWritten, WorkerOutput:
	default:
		t.turn.Lock()
		defer t.turn.Unlock()
		t.tellUntold()
		t.tell(e)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.came-t.told >= maxUntold {
		token(t.now)
		t.fewer.Wait()
	}
	t.untold = append(t.untold, e)
	t.came++
	switch {
	case !t.runs:
		t.runs = true
		go t.run()
	case len(t.untold) == 1:
		token(t.more)
	}
}

// run tells what is untold, until nothing comes for a while.
func (t *telling) run() {
	timer := time.NewTimer(toldAfter)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-t.now:
		}
		t.catchUp()
		timer.Reset(lingers)
		select {
		case <-t.more:
		case <-timer.C:
		case <-t.now:
			token(t.now) // there is nothing to gather for
		}
		if t.ends() {
			return
		}
		timer.Reset(toldAfter)
	}
}

// catchUp tells what is untold now.
func (t *telling) catchUp() {
	t.turn.Lock()
	defer t.turn.Unlock()
	t.tellUntold()
}

// tellUntold is called by who has the turn.
func (t *telling) tellUntold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.untold
	t.untold, t.spare = t.spare[:0], nil
	select {
	case <-t.more: // of what is taken
	default:
	}
	t.mu.Unlock()
	for _, e := range now {
		t.tell(e)
	}
	clear(now)
	t.mu.Lock()
	if cap(now) <= maxUntold/16 { // much is seldom untold
		t.spare = now
	}
	t.told += uint64(len(now))
	t.fewer.Broadcast()
}

// ends reports whether there is nothing to tell, and run is over then.
func (t *telling) ends() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs = len(t.untold) > 0
	t.fewer.Broadcast()
	return !t.runs
}

func (t *telling) tell(e Event) {
	for _, l := range t.listeners {
		l(e)
	}
}

// wait returns when all that was emitted before is told.
func (t *telling) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for all := t.came; t.told < all; {
		token(t.now)
		t.fewer.Wait()
	}
}

// stop returns when all is told, and the goroutine that tells has ended.
func (t *telling) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.runs {
		token(t.now)
		t.fewer.Wait()
	}
}

// token leaves a token in a channel that can hold one.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
