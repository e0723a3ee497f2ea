package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/blobrows"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/dataset"
	"github.com/lazuli-dev/lazuli/internal/end/file"
	"github.com/lazuli-dev/lazuli/internal/end/function"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/kv"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// streamJobs are the queries of all jobs that are not disabled, bound to their
// inputs and outputs, and those that Resource Manager makes.
func streamJobs(e *env) (parts, error) {
	var p parts
	var shown []pagejobs.Job
	setup := pagejobs.Setup{Group: broker.DefaultGroup, Try: e.Trial, Name: e.endName}
	for _, name := range slices.Sorted(maps.Keys(e.Config.Stream.Jobs)) {
		spec := e.Config.Stream.Jobs[name]
		if spec.Disabled {
			continue
		}
		job, err := jobs.New(e.Context, e.jobSpec(name, spec), e.Given.Streams, e.Storage.jobStore(name), e.Log.With("component", "stream"))
		if err != nil {
			return p, fmt.Errorf("stream.jobs.%s: %w", name, err)
		}
		p.Jobs, shown = append(p.Jobs, job), append(shown, pagejobs.Of(job, setup))
		p.Work = append(p.Work, part{name: job.String(), run: job.Run})
	}
	e.deployed = newDeployedJobs(e)
	p.Work = append(p.Work, part{name: "deployed stream jobs", run: e.deployed.run})
	p.Resources = []arm.Provider{e.deployed.rooms.ARM()}
	p.Pages = pagejobs.Pages(func() []pagejobs.Job { return append(e.deployed.shown(setup), shown...) })
	p.Settled = func(ctx context.Context) bool {
		return !slices.ContainsFunc(p.Jobs, func(job *jobs.Job) bool { return !job.Settled(ctx) }) && e.deployed.set.Settled(ctx)
	}
	p.Summary = func(s *Summary) {
		for _, job := range e.jobs() {
			s.Jobs = append(s.Jobs, jobSummary(job))
		}
	}
	return p, nil
}

// jobStore is where a job keeps its checkpoints and orders.
func (s *dataFolder) jobStore(job string) *jobs.Store {
	return jobs.NewStore(s.kv, s.kv.Space(kv.StreamCheckpoints), s.kv.Space(kv.StreamJournals), job)
}

// jobSpec is a job of the project file.
func (e *env) jobSpec(name string, spec config.Job) jobs.Spec {
	s := jobs.Spec{
		Name: name, Query: e.Config.File(spec.Query), Policy: timePolicy(spec), Checkpoint: time.Duration(spec.Checkpoint),
		Limits: stream.Limits{
			Keys: int(spec.Limits.Keys), HeldRows: int(spec.Limits.HeldRows), StateSize: spec.Limits.StateMB.Bytes(), Partials: int(spec.Limits.Partials),
		},
		Start: spec.Start, Force: e.Force,
	}
	if spec.Errors == "drop" {
		s.OutputErrors = stream.DropOutput
	}
	for _, path := range spec.Functions {
		s.Functions = append(s.Functions, e.Config.File(path))
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
	if r == nil && in.Blob != "" {
		return jobs.Input{Name: name, Kind: blobrows.Kind, Account: in.Account, Target: in.Blob, PartitionKey: in.PartitionKey, Format: in.Format, Blobs: jobs.Blobs{
			Date: in.DateFormat, Time: in.TimeFormat, Delimiter: in.Delimiter, Compression: in.Compression, Partitions: int(in.Partitions),
		}}
	}
	if r == nil {
		return jobs.Input{Name: name, Kind: hub.Kind, Account: in.Namespace, Target: in.Hub, Group: in.ConsumerGroup, PartitionKey: in.PartitionKey}
	}
	j := jobs.Input{Name: name, Kind: file.Kind, Target: r.File, Reference: true, Refresh: time.Duration(r.Refresh)}
	switch {
	case r.Container != "":
		j.Kind, j.Account, j.Target = container.Kind, r.Account, r.Container
	case r.Blob != "":
		j.Kind, j.Account, j.Target, j.Format = blobrows.Kind, r.Account, r.Blob, r.Format
		j.Blobs = jobs.Blobs{Date: r.DateFormat, Time: r.TimeFormat, Delimiter: r.Delimiter}
		if r.Refresh == 0 && strings.Contains(r.Blob, "{") {
			j.Refresh = config.ReferenceEvery
		}
	}
	return j
}

func jobOutput(name string, out config.JobOutput) jobs.Output {
	switch {
	case out.Container != "":
		return jobs.Output{Name: name, Kind: container.Kind, Account: out.Account, Target: out.Container, Column: out.ID}
	case out.Hub != "":
		return jobs.Output{Name: name, Kind: hub.Kind, Account: out.Namespace, Target: out.Hub, Column: out.PartitionKey, Format: out.Format, Properties: out.Properties}
	case out.Function != nil:
		return jobs.Output{Name: name, Kind: function.Kind, Target: out.Function.App + "/" + out.Function.Route}
	case out.Blob != "":
		return jobs.Output{Name: name, Kind: blobrows.Kind, Account: out.Account, Target: out.Blob, Format: out.Format, Blobs: jobs.Blobs{
			Date: out.DateFormat, Time: out.TimeFormat, Delimiter: out.Delimiter, FileBytes: out.FileMiB.Bytes(),
		}}
	case out.Dataset != "":
		return jobs.Output{Name: name, Kind: dataset.Kind, Target: out.Dataset}
	}
	return jobs.Output{Name: name, Kind: file.Kind, Target: out.File}
}
