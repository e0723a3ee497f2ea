package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/run"
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
	slow  map[int]time.Duration
	last  *stub // guarded by mu
}

func (l *launches) Launch(ctx context.Context) (Worker, error) {
	l.mu.Lock()
	l.at = append(l.at, time.Now())
	wait := l.slow[len(l.at)]
	l.mu.Unlock()
	if err := run.Pause(ctx, wait); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.at) <= l.first {
		return nil, errors.New("does not start")
	}
	l.last = newStub(Exit{Code: 1, Err: errors.New("exit status 1")})
	return l.last, nil
}

// starts is how many there were.
func (l *launches) starts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.at)
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
		s := NewPool(Options{Launcher: l, OnChange: func(st Status) {
			states = append(states, st.State)
			if (st.State == Waiting || st.State == Failing) && !st.Again {
				told++
			}
		}})
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
		s := NewPool(Options{Launcher: l})
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
		if d := time.Since(died); d != 0 {
			t.Errorf("restarted after %v, want at once", d)
		}
		l.worker().die()
		synctest.Wait()
		if _, err := s.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(died); d != firstPause {
			t.Errorf("a second time after %v, want %v", d, firstPause)
		}
		if st := s.Status(); st.Failures != 2 || st.LastError != "exit status 1" {
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
		s := NewPool(Options{Launcher: l})
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

// started runs a pool of count stubs until the test ends.
func started(t *testing.T, l *launches, count int) *Pool {
	t.Helper()
	p := NewPool(Options{Launcher: l, Count: count})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return p
}

// take acquires a worker that must be there.
func take(t *testing.T, p *Pool) *Seat {
	t.Helper()
	w, err := p.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestLeastBusy: invocations go to the worker that has fewest, in turn among equals.
func TestLeastBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := started(t, &launches{}, 3)
		synctest.Wait()
		if c := p.Counts(); c != (Counts{Wanted: 3, Ready: 3}) {
			t.Fatalf("%+v", c)
		}
		first := []*Seat{take(t, p), take(t, p), take(t, p)}
		if first[0] == first[1] || first[1] == first[2] || first[0] == first[2] {
			t.Error("three invocations are not with three workers")
		}
		if c := p.Counts(); c.Busy != 3 || c.Running != 3 {
			t.Errorf("%+v", c)
		}
		first[1].Release()
		if got := take(t, p); got != first[1] {
			t.Error("the idle one was passed over")
		}
		for _, w := range first {
			w.Release()
		}
		for range 6 { // none is busy: each has its turn
			w := take(t, p)
			w.Release()
			if next := take(t, p); next == w {
				t.Error("the same one twice")
			} else {
				next.Release()
			}
		}
	})
}

// TestCrashOfOne: the others go on, and a new one comes in its place.
func TestCrashOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{slow: map[int]time.Duration{4: firstPause}}
		p := started(t, l, 3)
		synctest.Wait()
		l.worker().die()
		synctest.Wait()
		if c := p.Counts(); c.Ready != 2 || c.Wanted != 3 {
			t.Errorf("%+v", c)
		}
		if st := p.Status(); st.State != Running {
			t.Errorf("%+v", st)
		}
		take(t, p).Release()
		time.Sleep(firstPause)
		synctest.Wait()
		if c := p.Counts(); c.Ready != 3 {
			t.Errorf("%+v", c)
		}
		if st := p.Status(); st.Starts != 4 || st.LastError != "exit status 1" {
			t.Errorf("%+v", st)
		}
	})
}

// TestFirstAlone: the others wait until the first has shown what functions there are.
func TestFirstAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{first: 2}
		p := started(t, l, 3)
		synctest.Wait()
		if l.starts() != 1 {
			t.Errorf("%d starts", l.starts())
		}
		if _, err := p.AcquireSoon(t.Context()); err == nil || !strings.Contains(err.Error(), "does not start") {
			t.Errorf("who has a caller is told %v", err)
		}
		take(t, p).Release()
		synctest.Wait()
		if c := p.Counts(); c.Ready != 3 || l.starts() != 5 {
			t.Errorf("%+v after %d starts", c, l.starts())
		}
	})
}

// TestSlowStart: one that takes its time holds up the next for ten seconds, and
// those that run not at all.
func TestSlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{slow: map[int]time.Duration{2: 50 * time.Second}}
		p := started(t, l, 3)
		take(t, p).Release()
		synctest.Wait()
		if c := p.Counts(); c.Ready != 1 || c.Starting != 2 || l.starts() != 2 {
			t.Errorf("%+v, %d starts", c, l.starts())
		}
		time.Sleep(startsApart)
		synctest.Wait()
		if c := p.Counts(); c.Ready != 2 {
			t.Errorf("%+v", c)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if c := p.Counts(); c.Ready != 3 {
			t.Errorf("%+v", c)
		}
	})
}

