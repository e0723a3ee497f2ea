package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// State is where a supervised worker is in its life.
type State string

// The states.
const (
	Starting State = "Starting"
	Running  State = "Running"
	Waiting  State = "Restarting" // a failure, then a pause before the next start
	Failing  State = "Error"      // so many failures that a person should look
	Stopped  State = "Stopped"
)

// Status is a supervised worker at one moment.
type Status struct {
	State     State
	Info      Info      // of the running worker
	Starts    int       // so far
	Failures  int       // in a row
	LastError string    // why the last one ended or did not start
	Unstarted bool      // the last one did not start
	Again     bool      // as the one before it did not, for the same reason
	Since     time.Time // when State was entered
}

// How restarts are paced.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
	healthyAfter = time.Minute // a worker that lives this long clears the count
	failingAfter = 5           // failures in a row until the state is Failing
)

// Supervisor keeps one worker alive. While none runs, Acquire waits: events
// stay in their sources rather than fail.
type Supervisor struct {
	log      *slog.Logger
	onChange func(Status)
	backoff  run.Backoff // used by Run alone

	mu       sync.Mutex // guards the fields below
	status   Status
	current  *Seat
	placed   *Seat              // what Swap put in place, until Run attends to it
	endTurn  context.CancelFunc // of the turn in which Run starts or follows one worker
	launcher Launcher
	changed  chan struct{} // closed and replaced at every change
	doomed   *Seat         // the worker that Replace was called on
	reason   string        // why
	wanted   bool          // it is no failure: somebody asked for a restart
}

// NewSupervisor returns a supervisor of workers that launcher starts. onChange
// is told every change of state in order; it must not block, and may be nil.
func NewSupervisor(launcher Launcher, log *slog.Logger, onChange func(Status)) *Supervisor {
	if onChange == nil {
		onChange = func(Status) {}
	}
	return &Supervisor{
		launcher: launcher, log: discard(log), onChange: onChange, changed: make(chan struct{}),
		backoff: run.Backoff{First: firstPause, Longest: longestPause},
		status:  Status{State: Starting, Since: time.Now()},
	}
}

// Run starts and restarts workers until ctx ends, and then stops the last
// one. It always returns nil: a worker that cannot start is a state, not an
// error, because the next build of it may.
func (s *Supervisor) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		turn, seat := s.nextTurn(ctx)
		if seat == nil {
			seat = s.start(ctx, turn)
		}
		if seat != nil {
			s.attend(ctx, turn, seat)
		}
	}
	s.enter(Stopped, nil, "")
	if _, seat := s.nextTurn(ctx); seat != nil {
		seat.Stop(context.WithoutCancel(ctx))
	}
	return nil
}

// nextTurn begins a turn, which a Swap ends. seat is the worker that the last
// Swap put in place, when nobody has attended to it yet.
func (s *Supervisor) nextTurn(ctx context.Context) (turn context.Context, seat *Seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endTurn != nil {
		s.endTurn()
	}
	turn, s.endTurn = context.WithCancel(ctx)
	seat, s.placed = s.placed, nil
	return turn, seat
}

// start launches a worker. It returns nil when there is none, after a pause, or
// when one was put in place meanwhile.
func (s *Supervisor) start(ctx, turn context.Context) *Seat {
	s.enter(Starting, nil, "")
	s.mu.Lock()
	launcher := s.launcher
	s.mu.Unlock()
	w, err := launcher.Launch(turn)
	if turn.Err() != nil {
		if w != nil {
			w.Stop(context.WithoutCancel(ctx))
		}
		return nil
	}
	if err != nil {
		s.fail(err.Error(), true)
		_ = s.backoff.Wait(turn) // the loop looks at ctx
		return nil
	}
	seat := &Seat{Worker: w}
	if !s.sit(seat) {
		w.Stop(context.WithoutCancel(ctx))
		return nil
	}
	return seat
}

// attend follows one running worker to its end, or to that of the turn.
func (s *Supervisor) attend(ctx, turn context.Context, w *Seat) {
	started := time.Now()
	select {
	case <-w.Lost():
	case <-turn.Done():
		if ctx.Err() == nil {
			return // another is in its place
		}
		s.enter(Stopped, nil, "")
		w.Stop(context.WithoutCancel(ctx)) // bounded by the worker's own grace
		return
	}
	exit := w.Stop(context.WithoutCancel(ctx))
	if turn.Err() != nil {
		return
	}
	if time.Since(started) >= healthyAfter {
		s.clear()
	}
	reason, wanted := s.reasonFor(w)
	if wanted {
		s.clear()
		return
	}
	switch {
	case reason != "":
	case exit.Quiet():
		reason = "the worker ended itself"
	case exit.Err != nil:
		reason = exit.Err.Error()
	}
	s.fail(reason, false)
	_ = s.backoff.Wait(turn) // the loop looks at ctx
}

