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
	launcher Launcher
	log      *slog.Logger
	onChange func(Status)
	backoff  run.Backoff // used by Run alone

	mu      sync.Mutex // guards the fields below
	status  Status
	current Worker
	changed chan struct{} // closed and replaced at every change
	doomed  Worker        // the worker that Replace was called on
	reason  string        // why
	wanted  bool          // it is no failure: somebody asked for a restart
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
		s.enter(Starting, nil, "")
		w, err := s.launcher.Launch(ctx)
		if ctx.Err() != nil {
			if w != nil {
				w.Stop(context.Background())
			}
			break
		}
		if err != nil {
			s.fail(err.Error())
			_ = s.backoff.Wait(ctx) // the loop looks at ctx
			continue
		}
		s.attend(ctx, w)
	}
	s.enter(Stopped, nil, "")
	return nil
}

// attend follows one running worker to its end.
func (s *Supervisor) attend(ctx context.Context, w Worker) {
	started := time.Now()
	s.enter(Running, w, "")
	select {
	case <-w.Lost():
	case <-ctx.Done():
		s.enter(Stopped, nil, "")
		w.Stop(context.WithoutCancel(ctx)) // bounded by the worker's own grace
		return
	}
	exit := w.Stop(context.WithoutCancel(ctx))
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
	s.fail(reason)
	_ = s.backoff.Wait(ctx) // the loop looks at ctx
}

// Replace ends a worker that can no longer be trusted, for instance because a
// function overran its time. A new one is started as after a crash.
func (s *Supervisor) Replace(w Worker, reason string) {
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
func (s *Supervisor) doom(w Worker, reason string, wanted bool) bool {
	if s.current != w || s.doomed == w {
		return false
	}
	s.doomed, s.reason, s.wanted = w, reason, wanted
	return true
}

func (s *Supervisor) reasonFor(w Worker) (reason string, wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doomed == w {
		return s.reason, s.wanted
	}
	return "", false
}

// Acquire waits for a running worker.
func (s *Supervisor) Acquire(ctx context.Context) (Worker, error) {
	for {
		s.mu.Lock()
		w, state, changed := s.current, s.status.State, s.changed
		s.mu.Unlock()
		if w != nil && !isLost(w) {
			return w, nil
		}
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

// enter changes the state and tells who waits.
func (s *Supervisor) enter(state State, w Worker, reason string) {
	s.mu.Lock()
	s.current = w
	s.status.State, s.status.Since = state, time.Now()
	s.status.Info = Info{}
	if w != nil {
		s.status.Info = w.Info()
	}
	if reason != "" {
		s.status.LastError = reason
	}
	if state == Starting {
		s.status.Starts++
	}
	status := s.status
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	s.onChange(status)
}

// fail counts a failure.
func (s *Supervisor) fail(reason string) {
	s.mu.Lock()
	s.status.Failures++
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