// TestSetCount: more are started, those too many end when they have answered, and
// of none one is woken by who asks.
func TestSetCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &launches{}
		p := started(t, l, 1)
		p.SetCount(0) // nothing is known yet
		busy := take(t, p)
		p.SetCount(3)
		synctest.Wait()
		if c := p.Counts(); c != (Counts{Wanted: 3, Ready: 3, Busy: 1, Running: 1}) {
			t.Errorf("%+v", c)
		}
		p.SetCount(1)
		synctest.Wait()
		if c := p.Counts(); c != (Counts{Wanted: 1, Ready: 1, Busy: 1, Running: 1}) || busy.isLost() {
			t.Errorf("the busy one went: %+v", c)
		}
		p.SetCount(0)
		synctest.Wait()
		if busy.isLost() || p.Status().State != Idle {
			t.Errorf("it was cut off, or %s", p.Status().State)
		}
		busy.Release()
		synctest.Wait()
		if !busy.isLost() {
			t.Error("it lives on")
		}
		before := l.starts()
		take(t, p).Release()
		if c := p.Counts(); c.Wanted != 1 || c.Woken != 1 || l.starts() != before+1 {
			t.Errorf("%+v, %d starts", c, l.starts()-before)
		}
	})
}

// TestSwap: all give way to one that runs, and others are started beside it.
func TestSwap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, l := &launches{}, &launches{}
		p := started(t, old, 3)
		busy := take(t, p)
		synctest.Wait()
		given := newStub(Exit{})
		seats, ok := p.Swap(l, given, func() {})
		if !ok || len(seats) != 3 || busy.isLost() {
			t.Errorf("%d seats, %v", len(seats), ok)
		}
		synctest.Wait()
		if c := p.Counts(); c.Ready != 3 || c.Running != 0 || l.starts() != 2 {
			t.Errorf("%+v, %d starts", c, l.starts())
		}
		busy.Release()
		for _, s := range seats {
			s.Idle(t.Context())
			s.Stop(t.Context())
		}
		p.SetCount(1)
		synctest.Wait()
		if c := p.Counts(); c.Ready != 1 || old.starts() != 3 {
			t.Errorf("%+v", c)
		}
	})
}

// TestRenew: all give way to as many of another launcher, and what they were asked goes
// on; of a pool without workers the next one that is asked for is of the new launcher.
func TestRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, l := &launches{}, &launches{}
		p := started(t, old, 2)
		busy := take(t, p)
		synctest.Wait()
		seats := p.Renew(l)
		if len(seats) != 2 || busy.isLost() {
			t.Errorf("%d seats, and the busy one is lost: %v", len(seats), busy.isLost())
		}
		synctest.Wait()
		if c := p.Counts(); c != (Counts{Wanted: 2, Ready: 2}) || l.starts() != 2 || old.starts() != 2 {
			t.Errorf("%+v, %d starts", c, l.starts())
		}
		busy.Release()
		for _, s := range seats {
			s.Idle(t.Context())
			s.Stop(t.Context())
		}
		p.SetCount(0)
		synctest.Wait()
		last := &launches{}
		if seats := p.Renew(last); len(seats) != 0 || p.Counts().Wanted != 0 {
			t.Errorf("%d seats of none, %+v", len(seats), p.Counts())
		}
		take(t, p).Release()
		if last.starts() != 1 || l.starts() != 2 {
			t.Errorf("%d starts of the last, %d of the one before", last.starts(), l.starts())
		}
	})
}

// TestNumbers: workers of several pools have numbers of their own, and a pool whose
// functions are known has none until one is asked for.
func TestNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Numbers
		numbers := func(pools ...*Pool) (all []int) {
			for _, p := range pools {
				for _, s := range p.Statuses() {
					all = append(all, s.Number)
				}
			}
			return all
		}
		a := NewPool(Options{Launcher: &launches{}, Count: 2, Numbers: &n})
		b := NewPool(Options{Launcher: &launches{}, Known: true, Group: "b", Numbers: &n})
		if got := numbers(a, b); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("%v", got)
		}
		b.SetCount(1)
		a.SetCount(1)
		a.SetCount(2)
		if got := numbers(a, b); !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("%v", got)
		}
		if s := Together([]Status{{State: Idle}, b.Status()}); s.State != Starting || s.Group != "" {
			t.Errorf("%+v", s)
		}
	})
}

// TestRetiredBeforeKept: a worker that was put in place and is one too many at once
// still ends.
func TestRetiredBeforeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := newStub(Exit{})
		p := NewPool(Options{Launcher: &launches{}, Count: 1})
		if _, ok := p.Swap(&launches{}, given, func() {}); !ok {
			t.Fatal("refused")
		}
		p.SetCount(0)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		synctest.Wait()
		select {
		case <-given.Lost():
		default:
			t.Error("it lives on")
		}
		cancel()
		<-done
	})
}
