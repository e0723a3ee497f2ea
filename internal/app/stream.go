package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/dataset"
	"github.com/lazuli-dev/lazuli/internal/end/file"
	"github.com/lazuli-dev/lazuli/internal/end/function"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// buildJobs compiles the queries of all jobs that are not disabled and binds
// their inputs and outputs. It comes after everything that an output can be.
func (a *App) buildJobs(ctx context.Context, sources *sources) error {
	cfg := a.opts.Config
	for _, name := range slices.Sorted(maps.Keys(cfg.Stream.Jobs)) {
		spec := cfg.Stream.Jobs[name]
		if spec.Disabled {
			continue
		}
		job, err := a.buildJob(ctx, name, spec, sources)
		if err != nil {
			return fmt.Errorf("stream.jobs.%s: %w", name, err)
		}
		a.jobs = append(a.jobs, job)
	}
	return nil
}

func (a *App) buildJob(ctx context.Context, name string, spec config.Job, sources *sources) (*jobs.Job, error) {
	return jobs.New(ctx, a.jobSpec(name, spec), a.jobKinds(sources), a.storage.jobStore(name), a.log.With("component", "stream"))
}

// jobKinds are what stream jobs can read and write, a row a kind.
func (a *App) jobKinds(s *sources) jobs.Kinds {
	path := a.opts.Config.File
	return jobs.Kinds{
		Sources:    []jobs.SourceKind{hub.SourceKind(a.storage.hubs, s.hub, a.counts.FromJobs(a.storage.hubsID))},
		References: []jobs.ReferenceKind{file.ReferenceKind(path), container.ReferenceKind(s.find)},
		Sinks: []jobs.SinkKind{
			hub.SinkKind(a.storage.hubs, s.hub), container.SinkKind(s.find, s.ensureContainer),
			file.SinkKind(path), dataset.SinkKind(a.pushDataset), function.SinkKind(a.httpFunctions),
		},
	}
}

func (a *App) pushDataset(name string) (dataset.Dataset, error) { return a.boards.Push(name) }

// httpFunctions is where the HTTP functions of an app answer.
func (a *App) httpFunctions(name string) (function.App, error) {
	for _, app := range a.apps {
		if app.name != name {
			continue
		}
		out := function.App{URL: strings.TrimSuffix("http://"+app.address+"/"+app.host.Config().HTTP.RoutePrefix, "/")}
		if app.keys != nil {
			out.Key = app.keys.Host
		}
		return out, nil
	}
	return function.App{}, fault.New(fault.Invalid, "function app "+name, "is disabled, so its functions cannot take rows")
}

// ensureContainer makes a container that is missing, if the project allows it.
func (s *sources) ensureContainer(ctx context.Context, database, name string) error {
	_, err := s.container(ctx, database, name, "")
	return err
}

// jobStore is where a job keeps its checkpoints and orders.
func (s *storage) jobStore(job string) *jobs.Store {
	return jobs.NewStore(s.kv, s.kv.Space(kv.StreamCheckpoints), s.kv.Space(kv.StreamJournals), job)
}

// jobSpec is a job of the project file.
func (a *App) jobSpec(name string, spec config.Job) jobs.Spec {
	s := jobs.Spec{
		Name: name, Query: a.opts.Config.File(spec.Query), Policy: timePolicy(spec), Checkpoint: time.Duration(spec.Checkpoint),
		Limits: stream.Limits{
			Keys: int(spec.Limits.Keys), HeldRows: int(spec.Limits.HeldRows), StateSize: spec.Limits.StateMB.Bytes(), Partials: int(spec.Limits.Partials),
		},
		Start: spec.Start, Force: a.opts.StreamStart,
	}
	if spec.Errors == "drop" {
		s.OutputErrors = stream.DropOutput
	}
	for _, path := range spec.Functions {
		s.Functions = append(s.Functions, a.opts.Config.File(path))
	}
	for _, in := range slices.Sorted(maps.Keys(spec.Inputs)) {
		s.Inputs = append(s.Inputs, jobInput(in, spec.Inputs[in]))
	}
	for _, out := range slices.Sorted(maps.Keys(spec.Outputs)) {
		s.Outputs = append(s.Outputs, jobOutput(out, spec.Outputs[out]))
	}
	return s
}

func timePolicy(spec config.Job) stream.TimePolicy {
	p := stream.DefaultTimePolicy()
	if spec.Late != nil {
		p.Late = time.Duration(*spec.Late)
	}
	p.OutOfOrder = time.Duration(spec.OutOfOrder)
	p.Drop = spec.TimePolicy == "drop"
	return p
}

func jobInput(name string, in config.JobInput) jobs.Input {
	r := in.Reference
	if r == nil {
		return jobs.Input{Name: name, Kind: hub.Kind, Target: in.Hub, Group: in.ConsumerGroup, PartitionKey: in.PartitionKey}
	}
	j := jobs.Input{Name: name, Kind: file.Kind, Target: r.File, Reference: true, Refresh: time.Duration(r.Refresh)}
	if r.Container != "" {
		j.Kind, j.Target = container.Kind, r.Container
	}
	return j
}

func jobOutput(name string, out config.JobOutput) jobs.Output {
	switch {
	case out.Container != "":
		return jobs.Output{Name: name, Kind: container.Kind, Target: out.Container, Column: out.ID}
	case out.Hub != "":
		return jobs.Output{Name: name, Kind: hub.Kind, Target: out.Hub, Column: out.PartitionKey, Format: out.Format, Properties: out.Properties}
	case out.Function != nil:
		return jobs.Output{Name: name, Kind: function.Kind, Target: out.Function.App + "/" + out.Function.Route}
	case out.Dataset != "":
		return jobs.Output{Name: name, Kind: dataset.Kind, Target: out.Dataset}
	}
	return jobs.Output{Name: name, Kind: file.Kind, Target: out.File}
}
