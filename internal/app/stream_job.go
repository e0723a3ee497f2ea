package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// The states of a job, as Azure calls them. A running job of which an output
// takes no rows shows as degraded.
const (
	jobStopped  = "stopped"
	jobStarting = "starting"
	jobRunning  = "running"
	jobDegraded = "degraded"
	jobStopping = "stopping"
	jobFailed   = "failed"
)

// streamJob is one job of the project file. One goroutine (run) starts and
// stops it, by its own and on command; everybody else reads what mu guards.
//
//	stopped ─start─▶ starting ─▶ running ─stop─▶ stopping ─▶ stopped
//	                    └────────────┴──error──▶ failed ─start─▶ starting
//
// What a person ordered is kept in the store: a job that was stopped stays
// stopped when the process is started again, and one that ran goes on from its
// checkpoint.
type streamJob struct {
	name    string
	spec    config.Job
	path    string                   // of the query
	file    func(path string) string // of the project
	options stream.Options           // without program and start
	inputs  []streamsql.InputOptions
	store   *jobStore
	force   string       // --stream-start, or ""
	http    *http.Client // to functions
	log     *slog.Logger

	commands chan jobCommand
	booted   chan struct{} // closed when the job runs, stays stopped, or has failed
	gone     chan struct{} // closed when nobody takes commands any more

	mu        sync.Mutex // guards what follows
	state     string
	failed    string // why it does not run
	started   string // how the run was begun
	startedAt time.Time
	job       *stream.Job // of the present run or the last; nil before the first
	query     string
	program   *streamsql.Program
	functions []string
}

// jobCommand is an order of a person.
type jobCommand struct {
	start *jobStart // nil: stop
	reply chan error
}

// jobRun is a run that is under way; its channels are nil when none is.
type jobRun struct {
	cancel context.CancelFunc
	done   chan error
}

// part runs the job. A job that cannot go on leaves everything else running,
// and says why in the log.
func (j *streamJob) part() part {
	return part{name: "stream job " + j.name, run: j.run}
}

func (j *streamJob) run(ctx context.Context) error {
	defer close(j.gone)
	defer j.http.CloseIdleConnections()
	run := j.boot(ctx)
	close(j.booted)
	for {
		select {
		case <-ctx.Done():
			j.halt(run)
			return nil
		case err := <-run.done:
			run.cancel()
			run = jobRun{}
			j.fail(err)
		case c := <-j.commands:
			c.reply <- j.obey(ctx, c, &run)
		}
	}
}

// boot brings the job where it was when the process ended, or where
// --stream-start wants it.
func (j *streamJob) boot(ctx context.Context) jobRun {
	record, known, err := j.store.record()
	start, mode := jobStart{mode: stream.StartLast}, j.force
	if err == nil && !known && mode == "" {
		mode = j.spec.Start // the first start of all
	}
	if err == nil {
		start, err = parseJobStart(mode)
	}
	if err == nil && j.force == "" && record.Stopped {
		j.log.Info("stream job stays stopped", "start_it_with", "lazuli stream start "+j.name)
		return jobRun{}
	}
	var run jobRun
	if err == nil {
		run, err = j.start(ctx, start)
	}
	if err != nil && ctx.Err() == nil {
		j.fail(err)
	}
	return run
}

// settled waits until the job runs or will not; false when ctx ended first.
func (j *streamJob) settled(ctx context.Context) bool {
	select {
	case <-j.booted:
		return true
	case <-ctx.Done():
		return false
	}
}

func (j *streamJob) obey(ctx context.Context, c jobCommand, run *jobRun) (err error) {
	switch running := run.done != nil; {
	case c.start == nil:
		if err := j.store.setStopped(true); err != nil {
			return err
		}
		j.halt(*run)
		*run = jobRun{}
		return nil
	case running:
		return fault.New(fault.Conflict, "stream job "+j.name, "runs already; stop it first")
	}
	if *run, err = j.start(ctx, *c.start); err != nil {
		j.fail(err)
	}
	return err
}

// start begins a run and returns when it stands at its first event.
func (j *streamJob) start(ctx context.Context, start jobStart) (jobRun, error) {
	j.set(jobStarting, "")
	o, err := j.compile()
	if err != nil {
		return jobRun{}, err
	}
	first, discarded, err := j.store.order(start, time.Now())
	if err != nil {
		return jobRun{}, err
	}
	if discarded {
		j.log.Warn("stream job starts anew: its checkpoint is discarded", "start", start.String(), "output_from", first.String())
	}
	ready := make(chan struct{})
	o.Start, o.First, o.StartTime = stream.StartLast, first.mode, first.time
	o.Started = func() { close(ready) }
	job, err := stream.New(o)
	if err != nil {
		return jobRun{}, err
	}
	inner, cancel := context.WithCancel(ctx)
	run := jobRun{cancel, make(chan error, 1)}
	go func() { run.done <- job.Run(inner) }()
	select {
	case <-ready:
	case err := <-run.done:
		cancel()
		return jobRun{}, j.explained(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state, j.failed, j.job, j.started, j.startedAt = jobRunning, "", job, start.String(), time.Now()
	_, lanes := job.Parallel()
	j.log.Info("stream job runs", "start", j.started, "lanes", lanes)
	return run, nil
}

// halt ends a run after its last checkpoint. What could not be saved is done
// again at the next start.
func (j *streamJob) halt(run jobRun) {
	if run.done != nil {
		j.set(jobStopping, "")
		run.cancel()
		if err := unsaved(<-run.done); err != nil {
			j.log.Warn("stream job stopped before all its rows were written: it goes on from the checkpoint before", "error", err)
		}
	}
	j.set(jobStopped, "")
}

// unsaved is what kept a run that was told to stop from a last checkpoint.
func unsaved(err error) error {
	var several interface{ Unwrap() []error }
	if !errors.As(err, &several) {
		several = joined{err}
	}
	for _, e := range several.Unwrap() {
		if e != nil && !errors.Is(e, context.Canceled) {
			return e
		}
	}
	return nil
}

type joined []error

func (j joined) Unwrap() []error { return j }

// fail records that the job ended by itself.
func (j *streamJob) fail(err error) {
	if err == nil {
		err = fault.New(fault.Internal, "stream job "+j.name, "its inputs have ended")
	}
	j.log.Error("the stream job does not run", "error", err)
	j.set(jobFailed, err.Error())
}

// explained adds the way out to what only an order can mend.
func (j *streamJob) explained(err error) error {
	if !fault.Is(err, fault.PreconditionFailed) {
		return err
	}
	return fmt.Errorf("%w. Discard it: lazuli stream start %s --start now, or a time instead of now", err, j.name)
}

func (j *streamJob) set(state, failed string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state, j.failed = state, failed
}

// Start begins the job where the text says; see parseJobStart. It returns when
// the job runs, or why it does not.
func (j *streamJob) Start(ctx context.Context, text string) error {
	start, err := parseJobStart(text)
	if err != nil {
		return err
	}
	return j.command(ctx, &start)
}

// Stop ends the job after its last checkpoint. A job that stands is left so.
func (j *streamJob) Stop(ctx context.Context) error { return j.command(ctx, nil) }

func (j *streamJob) command(ctx context.Context, start *jobStart) error {
	c := jobCommand{start, make(chan error, 1)}
	select {
	case j.commands <- c:
	case <-j.gone:
		return fault.New(fault.Unavailable, "stream job "+j.name, "lazuli is stopping")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-c.reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
