package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// The states of a job, as Azure calls them. A running job of which an output
// takes no rows shows as degraded.
const (
	Stopped  = "stopped"
	Starting = "starting"
	Running  = "running"
	Degraded = "degraded"
	Stopping = "stopping"
	Failed   = "failed"
)

// Spec says what a job is.
type Spec struct {
	Name      string
	Query     string   // file
	Functions []string // JavaScript files; none: all in Functions beside the query
	Inputs    []Input
	Outputs   []Output

	Policy       stream.TimePolicy
	OutputErrors stream.ErrorPolicy
	Checkpoint   time.Duration // between two; 0 is the default
	StopTimeout  time.Duration // for outputs, when the job is stopped; 0 is the default
	Limits       stream.Limits
	Start        string // of the first start: last, now, all or a time
	Force        string // of this process's start, also of a stopped job; "" for none
	Ordered      bool   // its first start is ordered: until then it stands
}

// Job is one job. One goroutine (Run) starts and stops it, by its own and on
// command; everybody else reads what mu guards.
//
// What a person ordered is kept in the store: a job that was stopped stays
// stopped when the process is started again, and one that ran goes on from its
// checkpoint.
type Job struct {
	spec    Spec
	sources []boundSource
	options stream.Options // without program and start
	inputs  []streamsql.InputOptions
	store   *Store
	log     *slog.Logger

	commands chan command
	booted   chan struct{} // closed when the job runs, stays stopped, or has failed
	gone     chan struct{} // closed when nobody takes commands any more
	moved    chan struct{} // holds a token when partitions may have come or gone

	saves sync.Mutex // held while the query's file is written

	mu     sync.Mutex // guards what follows
	status Status
	failed time.Time // since when it does not run, though it should; zero when it does
	query  Query
}

// Status is a job at one moment.
type Status struct {
	State     string
	Since     time.Time // when State was entered; of one that fails again and again, when it first did
	Failed    string    // why it does not run
	Start     string    // how the run was begun
	StartedAt time.Time // when
	Functions []string  // JavaScript functions, as in udf.name
	Job       *stream.Job
}

// Query is a job's query as it was compiled last: it may be edited between two
// starts.
type Query struct {
	Text    string
	Program *streamsql.Program
}

// boundSource is a stream input with what was found for it.
type boundSource struct {
	Input
	source Source
	blob   bool // see SourceKind
}

// command is an order of a person.
type command struct {
	start *beginning // nil: stop
	reply chan error
}

// How soon a job that failed is started again by itself.
const (
	firstRetry   = time.Second
	longestRetry = 10 * time.Second
)

// New compiles a job's query and binds what it names. log names the job.
func New(ctx context.Context, spec Spec, kinds Kinds, store *Store, log *slog.Logger) (*Job, error) {
	for _, text := range []string{spec.Start, spec.Force} {
		if _, err := parseBeginning(text); err != nil {
			return nil, err
		}
	}
	j := &Job{
		spec: spec, store: store, log: log.With("job", spec.Name),
		commands: make(chan command), booted: make(chan struct{}), gone: make(chan struct{}), moved: make(chan struct{}, 1),
		status: Status{State: Stopped, Since: time.Now()},
	}
	j.options = stream.Options{
		Name: spec.Name, Sources: map[string]stream.Source{}, References: map[string]stream.Reference{}, Sinks: map[string]stream.Sink{},
		PartitionKeys: map[string]string{}, Policy: spec.Policy, OutputErrors: spec.OutputErrors, Store: store, Checkpoint: spec.Checkpoint, StopTimeout: spec.StopTimeout,
		Limits: spec.Limits, Log: log, // the engine names the job itself
	}
	if err := j.bind(ctx, kinds); err != nil {
		return nil, err
	}
	o, err := j.compile()
	if err != nil {
		return nil, err
	}
	_, err = stream.New(o)
	return j, err
}

// Run runs the job until ctx ends. A job that cannot go on leaves everything else
// running, and says why in the log.
func (j *Job) Run(ctx context.Context) error {
	defer close(j.gone)
	defer j.close()
	watching, stop := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	defer watchers.Wait()
	defer stop()
	for _, s := range j.sources {
		watchers.Go(func() { j.watch(watching, s.source) })
	}
	l := life{j: j, ctx: ctx, backoff: run.Backoff{First: firstRetry, Longest: longestRetry}}
	l.boot()
	close(j.booted)
	for {
		select {
		case <-ctx.Done():
			l.halt()
			return nil
		case err := <-l.run.done:
			l.ended(err)
		case <-l.retry:
			l.again()
		case <-j.moved:
			l.moved()
		case c := <-j.commands:
			c.reply <- l.obey(c)
		}
	}
}

// watch passes on that a source has changed.
func (j *Job) watch(ctx context.Context, s Source) {
	for {
		changed := s.Changed()
		select {
		case j.moved <- struct{}{}: // also at first: it may have changed before
		default:
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (j *Job) close() {
	for name, s := range j.options.Sinks {
		c, ok := s.(io.Closer)
		if !ok {
			continue
		}
		if err := c.Close(); err != nil {
			j.log.Warn("an output cannot be closed", "output", name, "error", err)
		}
	}
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

func (j *Job) set(state, failed string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.enter(state, failed)
}

// enter is set for who holds mu. A start that fails is no end of a failure.
func (j *Job) enter(state, failed string) {
	now := time.Now()
	switch {
	case state == Failed && j.failed.IsZero():
		j.failed = now
	case state != Failed && state != Starting:
		j.failed = time.Time{}
	}
	if state == Failed {
		now = j.failed
	}
	j.status.State, j.status.Failed, j.status.Since = state, failed, now
}

// Name is the job's name.
func (j *Job) Name() string { return j.spec.Name }

// Spec is what the job was built from.
func (j *Job) Spec() Spec { return j.spec }

// Status is the job at this moment.
func (j *Job) Status() Status {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.status
}

// Query is the query as it was compiled last.
func (j *Job) Query() Query {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.query
}

// PartitionKeys are the properties by which senders partition, by input.
func (j *Job) PartitionKeys() map[string]string { return j.options.PartitionKeys }

// InputWarning is a warning about an input.
type InputWarning struct {
	Input string
	Warning
}

// Warnings are what a person should know about reading the inputs.
func (j *Job) Warnings() []InputWarning {
	var all []InputWarning
	for _, s := range j.sources {
		for _, w := range s.source.Warnings() {
			all = append(all, InputWarning{s.Name, w})
		}
	}
	return all
}

// String names the job in logs.
func (j *Job) String() string { return fmt.Sprintf("stream job %s", j.spec.Name) }
