package jobs

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Set are jobs that come and go while the process runs. What a job is, is asked
// whenever it is built, so that a definition that changed while it stood is the one
// that runs. A job is not started before somebody orders it; from then on it lives as
// every job does, over restarts too.
type Set struct {
	make  func(ctx context.Context, name string) (*Job, error)
	store func(name string) *Store
	log   *slog.Logger

	begun   chan struct{} // closed when Run has begun
	settled chan struct{} // closed when each job that ran before runs, or has failed to

	mu  sync.Mutex
	ctx context.Context    // of Run; nil before
	all map[string]*member // by lower-case name
}

// member is a job of a Set.
type member struct {
	name string

	orders sync.Mutex // held while it is built, started, stopped or taken away
	gone   bool       // guarded by orders

	mu     sync.Mutex // guards what follows
	job    *Job       // nil: it is not built
	end    func()     // of job: ends its Run, and waits for that
	failed string     // why it is not built, or was not started
}

// NewSet returns a set without jobs. make builds one from what its definition is now,
// with Spec.Ordered; store is where it keeps its state.
func NewSet(make func(ctx context.Context, name string) (*Job, error), store func(name string) *Store, log *slog.Logger) *Set {
	return &Set{make: make, store: store, log: log, begun: newSignal(), settled: newSignal(), all: map[string]*member{}}
}

func newSignal() chan struct{} { return make(chan struct{}) }

// Add makes a job known, whose names are compared without case.
func (s *Set) Add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := strings.ToLower(name); s.all[key] == nil {
		s.all[key] = &member{name: name}
	}
}

// Names are those of all jobs, in order.
func (s *Set) Names() (all []string) {
	for _, m := range s.members() {
		all = append(all, m.name)
	}
	return all
}

func (s *Set) members() (all []*member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.all {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *member) int { return strings.Compare(a.name, b.name) })
	return all
}

func (s *Set) find(name string) (*member, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.all[strings.ToLower(name)]; m != nil {
		return m, nil
	}
	return nil, fault.New(fault.NotFound, "stream job "+name, "no such job")
}

// Job is a job as it was built last; nil where it is not built now.
func (s *Set) Job(name string) *Job {
	m, err := s.find(name)
	if err != nil {
		return nil
	}
	return m.built()
}

func (m *member) built() *Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.job
}

// Status is a job at this moment. One that is not there is stopped.
func (s *Set) Status(name string) Status {
	m, err := s.find(name)
	if err != nil {
		return Status{State: Stopped}
	}
	m.mu.Lock()
	job, failed := m.job, m.failed
	m.mu.Unlock()
	status := Status{State: Stopped}
	if job != nil {
		status = job.Status()
	}
	if status.State == Stopped && failed != "" {
		status.State, status.Failed = Failed, failed
	}
	return status
}

// Ran reports whether a job was ever started.
func (s *Set) Ran(name string) (bool, error) {
	_, known, err := s.store(name).record()
	return known, err
}

// Build builds a job that is not built. It stands then, or goes on where it was.
func (s *Set) Build(ctx context.Context, name string) (*Job, error) {
	m, err := s.find(name)
	if err != nil {
		return nil, err
	}
	m.orders.Lock()
	defer m.orders.Unlock()
	return s.build(ctx, m)
}

// build needs m.orders.
func (s *Set) build(ctx context.Context, m *member) (*Job, error) {
	if job := m.built(); job != nil {
		return job, nil
	}
	s.mu.Lock()
	life := s.ctx
	s.mu.Unlock()
	if m.gone || life == nil || life.Err() != nil {
		return nil, fault.New(fault.Unavailable, "stream job "+m.name, "it is gone, or lazuli starts or stops")
	}
	job, err := s.make(ctx, m.name)
	if err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(life)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := job.Run(inner); err != nil {
			job.log.Error("the stream job ended", "error", err)
		}
	}()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.job, m.failed, m.end = job, "", func() { cancel(); <-done }
	return job, nil
}

// Start begins a job where the text says, as Job.Start. One that cannot be started
// stands as failed, and is not tried again by itself.
func (s *Set) Start(ctx context.Context, name, text string) error {
	m, err := s.find(name)
	if err != nil {
		return err
	}
	select {
	case <-s.begun:
	case <-ctx.Done():
		return ctx.Err()
	}
	m.orders.Lock()
	defer m.orders.Unlock()
	err = s.start(ctx, m, text)
	if err != nil && !fault.Is(err, fault.Conflict) {
		m.fail(err)
	}
	return err
}