// Swap puts a worker that runs in the place of the one that does, and a launcher
// in that of the one that starts others after it. meanwhile runs while nobody can
// acquire either. The old worker, nil when none ran, goes on with what it was
// asked and is the caller's to stop; nobody acquires it any more. Once the
// supervisor has ended it is false, and nothing changes.
func (s *Supervisor) Swap(l Launcher, w Worker, meanwhile func()) (old *Seat, ok bool) {
	s.mu.Lock()
	if s.status.State == Stopped {
		s.mu.Unlock()
		return nil, false
	}
	old, s.launcher = s.current, l
	s.current = &Seat{Worker: w}
	s.placed = s.current
	meanwhile()
	if s.endTurn != nil {
		s.endTurn()
	}
	s.status.Failures = 0
	s.status.Starts++
	status := s.change(Running, s.current, "")
	s.mu.Unlock()
	s.onChange(status)
	return old, true
}

// sit makes a worker that was started the current one, unless another was put in
// place meanwhile.
func (s *Supervisor) sit(w *Seat) bool {
	s.mu.Lock()
	if s.placed != nil {
		s.mu.Unlock()
		return false
	}
	status := s.change(Running, w, "")
	s.mu.Unlock()
	s.onChange(status)
	return true
}

// Replace ends a worker that can no longer be trusted, for instance because a
// function overran its time. A new one is started as after a crash.
func (s *Supervisor) Replace(w *Seat, reason string) {
	s.mu.Lock()
	mine := s.doom(w, reason, false)
	s.mu.Unlock()
	if mine {
		stopped, cancel := context.WithCancel(context.Background())
		cancel() // no grace: it is stuck
		w.Stop(stopped)
	}
}

// Restart ends the running worker, with the grace that it has for what it
// runs, and another is started at once. It returns when the first has ended.
func (s *Supervisor) Restart(ctx context.Context, reason string) {
	s.mu.Lock()
	w := s.current
	mine := w != nil && s.doom(w, reason, true)
	s.mu.Unlock()
	if !mine {
		return
	}
	s.log.Info("stopping the worker", "reason", reason)
	w.Stop(ctx)
}

// doom notes why a worker will end. The caller holds mu.
func (s *Supervisor) doom(w *Seat, reason string, wanted bool) bool {
	if s.current != w || s.doomed == w {
		return false
	}
	s.doomed, s.reason, s.wanted = w, reason, wanted
	return true
}

func (s *Supervisor) reasonFor(w *Seat) (reason string, wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doomed == w {
		return s.reason, s.wanted
	}
	return "", false
}

// Acquire waits for a running worker, and holds it: whoever has a seat gives it
// back with Release when it is done with the worker.
func (s *Supervisor) Acquire(ctx context.Context) (*Seat, error) {
	for {
		s.mu.Lock()
		w, state, changed := s.current, s.status.State, s.changed
		if w != nil && !isLost(w) {
			w.held.Add(1)
			s.mu.Unlock()
			return w, nil
		}
		s.mu.Unlock()
		if state == Stopped {
			return nil, ErrStopped
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// isLost tells that a worker is gone although it has not been replaced yet.
func isLost(w Worker) bool {
	select {
	case <-w.Lost():
		return true
	default:
		return false
	}
}

// Status returns the present state.
func (s *Supervisor) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// enter changes the state and tells who waits. A worker that was put in place
// meanwhile stays.
func (s *Supervisor) enter(state State, w *Seat, reason string) {
	s.mu.Lock()
	if s.placed != nil && state != Stopped {
		s.mu.Unlock()
		return
	}
	if state == Starting {
		s.status.Starts++
	}
	status := s.change(state, w, reason)
	s.mu.Unlock()
	s.onChange(status)
}

// change is enter for who holds mu and tells the status on.
func (s *Supervisor) change(state State, w *Seat, reason string) Status {
	s.current = w
	s.status.State, s.status.Since = state, time.Now()
	s.status.Info = Info{}
	if w != nil {
		s.status.Info = w.Info()
	}
	if reason != "" {
		s.status.LastError = reason
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return s.status
}

// fail counts a failure, of a worker that ran or of one that did not start.
func (s *Supervisor) fail(reason string, unstarted bool) {
	s.mu.Lock()
	s.status.Failures++
	s.status.Again = unstarted && s.status.Unstarted && s.status.Failures > 1 && s.status.LastError == reason
	s.status.Unstarted = unstarted
	state := Waiting
	if s.status.Failures >= failingAfter {
		state = Failing
	}
	s.mu.Unlock()
	s.enter(state, nil, reason)
}

func (s *Supervisor) clear() {
	s.backoff.Reset()
	s.mu.Lock()
	s.status.Failures = 0
	s.mu.Unlock()
}
