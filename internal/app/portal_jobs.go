package app

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// shownJobs are the stream jobs as the portal shows them.
func (a *App) shownJobs() []portal.Job {
	all := make([]portal.Job, len(a.jobs))
	for i, j := range a.jobs {
		all[i] = portal.Job{
			Name: j.Name(), Inputs: []portal.JobEnd{}, Outputs: []portal.JobEnd{}, Start: j.Start, Stop: j.Stop,
			About:   func() portal.JobAbout { return aboutJob(j) },
			Numbers: func() portal.JobNumbers { return jobNumbers(j) },
		}
		for _, in := range j.Spec().Inputs {
			all[i].Inputs = append(all[i].Inputs, inputEnd(in))
		}
		for _, out := range j.Spec().Outputs {
			all[i].Outputs = append(all[i].Outputs, portal.JobEnd{Name: out.Name, Kind: out.Kind, Target: out.Target})
		}
	}
	return all
}

// jobSummary is the job on the screen of `lazuli up`.
func jobSummary(j *jobs.Job) JobSummary {
	n := jobNumbers(j)
	s := JobSummary{Name: j.Name(), State: n.State, Failed: n.Failed}
	for _, in := range j.Spec().Inputs {
		if !in.Reference {
			s.From = append(s.From, in.Target)
		}
	}
	for _, out := range j.Spec().Outputs {
		s.To = append(s.To, out.Target)
	}
	return s
}

func inputEnd(in jobs.Input) portal.JobEnd {
	end := portal.JobEnd{Name: in.Name, Kind: in.Kind, Target: in.Target, Group: in.Group, Reference: in.Reference}
	if !in.Reference && end.Group == "" {
		end.Group = broker.DefaultGroup
	}
	return end
}

// aboutJob describes the query as it was compiled last.
func aboutJob(j *jobs.Job) portal.JobAbout {
	q := j.Query()
	a := portal.JobAbout{
		Query: q.Text, Explain: stream.Explain(q.Program, j.PartitionKeys()),
		Diagram: portal.JobDiagram{Nodes: []portal.JobNode{}, Edges: []portal.JobEdge{}},
	}
	a.Parallel, a.LanesText = stream.Parallelism(q.Program, j.PartitionKeys())
	d := q.Program.Diagram()
	for _, n := range d.Nodes {
		a.Diagram.Nodes = append(a.Diagram.Nodes, portal.JobNode(n))
	}
	for _, e := range d.Edges {
		a.Diagram.Edges = append(a.Diagram.Edges, portal.JobEdge(e))
	}
	return a
}

// jobNumbers translates the job's metrics.
func jobNumbers(j *jobs.Job) portal.JobNumbers {
	s := j.Status()
	n := portal.JobNumbers{State: s.State, Start: s.Start, StartedAt: s.StartedAt, Failed: s.Failed, Functions: s.Functions}
	job := s.Job
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
	for _, e := range m.DataErrors {
		n.DataErrors = append(n.DataErrors, portal.JobDataErrors(e))
	}
	for _, in := range job.Inputs() {
		shown := inputNumbers(j, in, n.State == jobs.Running)
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
	for _, w := range j.Warnings() {
		n.Warnings = append(n.Warnings, portal.JobWarning{Kind: w.Kind, Input: w.Input, Events: w.Events, At: w.At.UnixMilli(), Text: w.Text})
	}
	if n.State == jobs.Running {
		n.Lanes, n.DelayMs = job.Lanes(), milliseconds(job.WatermarkDelay())
		if n.Blocked = m.Blocked; len(n.Blocked) > 0 {
			n.State = jobs.Degraded
		}
	}
	return n
}

func inputNumbers(j *jobs.Job, m stream.InputMetrics, running bool) portal.JobInputNumbers {
	n := portal.JobInputNumbers{Name: m.Name, Counts: map[string]int64{
		"in": m.Events, "late": m.Late, "early": m.Early, "outOfOrder": m.OutOfOrder, "dropped": m.Dropped,
		"malformed": m.Malformed, "conversion": m.Conversion,
	}}
	for _, p := range m.Partitions {
		shown := portal.JobPartition{ID: p.Partition, Next: p.Next, Lag: p.Backlog}
		if lag, known := j.Behind(m.Name, p.Partition, p.Next); known && p.Next >= 0 {
			shown.Lag = lag
		}
		if running && p.Watermark != 0 {
			shown.DelayMs = milliseconds(time.Since(stream.TimeOf(p.Watermark)))
		}
		n.Partitions = append(n.Partitions, shown)
	}
	return n
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