func (s *Set) start(ctx context.Context, m *member, text string) error {
	if _, err := parseBeginning(text); err != nil {
		return err
	}
	if m.built() == nil {
		if err := s.rest(m); err != nil { // or it would go on by itself
			return err
		}
	}
	job, err := s.build(ctx, m)
	if err != nil {
		return err
	}
	if err = job.Start(ctx, text); err == nil {
		m.mu.Lock()
		m.failed = ""
		m.mu.Unlock()
		return nil
	}
	if !fault.Is(err, fault.Conflict) { // it runs
		if stopped := job.Stop(context.WithoutCancel(ctx)); stopped != nil {
			return stopped
		}
	}
	return err
}

// rest records that a job that is not built stands.
func (s *Set) rest(m *member) error {
	store := s.store(m.name)
	if _, known, err := store.record(); err != nil || !known {
		return err
	}
	return store.setStopped(true)
}

func (m *member) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed = err.Error()
}

// Stop ends a job after its last checkpoint.
func (s *Set) Stop(ctx context.Context, name string) error {
	m, err := s.find(name)
	if err != nil {
		return err
	}
	m.orders.Lock()
	defer m.orders.Unlock()
	return s.stop(ctx, m)
}

func (s *Set) stop(ctx context.Context, m *member) (err error) {
	if job := m.built(); job != nil {
		err = job.Stop(ctx)
	} else {
		err = s.rest(m)
	}
	if err == nil {
		m.mu.Lock()
		m.failed = ""
		m.mu.Unlock()
	}
	return err
}

// Redefined takes note that a job that stands is another now: it is built anew when
// it is wanted.
func (s *Set) Redefined(ctx context.Context, name string) error {
	m, err := s.find(name)
	if err != nil {
		return nil //nolint:nilerr // it is not known yet
	}
	m.orders.Lock()
	defer m.orders.Unlock()
	if err := s.stop(ctx, m); err != nil {
		return err
	}
	m.dismantle()
	return nil
}

// dismantle ends the life of what is built. It needs m.orders.
func (m *member) dismantle() {
	m.mu.Lock()
	end := m.end
	m.mu.Unlock()
	if end != nil {
		end()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.job, m.end = nil, nil
}

// Remove ends a job and forgets all of it. That there is none is fine.
func (s *Set) Remove(_ context.Context, name string) error {
	m, err := s.find(name)
	if err != nil {
		return s.store(name).Forget() // a crash may have left it
	}
	m.orders.Lock()
	defer m.orders.Unlock()
	m.dismantle()
	m.gone = true
	s.mu.Lock()
	delete(s.all, strings.ToLower(name))
	s.mu.Unlock()
	return s.store(name).Forget()
}

// Run has the jobs that ran when the process ended go on, and ends all when ctx does.
func (s *Set) Run(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	close(s.begun)
	var boots, first sync.WaitGroup
	for _, m := range s.members() {
		first.Add(1)
		boots.Go(func() { s.boot(ctx, m, sync.OnceFunc(first.Done)) })
	}
	boots.Go(func() { first.Wait(); close(s.settled) })
	<-ctx.Done()
	boots.Wait()
	for _, m := range s.members() {
		m.orders.Lock()
		m.dismantle()
		m.orders.Unlock()
	}
	return nil
}

// boot builds a job that is to run, and tries again while it cannot be built: what it
// reads may come back. tried is called after the first time.
func (s *Set) boot(ctx context.Context, m *member, tried func()) {
	defer tried()
	wait := run.Backoff{First: firstRetry, Longest: longestRetry}
	for said := ""; ; {
		job, err := s.resume(ctx, m)
		if err == nil {
			if job != nil {
				job.Settled(ctx)
			}
			return
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			s.log.Error("the stream job does not run", "job", m.name, "error", err)
		}
		tried()
		if wait.Wait(ctx) != nil {
			return
		}
	}
}

// resume builds a job if it is to run and is not built; nil where it is to stand.
func (s *Set) resume(ctx context.Context, m *member) (*Job, error) {
	m.orders.Lock()
	defer m.orders.Unlock()
	r, known, err := s.store(m.name).record()
	if err == nil && (m.gone || !known || r.Stopped) {
		return nil, nil
	}
	var job *Job
	if err == nil {
		job, err = s.build(ctx, m)
	}
	if err != nil {
		m.fail(err)
	}
	return job, err
}

// Settled waits until each job that ran before runs, or has failed to; false when ctx
// ended first.
func (s *Set) Settled(ctx context.Context) bool {
	select {
	case <-s.settled:
		return true
	case <-ctx.Done():
		return false
	}
}
