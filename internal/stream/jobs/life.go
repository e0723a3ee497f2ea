package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// life is what the goroutine of a job knows: the run that is under way, if any,
// and when a job that failed is tried again. It is used by that goroutine alone.
type life struct {
	j       *Job
	ctx     context.Context // of Run, whose variables these are
	run     jobRun
	retry   <-chan time.Time // nil: nothing is tried again
	backoff run.Backoff
	said    string // the failure that was logged last
}

// jobRun is a run that is under way; done is nil when none is.
type jobRun struct {
	cancel     context.CancelFunc
	done       chan error
	partitions map[string]int // of the inputs, when it was begun
	at         time.Time
}

// boot brings the job where it was when the process ended, or where Spec.Force
// wants it.
func (l *life) boot() {
	j := l.j
	r, known, err := j.store.record()
	if err == nil && !known && j.spec.Ordered && j.spec.Force == "" {
		return
	}
	mode := j.spec.Force
	if !known && mode == "" {
		mode = j.spec.Start // the first start of all
	}
	if err == nil && j.spec.Force == "" && r.Stopped {
		j.log.Info("stream job stays stopped", "start_it_with", "lazuli stream start "+j.spec.Name)
		return
	}
	var b beginning
	if err == nil {
		b, err = parseBeginning(mode)
	}
	if err == nil {
		err = l.start(b)
	}
	if err != nil && l.ctx.Err() == nil {
		l.fail(err)
	}
}

func (l *life) obey(c command) error {
	switch {
	case c.start == nil:
		if err := l.j.store.setStopped(true); err != nil {
			return err
		}
		l.halt()
		return nil
	case l.run.done != nil:
		return fault.New(fault.Conflict, l.j.String(), "runs already; stop it first")
	}
	err := l.start(*c.start)
	if err != nil {
		l.fail(err)
	}
	return err
}

// start begins a run and returns when it stands at its first event.
func (l *life) start(b beginning) error {
	j := l.j
	l.retry = nil
	j.set(Starting, "")
	o, err := j.compile()
	if err != nil {
		return err
	}
	ordered, err := j.store.order(b, time.Now())
	if err != nil {
		return err
	}
	if ordered.discarded {
		j.log.Warn("stream job starts anew: its checkpoint is discarded", "start", b.String(), "output_from", ordered.first.String())
	}
	ready := make(chan struct{})
	o.Start, o.Run, o.First, o.StartTime = stream.StartLast, ordered.run, ordered.first.mode, ordered.first.time
	o.Started = func() { close(ready) }
	job, err := stream.New(o)
	if err != nil {
		return err
	}
	partitions, err := j.partitions(l.ctx)
	if err != nil {
		return err
	}
	inner, cancel := context.WithCancel(l.ctx)
	r := jobRun{cancel, make(chan error, 1), partitions, time.Now()}
	go func() { r.done <- job.Run(inner) }()
	select {
	case <-ready:
	case err := <-r.done:
		cancel()
		return j.explained(err)
	}
	l.run, l.said = r, ""
	_, lanes := job.Parallel()
	j.log.Info("stream job runs", "start", b.String(), "lanes", lanes)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.enter(Running, "")
	j.status.Job, j.status.Start, j.status.StartedAt = job, b.String(), r.at
	return nil
}

// halt ends the run, if there is one, after its last checkpoint. What could not
// be saved is done again at the next start.
func (l *life) halt() {
	l.retry = nil
	l.backoff.Reset()
	if l.run.done != nil {
		l.j.set(Stopping, "")
		l.run.cancel()
		if err := unsaved(<-l.run.done); err != nil {
			l.j.log.Warn("stream job stopped before all its rows were written: it goes on from the checkpoint before", "error", err)
		}
	}
	l.run = jobRun{}
	l.j.set(Stopped, "")
}

// ended takes note that the run ended by itself.
func (l *life) ended(err error) {
	l.run.cancel()
	if time.Since(l.run.at) > longestRetry {
		l.backoff.Reset()
	}
	l.run = jobRun{}
	if err == nil {
		err = fault.New(fault.Internal, l.j.String(), "its inputs have ended")
	}
	l.fail(err)
}

// fail records why the job does not run, and has it tried again if that may go
// by itself.
func (l *life) fail(err error) {
	why := err.Error()
	if passing(err) {
		wait := l.backoff.Next()
		l.retry = time.After(wait)
		why += "; it is tried again by itself"
	}
	if why != l.said { // not at each try
		l.said = why
		l.j.log.Error("the stream job does not run", "error", why)
	}
	l.j.set(Failed, why)
}

// passing reports whether what failed may be mended without an order: a hub that
// comes back, a reference file that is corrected. A query, a checkpoint and a
// limit are for a person.
func passing(err error) bool {
	var reference *stream.ReferenceError
	return errors.As(err, &reference) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone)
}

// again starts a job that failed.
func (l *life) again() {
	if err := l.start(beginning{mode: stream.StartLast}); err != nil && l.ctx.Err() == nil {
		l.fail(err)
	}
}

// moved looks at the inputs after a change: what a failed job waits for may be
// there, and a running one goes on from its checkpoint with the partitions that
// were added.
func (l *life) moved() {
	if l.retry != nil {
		l.again()
		return
	}
	if l.run.done == nil {
		return
	}
	now, err := l.j.partitions(l.ctx)
	if err != nil || maps.Equal(now, l.run.partitions) {
		return // of one that is gone the readers tell
	}
	l.j.log.Info("an input has other partitions: the stream job goes on from its checkpoint with all of them", "partitions", fmt.Sprint(now))
	l.halt()
	l.again()
}

// partitions counts those of all stream inputs.
func (j *Job) partitions(ctx context.Context) (map[string]int, error) {
	all := map[string]int{}
	for _, s := range j.sources {
		n, err := s.source.Partitions(ctx)
		if err != nil {
			return nil, fault.Wrap(fault.KindOf(err), "input "+s.Name, err, "cannot be opened")
		}
		all[s.Name] = n
	}
	return all, nil
}

// explained adds the way out to what only an order can mend.
func (j *Job) explained(err error) error {
	if !fault.Is(err, fault.PreconditionFailed) {
		return err
	}
	return fmt.Errorf("%w. Discard it: lazuli stream start %s --start now, or a time instead of now", err, j.spec.Name)
}
