package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// StartMode says where a job begins.
type StartMode uint8

// The start modes. The time of a start is that of the first output: earlier
// input is read as far back as the query's windows reach, so the first window
// is a whole one, and results before the time are not written.
const (
	StartNow  StartMode = iota // output from now on
	StartLast                  // go on from the checkpoint; without one, see Options.First
	StartAt                    // output from Options.StartTime on
	StartAll                   // all input there is, all output: files and tests
)

// Options configure a job.
type Options struct {
	Name string
	// Run tells the rows of this run from those of earlier ones, in
	// OutputBatch.ID. It belongs to the checkpoints: a job that goes on from
	// them has the same, one that discards them another.
	Run     string
	Program *streamsql.Program
	// Sources, References and Sinks are found by name, without case. All that
	// the program names must be there.
	Sources    map[string]Source
	References map[string]Reference
	Sinks      map[string]Sink
	// PartitionKeys names, for an input, the property by which its senders
	// partition (a.b for one of a record). What the query needs is
	// streamsql.Program.PartitionKeys; where both agree, partitions run apart.
	PartitionKeys map[string]string
	Policy        TimePolicy
	OutputErrors  ErrorPolicy
	Start         StartMode
	StartTime     time.Time // of StartAt
	// First is how a lane starts with StartLast while it has no checkpoint.
	// StartAt, with the same time at each attempt, lets a job that dies before
	// its first checkpoint begin again at the same place.
	First       StartMode
	Store       Store         // nil: no checkpoints
	Checkpoint  time.Duration // between two; 0: 10 s
	StopTimeout time.Duration // for outputs, when the job is stopped; 0: 10 s
	Refresh     time.Duration // of reference data; 0: only at the start
	Limits      Limits
	// Functions is the text of the JavaScript functions: a checkpoint belongs
	// to them as to the query.
	Functions string
	// Started is called once a run stands at its first event, before it is
	// read; nil: nobody wants to know.
	Started func()
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: none
}

// Job runs one query.
type Job struct {
	opts     Options
	parallel bool
	why      string // parallel, or not
	back     int64

	mu     sync.Mutex
	lanes  []*lane            // guarded by mu: set when Run starts
	refs   []*refData         // guarded by mu: as well
	clocks map[string]*clocks // by input; each has a lock of its own
	keys   map[string]*keyWatch
}

// New checks that the program can run with what it is given.
func New(opts Options) (*Job, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Checkpoint <= 0 {
		opts.Checkpoint = 10 * time.Second
	}
	if opts.StopTimeout <= 0 {
		opts.StopTimeout = 10 * time.Second
	}
	opts.Limits.fill()
	if err := opts.Policy.check(); err != nil {
		return nil, err
	}
	opts.Sources, opts.References, opts.Sinks = folded(opts.Sources), folded(opts.References), folded(opts.Sinks)
	for _, in := range opts.Program.Inputs {
		name := strings.ToLower(in.Name)
		switch {
		case in.Reference && opts.References[name] == nil:
			return nil, fault.New(fault.Invalid, "job "+opts.Name, "the query reads reference data %s, which is not given", in.Name)
		case !in.Reference && opts.Sources[name] == nil:
			return nil, fault.New(fault.Invalid, "job "+opts.Name, "the query reads input %s, which is not given", in.Name)
		}
	}
	for _, out := range opts.Program.Outputs {
		if opts.Sinks[strings.ToLower(out.Name)] == nil {
			return nil, fault.New(fault.Invalid, "job "+opts.Name, "the query writes to %s, which is not given", out.Name)
		}
	}
	j := &Job{opts: opts, back: lookback(opts.Program), clocks: map[string]*clocks{}, keys: map[string]*keyWatch{}}
	for _, in := range opts.Program.Inputs {
		j.clocks[in.Name] = &clocks{job: opts.Name, input: in.Name, now: opts.Now, log: opts.Log}
	}
	j.parallel, j.why = Parallelism(opts.Program, opts.PartitionKeys)
	for _, in := range opts.Program.Inputs {
		j.keys[in.Name] = j.newKeyWatch(in)
	}
	return j, nil
}

func folded[T any](in map[string]T) map[string]T {
	out := make(map[string]T, len(in))
	for name, v := range in {
		out[strings.ToLower(name)] = v
	}
	return out
}

