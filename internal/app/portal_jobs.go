package app

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// shownJobs are the stream jobs as the portal shows them.
func (a *App) shownJobs() []portal.Job {
	jobs := make([]portal.Job, len(a.jobs))
	for i, j := range a.jobs {
		spec := a.opts.Config.Stream.Jobs[j.name]
		jobs[i] = portal.Job{
			Name: j.name, Query: j.query, Explain: stream.Explain(j.program),
			Inputs: []portal.JobEnd{}, Outputs: []portal.JobEnd{}, Numbers: j.numbers,
		}
		for _, name := range slices.Sorted(maps.Keys(spec.Inputs)) {
			jobs[i].Inputs = append(jobs[i].Inputs, inputEnd(name, spec.Inputs[name]))
		}
		for _, name := range slices.Sorted(maps.Keys(spec.Outputs)) {
			jobs[i].Outputs = append(jobs[i].Outputs, outputEnd(name, spec.Outputs[name]))
		}
	}
	return jobs
}

func inputEnd(name string, in config.JobInput) portal.JobEnd {
	switch r := in.Reference; {
	case r == nil:
		return portal.JobEnd{Name: name, Kind: "hub", Target: in.Hub}
	case r.Container != "":
		return portal.JobEnd{Name: name, Kind: "container", Target: r.Container}
	default:
		return portal.JobEnd{Name: name, Kind: "file", Target: r.File}
	}
}

func outputEnd(name string, out config.JobOutput) portal.JobEnd {
	switch {
	case out.Container != "":
		return portal.JobEnd{Name: name, Kind: "container", Target: out.Container}
	case out.Hub != "":
		return portal.JobEnd{Name: name, Kind: "hub", Target: out.Hub}
	case out.Function != nil:
		return portal.JobEnd{Name: name, Kind: "function", Target: out.Function.App + "/" + out.Function.Route}
	}
	kind := "dataset"
	if out.Dataset == "" {
		kind = "file"
	}
	return portal.JobEnd{Name: name, Kind: kind, Target: cmp.Or(out.Dataset, out.File)}
}

// numbers translates the job's metrics.
func (j *streamJob) numbers() portal.JobNumbers {
	m := j.job.Metrics()
	n := portal.JobNumbers{
		In: m.InputEvents, Out: m.OutputEvents, Backlog: m.BackloggedEvents,
		DelayMs: float64(j.job.WatermarkDelay()) / float64(time.Millisecond),
		Late:    m.LateEvents, Early: m.EarlyEvents, OutOfOrder: m.OutOfOrderEvents, Dropped: m.DroppedEvents,
		Malformed: m.DeserializationErrors, ConversionErrors: m.ConversionErrors, RuntimeErrors: m.RuntimeErrors, OutputErrors: m.OutputErrors,
		LastError: m.LastError, Blocked: m.Blocked,
	}
	if reason := j.failed.Load(); reason != nil {
		n.Failed = *reason
	}
	return n
}
