package worker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// stub is a worker without a process.
type stub struct {
	once sync.Once
	lost chan struct{}
	exit Exit
}

func newStub(exit Exit) *stub { return &stub{lost: make(chan struct{}), exit: exit} }

func (s *stub) Invoke(context.Context, *funcrpc.InvocationRequest, <-chan struct{}) (*funcrpc.InvocationResponse, error) {
	return nil, ErrLost
}
func (s *stub) Info() Info            { return Info{PID: 1} }
func (s *stub) Lost() <-chan struct{} { return s.lost }
func (s *stub) die()                  { s.once.Do(func() { close(s.lost) }) }
func (s *stub) Stop(context.Context) Exit {
	s.die()
	return s.exit
}

// launches hands out workers or errors in turn; the last one for ever.
type launches struct {
	mu    sync.Mutex
	at    []time.Time // guarded by mu
	first int         // how many starts fail
	last  *stub       // guarded by mu
}

func (l *launches) Launch(context.Context) (Worker, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = append(l.at, time.Now())
	if len(l.at) <= l.first {
		return nil, errors.New("does not start")
	}
	l.last = newStub(Exit{Code: 1, Err: errors.New("exit status 1")})
	return l.last, nil
}

func (l *launches) worker() *stub {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// TestBackOff: pauses double up to their limit, and after five failures the
// state says that a person should look; nothing is given up.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{first: 9}
		var states []State
		told := 0 // failures that are not those before
		s := NewSupervisor(l, nil, func(st Status) {
			states = append(states, st.State)
			if (st.State == Waiting || st.State == Failing) && !st.Again {
				told++
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		w, err := s.Acquire(t.Context())
		if err != nil || w.Info().PID != 1 {
			t.Fatalf("%v, %v", w, err)
		}
		cancel()
		<-done
		var pauses []time.Duration
		for i := 1; i < len(l.at); i++ {
			pauses = append(pauses, l.at[i].Sub(l.at[i-1]))
		}
		for i, milliseconds := range []int{250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000} {
			if want := time.Duration(milliseconds) * time.Millisecond; pauses[i] != want {
				t.Errorf("pause %d: %v, want %v", i, pauses[i], want)
			}
		}
		if told != 1 {
			t.Errorf("the same failure is told %d times", told)
		}
		if states[1] != Waiting || states[9] != Failing {
			t.Errorf("states: %v", states)
		}
		if s.Status().State != Stopped {
			t.Errorf("state at the end: %v", s.Status().State)
		}
		if _, err := s.Acquire(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestHealthClearsTheCount: a worker that lived for a while starts the pauses
// over.
func TestHealthClearsTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{first: 4}
		s := NewSupervisor(l, nil, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		if _, err := s.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Minute)
		died := time.Now()
		l.worker().die()
		synctest.Wait()
		if _, err := s.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(died); d != firstPause {
			t.Errorf("restarted after %v, want %v", d, firstPause)
		}
		if st := s.Status(); st.Failures != 1 || st.LastError != "exit status 1" {
			t.Errorf("%+v", st)
		}
		cancel()
		<-done
	})
}

// TestReplace: a worker that cannot be trusted goes, once, and its reason is
// kept.
func TestReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{}
		s := NewSupervisor(l, nil, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		first, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Replace(first, "too slow")
		s.Replace(first, "again")
		second, err := s.Acquire(t.Context())
		if err != nil || second == first {
			t.Errorf("%v, %v", second, err)
		}
		if st := s.Status(); st.LastError != "too slow" || st.Starts != 2 {
			t.Errorf("%+v", st)
		}
		s.Replace(first, "long gone") // must not touch the second
		if got, err := s.Acquire(t.Context()); err != nil || got != second {
			t.Errorf("%v, %v", got, err)
		}
		cancel()
		<-done
	})
}