func sourceNodes(p *streamsql.Program) []*streamsql.Source {
	var found []*streamsql.Source
	seen := map[*streamsql.Source]bool{}
	var walk func(n streamsql.Node)
	walk = func(n streamsql.Node) {
		if s, ok := n.(*streamsql.Source); ok && !seen[s] {
			seen[s] = true
			found = append(found, s)
		}
		for _, c := range n.Children() {
			walk(c)
		}
	}
	for _, s := range p.Steps {
		walk(s.Root)
	}
	return found
}

// Run runs the job until its inputs end, ctx ends (a last checkpoint is saved
// then), or an error that only a person can mend.
func (j *Job) Run(ctx context.Context) error {
	refs, err := j.loadReferences(ctx)
	if err != nil {
		return err
	}
	lanes, err := j.makeLanes(ctx, refs)
	if err != nil {
		return err
	}
	j.mu.Lock()
	j.lanes = lanes
	j.mu.Unlock()
	if j.opts.Started != nil {
		j.opts.Started()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	if j.opts.Refresh > 0 && len(refs) > 0 {
		wg.Go(func() { j.refresh(ctx, refs) })
	}
	var lanesDone sync.WaitGroup
	errs := make([]error, len(lanes))
	for i, l := range lanes {
		lanesDone.Go(func() {
			if errs[i] = l.run(ctx); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	lanesDone.Wait()
	cancel(nil)
	wg.Wait()
	for _, err := range errs {
		if err != nil && errors.Is(context.Cause(ctx), err) {
			return err
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *Job) loadReferences(ctx context.Context) (map[*streamsql.Input]*refData, error) {
	refs := map[*streamsql.Input]*refData{}
	for _, in := range j.opts.Program.Inputs {
		if !in.Reference {
			continue
		}
		d := &refData{input: in, source: j.opts.References[strings.ToLower(in.Name)], now: j.opts.Now, errors: func(err error) {
			j.opts.Log.Warn("reference data has a row that cannot be read", "job", j.opts.Name, "error", err)
		}, stays: func(err error) {
			j.opts.Log.Warn("reference data stays as it is", "job", j.opts.Name, "error", err)
		}}
		if err := d.load(ctx); err != nil {
			return nil, err
		}
		refs[in] = d
		j.mu.Lock()
		j.refs = append(j.refs, d)
		j.mu.Unlock()
	}
	return refs, nil
}

func (j *Job) refresh(ctx context.Context, refs map[*streamsql.Input]*refData) {
	for run.Pause(ctx, j.opts.Refresh) == nil {
		for _, d := range refs {
			if err := d.load(ctx); ctx.Err() == nil {
				d.note(err)
			}
		}
	}
}

// makeLanes builds all lanes and sets them to where they begin.
func (j *Job) makeLanes(ctx context.Context, refs map[*streamsql.Input]*refData) ([]*lane, error) {
	partitions := map[*streamsql.Input]int{}
	for _, in := range j.opts.Program.Inputs {
		if in.Reference {
			continue
		}
		n, err := j.opts.Sources[strings.ToLower(in.Name)].Partitions(ctx)
		if err != nil {
			return nil, fault.Wrap(fault.KindOf(err), "input "+in.Name, err, "cannot be opened")
		}
		partitions[in] = n
	}
	if !j.parallel {
		l, err := j.lane(ctx, "all", partitions, -1, refs)
		return []*lane{l}, err
	}
	var lanes []*lane
	for _, n := range partitions {
		for p := range n {
			l, err := j.lane(ctx, fmt.Sprintf("p%d", p), partitions, p, refs)
			if err != nil {
				return nil, err
			}
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

// lane makes a lane over one partition, or over all if only is negative.
func (j *Job) lane(ctx context.Context, name string, partitions map[*streamsql.Input]int, only int, refs map[*streamsql.Input]*refData) (*lane, error) {
	o := &j.opts
	e := &env{limits: o.Limits, counters: &counters{}, firstOutput: minTime}
	l := &lane{
		name: name, env: e, policy: o.Policy, wake: make(chan struct{}, 1), store: o.Store, every: o.Checkpoint,
		stop: o.StopTimeout, now: o.Now, log: o.Log, print: fingerprint(o.Program, o.Policy, o.Functions),
	}
	outputs := map[string]*output{}
	for _, out := range o.Program.Outputs {
		key := strings.ToLower(out.Name)
		outputs[key] = newOutput(e, OutputBatch{Job: o.Name, Output: out.Name, Run: o.Run, Lane: name}, o.Sinks[key], o.OutputErrors)
		l.outputs = append(l.outputs, outputs[key])
	}
	b := &builder{env: e, refs: refs, indexes: map[*streamsql.RefJoin]*refIndexes{}}
	if err := b.build(o.Program, outputs); err != nil {
		return nil, err
	}
	l.ops = b.ops
	if slices.ContainsFunc(b.order, func(n *streamsql.Source) bool { return len(n.Over) > 0 }) {
		j.split(l, b, outputs)
	}
	for i, in := range o.Program.Inputs {
		if !in.Reference {
			j.addFeeds(l, b, i, partitions[in], only)
		}
	}
	return l, j.position(ctx, l)
}

// split has the lane run the query for each key of TIMESTAMP BY … OVER apart.
func (j *Job) split(l *lane, b *builder, outputs map[string]*output) {
	l.over = newSubstreams(l.env, j.opts.Policy, j.back)
	for _, n := range b.order {
		l.over.sources = append(l.over.sources, &overSource{node: n, numbers: map[int32]*feedCounters{}})
	}
	if len(b.ops) == 0 {
		l.over.shared = b.pipeline(b.order)
	}
	l.over.make = func() (*pipeline, error) {
		key := &builder{env: b.env, refs: b.refs, indexes: b.indexes}
		if err := key.build(j.opts.Program, outputs); err != nil {
			return nil, err
		}
		return key.pipeline(b.order), nil
	}
	l.ops = []stateful{l.over}
	l.merges = []*sourceMerge{{env: l.env, over: l.over, sent: minTime}}
}

// pipeline is what the builder has built, with the sources in an order.
func (b *builder) pipeline(sources []*streamsql.Source) *pipeline {
	p := &pipeline{ops: b.ops}
	for _, n := range sources {
		p.ports = append(p.ports, b.sources[n].port())
	}
	return p
}

// addFeeds adds the partitions of the nth input and the merges of its Source
// nodes.
func (j *Job) addFeeds(l *lane, b *builder, nth, partitions, only int) {
	in := j.opts.Program.Inputs[nth]
	var nodes []*streamsql.Source
	var merges []*sourceMerge
	for _, n := range b.order {
		if n.Input == in {
			nodes = append(nodes, n)
			if l.over != nil {
				merges = append(merges, l.merges[0])
				continue
			}
			merges = append(merges, &sourceMerge{env: l.env, next: b.sources[n].port(), sent: minTime})
		}
	}
	for p := range partitions {
		if only >= 0 && p != only {
			continue
		}
		f := &feed{
			id: p*len(j.opts.Program.Inputs) + nth, input: in, nodes: nodes, partition: p, source: j.opts.Sources[strings.ToLower(in.Name)], merges: slices.Compact(slices.Clone(merges)),
			free: make(chan *inBatch, 4), ready: make(chan *inBatch, 2), wake: l.wake, counters: l.env.counters, now: j.opts.Now,
			clocks: j.clocks[in.Name], keys: j.keys[in.Name], next: -1, idleAt: minTime,
		}
		for i, n := range nodes {
			t := newTimeline(l.env, j.opts.Policy, n, f)
			t.node = i
			if slices.ContainsFunc(nodes[:i], n.SameTime) {
				t.numbers, t.clocks = &feedCounters{}, nil // the other's are counted
			}
			if l.over != nil {
				t.source = slices.Index(b.order, n)
				l.over.sources[t.source].numbers[int32(p)] = t.numbers
			}
			f.lines = append(f.lines, t)
			merges[i].lines = append(merges[i].lines, t)
		}
		l.feeds = append(l.feeds, f)
	}
	if l.over == nil {
		l.merges = append(l.merges, merges...)
	}
}

// Metrics returns the job's numbers, summed over its lanes.
func (j *Job) Metrics() Metrics {
	var m Metrics
	for _, l := range j.running() {
		m.add(l)
	}
	m.DataErrors = j.dataErrors()
	return m
}

// WatermarkDelay is how far the watermark is behind the clock; 0 before the
// first event.
func (j *Job) WatermarkDelay() time.Duration {
	m := j.Metrics()
	if m.Watermark == 0 {
		return 0
	}
	return j.opts.Now().Sub(TimeOf(m.Watermark))
}

// Parallel says whether the job runs partitions apart, and why or why not.
func (j *Job) Parallel() (bool, string) { return j.parallel, j.why }
