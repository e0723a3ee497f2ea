// Package jobs is the portal's page of stream jobs: what each reads and writes,
// how far it is, its query and plan, and how to start and stop it.
package jobs

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Job is what the page needs of a stream job.
type Job struct {
	Name    string
	Inputs  []End
	Outputs []End
	// About describes the query that runs, or would: it may be edited between
	// two starts.
	About func() About
	// Numbers reads the job's counters. It is called once a second while
	// somebody watches.
	Numbers func() Numbers
	// Totals reads what the run that began at a time has read and what failed
	// in it. It is called every second, so it is cheaper.
	Totals func() (began time.Time, in, failed int64)
	// Trouble says why the job does not run, or which output takes nothing, and since
	// when: "" where all is well. It is called every second, so it is cheap.
	Trouble func() string
	// Warned is what is wrong with the events. It is called every second, as well.
	Warned func() Warned
	Policy stream.TimePolicy
	Editing
	// Start begins a job that stands; start is last, now, all or an RFC 3339
	// time. Stop ends one that runs. Both return when it is done.
	Start func(ctx context.Context, start string) error
	Stop  func(ctx context.Context) error
}

// Setup is what jobs are shown with.
type Setup struct {
	Group string   // reads a hub when the job names no consumer group
	Try   []string // the command that runs a query for a look
	// Name is the target of an end of a kind in an account ("" is the default one),
	// as End has it.
	Name func(kind, account, target string) string
}

// Of shows a job of this process.
func Of(j *jobs.Job, s Setup) Job {
	shown := Job{
		Name: j.Name(), Start: j.Start, Stop: j.Stop,
		About:   func() About { return AboutOf(j) },
		Numbers: func() Numbers { return NumbersOf(j) },
		Totals:  func() (time.Time, int64, int64) { return totalsOf(j) },
		Trouble: func() string { return troubleOf(j) }, Warned: func() Warned { return warnedOf(j) }, Policy: j.Spec().Policy, Editing: editingOf(j, s.Try),
	}
	shown.Inputs, shown.Outputs = endsOf(j.Spec(), s)
	return shown
}

// endsOf are the inputs and outputs of a job.
func endsOf(spec jobs.Spec, s Setup) (inputs, outputs []End) {
	inputs, outputs = []End{}, []End{}
	for _, in := range spec.Inputs {
		end := End{Name: in.Name, Kind: in.Kind, Target: s.Name(in.Kind, in.Account, in.Target), Group: in.Group, Reference: in.Reference}
		if !in.Reference && end.Group == "" {
			end.Group = s.Group
		}
		inputs = append(inputs, end)
	}
	for _, out := range spec.Outputs {
		outputs = append(outputs, End{Name: out.Name, Kind: out.Kind, Target: s.Name(out.Kind, out.Account, out.Target)})
	}
	return inputs, outputs
}

// page gives the jobs that there are now.
type page func() []Job

// Fixed are jobs of which none comes or goes.
func Fixed(jobs ...Job) func() []Job { return func() []Job { return jobs } }

// Pages returns the page of the jobs that all gives.
func Pages(all func() []Job) []portal.Page {
	p, sums := page(all), &totals{jobs: all, runs: map[string]*run{}}
	return []portal.Page{{
		Kind: "jobs", Item: "job", Rows: p.rows, Detail: p.detail, Count: func() int { return len(all()) },
		Totals:  sums.add,
		Metrics: sums.metrics,
		Failing: p.failing, Troubles: p.troublesOf(&warnings{jobs: all, seen: map[string]*grown{}}),
		Routes: []portal.Route{
			{Pattern: "GET /api/jobs", Serve: p.listJobs},
			{Pattern: "GET /api/jobs/{job}", Serve: p.getJob},
			{Pattern: "POST /api/jobs/{job}/start", Serve: p.startJob},
			{Pattern: "POST /api/jobs/{job}/stop", Serve: p.stopJob},
			{Pattern: "GET /api/jobs/{job}/query", Serve: p.getQuery},
			{Pattern: "PUT /api/jobs/{job}/query", Serve: p.putQuery},
			{Pattern: "POST /api/jobs/{job}/check", Serve: p.checkQuery},
			{Pattern: "POST /api/jobs/{job}/test", Serve: newTests(p).serve},
		},
	}}
}

// backlogWarning is how many events a job may be behind without a mark.
const backlogWarning = 10_000

// Row is a job in the list. Rates are per second, over the last four seconds.
type Row struct {
	ID       string      `json:"id"` // its name
	State    string      `json:"state"`
	In       float64     `json:"in"`  // rate
	Out      float64     `json:"out"` // rate
	DelayMs  float64     `json:"delayMs"`
	Backlog  int64       `json:"backlog"`
	Late     bool        `json:"late"` // the backlog is worth a warning
	Failed   string      `json:"failed,omitempty"`
	Warnings int         `json:"warnings"`
	Inputs   []InputRow  `json:"inputs"`
	Outputs  []OutputRow `json:"outputs"`
}

// InputRow is an input of a Row.
type InputRow struct {
	End
	In  float64 `json:"in"`  // rate
	Lag int64   `json:"lag"` // of all partitions
}

// OutputRow is an output of a Row.
type OutputRow struct {
	End
	Out float64 `json:"out"` // rate
}

func (p page) rows(r *portal.Rates) []portal.Row {
	all := p()
	rows := make([]portal.Row, len(all))
	for i := range all {
		s := all[i].state(r.Of)
		row := Row{
			ID: s.Name, State: s.State, In: s.In, Out: s.Out, DelayMs: s.DelayMs, Backlog: s.Backlog, Late: s.Late, Failed: s.Failed,
			Warnings: len(s.Warnings), Inputs: make([]InputRow, len(s.Inputs)), Outputs: make([]OutputRow, len(s.Outputs)),
		}
		for n, in := range s.Inputs {
			row.Inputs[n] = InputRow{in.End, in.In, in.Lag}
		}
		for n, out := range s.Outputs {
			row.Outputs[n] = OutputRow{out.End, out.Out}
		}
		rows[i] = portal.Row{ID: row.ID, Value: row}
	}
	return rows
}

func (p page) detail(name string, r *portal.Rates) (any, error) {
	j, err := p.find(name)
	if err != nil {
		return nil, err
	}
	return j.state(r.Of), nil
}
