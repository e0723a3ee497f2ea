package app

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// shownJobs are the stream jobs as the portal shows them.
func (a *App) shownJobs() []portal.Job {
	jobs := make([]portal.Job, len(a.jobs))
	for i, j := range a.jobs {
		jobs[i] = portal.Job{
			Name: j.name, Inputs: []portal.JobEnd{}, Outputs: []portal.JobEnd{},
			About: j.about, Numbers: j.numbers, Start: j.Start, Stop: j.Stop,
		}
		for _, name := range slices.Sorted(maps.Keys(j.spec.Inputs)) {
			jobs[i].Inputs = append(jobs[i].Inputs, inputEnd(name, j.spec.Inputs[name]))
		}
		for _, name := range slices.Sorted(maps.Keys(j.spec.Outputs)) {
			jobs[i].Outputs = append(jobs[i].Outputs, outputEnd(name, j.spec.Outputs[name]))
		}
	}
	return jobs
}

// summary is the job on the screen of `lazuli up`.
func (j *streamJob) summary() JobSummary {
	n := j.numbers()
	s := JobSummary{Name: j.name, State: n.State, Failed: n.Failed}
	for _, name := range slices.Sorted(maps.Keys(j.spec.Inputs)) {
		if in := inputEnd(name, j.spec.Inputs[name]); !in.Reference {
			s.From = append(s.From, in.Target)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(j.spec.Outputs)) {
		s.To = append(s.To, outputEnd(name, j.spec.Outputs[name]).Target)
	}
	return s
}

func inputEnd(name string, in config.JobInput) portal.JobEnd {
	switch r := in.Reference; {
	case r == nil:
		return portal.JobEnd{Name: name, Kind: "hub", Target: in.Hub, Group: cmp.Or(in.ConsumerGroup, broker.DefaultGroup)}
	case r.Container != "":
		return portal.JobEnd{Name: name, Kind: "container", Target: r.Container, Reference: true}
	default:
		return portal.JobEnd{Name: name, Kind: "file", Target: r.File, Reference: true}
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

// about describes the query as it was compiled last.
func (j *streamJob) about() portal.JobAbout {
	j.mu.Lock()
	query, program := j.query, j.program
	j.mu.Unlock()
	a := portal.JobAbout{
		Query: query, Explain: stream.Explain(program, j.options.PartitionKeys),
		Diagram: portal.JobDiagram{Nodes: []portal.JobNode{}, Edges: []portal.JobEdge{}},
	}
	a.Parallel, a.LanesText = stream.Parallelism(program, j.options.PartitionKeys)
	d := program.Diagram()
	for _, n := range d.Nodes {
		a.Diagram.Nodes = append(a.Diagram.Nodes, portal.JobNode(n))
	}
	for _, e := range d.Edges {
		a.Diagram.Edges = append(a.Diagram.Edges, portal.JobEdge(e))
	}
	return a
}

// numbers translates the job's metrics.
func (j *streamJob) numbers() portal.JobNumbers {
	j.mu.Lock()
	n := portal.JobNumbers{State: j.state, Start: j.started, StartedAt: j.startedAt, Failed: j.failed, Functions: j.functions}
	job := j.job
	j.mu.Unlock()
	if job == nil {
		return n
	}
	m := job.Metrics()
	n.In, n.Out = m.InputEvents, m.OutputEvents
	n.Late, n.Early, n.OutOfOrder, n.Dropped = m.LateEvents, m.EarlyEvents, m.OutOfOrderEvents, m.DroppedEvents
	n.Malformed, n.ConversionErrors = m.DeserializationErrors, m.ConversionErrors
	n.RuntimeErrors, n.OutputErrors = m.RuntimeErrors, m.OutputErrors
	n.Checkpoints, n.StateBytes, n.HeldRows = m.Checkpoints, m.CheckpointBytes, m.HeldRows
	if m.CheckpointAt != 0 {
		n.CheckpointAt = stream.TimeOf(m.CheckpointAt)
	}
	n.LastError = m.LastError
	for _, in := range job.Inputs() {
		shown := j.inputNumbers(in, n.State == jobRunning)
		for _, p := range shown.Partitions {
			n.Backlog += p.Lag
		}
		n.Inputs = append(n.Inputs, shown)
	}
	for _, out := range job.Outputs() {
		n.Outputs = append(n.Outputs, portal.JobOutputNumbers{Name: out.Name, Out: out.Rows, Errors: out.Errors, Blocked: out.Blocked})
	}
	for _, w := range job.Warnings() {
		n.Warnings = append(n.Warnings, jobWarning(w))
	}
	for _, w := range job.KeyWarnings() {
		n.Warnings = append(n.Warnings, portal.JobWarning{
			Kind: "partitionKey", Input: w.Input, Events: w.Events, Example: w.Value, At: w.At.UnixMilli(), Text: w.String(),
		})
	}
	for _, source := range j.options.Sources {
		if w, lost := source.(*hubSource).warning(); lost {
			n.Warnings = append(n.Warnings, w)
		}
	}
	if n.State == jobRunning {
		n.Lanes, n.DelayMs = job.Lanes(), milliseconds(job.WatermarkDelay())
		if n.Blocked = m.Blocked; len(n.Blocked) > 0 {
			n.State = jobDegraded
		}
	}
	return n
}

func (j *streamJob) inputNumbers(m stream.InputMetrics, running bool) portal.JobInputNumbers {
	n := portal.JobInputNumbers{Name: m.Name, Counts: map[string]int64{
		"in": m.Events, "late": m.Late, "early": m.Early, "outOfOrder": m.OutOfOrder, "dropped": m.Dropped,
		"malformed": m.Malformed, "conversion": m.Conversion,
	}}
	for _, p := range m.Partitions {
		shown := portal.JobPartition{ID: p.Partition, Next: p.Next, Lag: p.Backlog}
		if hub, ok := j.hub(m.Name); ok && p.Next >= 0 {
			shown.Lag = hub.behind(p.Partition, p.Next)
		}
		if running && p.Watermark != 0 {
			shown.DelayMs = milliseconds(time.Since(stream.TimeOf(p.Watermark)))
		}
		n.Partitions = append(n.Partitions, shown)
	}
	return n
}

// hub is the hub of an input; names are matched without case.
func (j *streamJob) hub(input string) (*hubSource, bool) {
	for name, source := range j.options.Sources {
		if hub, ok := source.(*hubSource); ok && strings.EqualFold(name, input) {
			return hub, true
		}
	}
	return nil, false
}

func jobWarning(w stream.ClockWarning) portal.JobWarning {
	kind := "clockBehind"
	if w.Ahead {
		kind = "clockAhead"
	}
	return portal.JobWarning{
		Kind: kind, Input: w.Input, Events: w.Events, OffsetHours: w.Offset.Hours(), Example: w.Example,
		At: w.At.UnixMilli(), Text: w.String(),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
