package streamanalytics

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Names are the jobs that there are.
func Names(m *arm.Manager) (names []string, err error) {
	all, err := m.All(Type)
	for _, r := range all {
		names = append(names, r.ID.Name())
	}
	return names, err
}

// Spec is what a job is now, and whether it may reach all that it names.
func (p Provider) Spec(m *arm.Manager, name string) (jobs.Spec, error) {
	spec, ends, err := p.defined(m, name)
	for n := 0; err == nil && n < len(ends); n++ {
		err = p.c.May(ends[n])
	}
	return spec, err
}

// Shown is what a job is now, for a look.
func (p Provider) Shown(m *arm.Manager, name string) (jobs.Spec, error) {
	spec, _, err := p.defined(m, name)
	return spec, err
}

func (p Provider) defined(m *arm.Manager, name string) (spec jobs.Spec, ends []Reach, err error) {
	all, err := m.All(Type)
	if err != nil {
		return spec, nil, err
	}
	var job *arm.Resource
	for n := range all {
		if strings.EqualFold(all[n].ID.Name(), name) {
			job = &all[n]
		}
	}
	if job == nil {
		return spec, nil, fault.New(fault.NotFound, "stream job "+name, "no such job")
	}
	spec = jobs.Spec{Name: job.ID.Name(), Query: p.queryFile(name), Ordered: true}
	var drop bool
	if spec.Policy, drop, err = policyOf(job.Body); err != nil {
		return spec, nil, err
	}
	if drop {
		spec.OutputErrors = stream.DropOutput
	}
	sources, err := m.Children(job.ID, inputs)
	if err != nil {
		return spec, nil, err
	}
	for _, r := range sources {
		in, reach, err := p.input(r.ID, r.Body)
		if err != nil {
			return spec, nil, err
		}
		spec.Inputs, ends = append(spec.Inputs, in), append(ends, reach)
	}
	targets, err := m.Children(job.ID, outputs)
	for _, r := range targets {
		out, reach, err := p.output(r.ID, r.Body)
		if err != nil {
			return spec, nil, err
		}
		spec.Outputs, ends = append(spec.Outputs, out), append(ends, reach)
	}
	return spec, ends, err
}

// start begins a job. It is answered when the job runs, or will not.
func (p Provider) start(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	name := c.ID.Name()
	if err := p.stands(c.ID); err != nil {
		return arm.Answer{}, err
	}
	text, err := p.beginning(name, c.Body)
	if err != nil {
		return arm.Answer{}, err
	}
	if p.query(name) == "" {
		return arm.Answer{}, bad("transformation", "The job has no transformation, so that there is nothing to start.")
	}
	err = p.c.Set.Start(ctx, name, text)
	switch {
	case err == nil:
		return arm.Answer{Long: true}, p.started(c)
	case fault.Is(err, fault.Conflict):
		return arm.Answer{}, busy()
	case jobs.SyntaxOf(err) != nil:
		return arm.Answer{}, compiled(err)
	}
	f := arm.FailureOf(err)
	if f.Status == http.StatusForbidden {
		return arm.Answer{}, err
	}
	return arm.Answer{}, bad("job", "The Stream Analytics job '%s' could not be started: %s", name, f.Message)
}

// started keeps how a job was begun. Plans compare it with what a schedule asks for.
func (p Provider) started(c *arm.Call) error {
	body, found := c.Manager.Body(c.ID)
	if !found {
		return nil
	}
	mode := cmp.Or(c.Body.Text("outputStartMode"), "JobStartTime")
	for _, known := range []string{"CustomTime", "LastOutputEventTime", "JobStartTime"} {
		if strings.EqualFold(mode, known) {
			mode = known
		}
	}
	body.Set(mode, "properties", "outputStartMode")
	body.Remove("properties", "outputStartTime")
	if at := c.Body.Text("outputStartTime"); mode == "CustomTime" {
		body.Set(at, "properties", "outputStartTime")
	}
	return c.Manager.Save(c.ID, body)
}

// beginning is a start as the engine spells it.
func (p Provider) beginning(name string, b arm.Body) (string, error) {
	switch mode := b.Text("outputStartMode"); strings.ToLower(mode) {
	case "", "jobstarttime":
		return "now", nil
	case "customtime":
		at, err := time.Parse(time.RFC3339, b.Text("outputStartTime"))
		if err != nil {
			return "", bad("outputStartTime", "The output start mode CustomTime needs a time such as 2026-01-31T00:00:00Z in 'outputStartTime', and has '%s'.", b.Text("outputStartTime"))
		}
		return at.UTC().Format(time.RFC3339Nano), nil
	case "lastoutputeventtime":
		ran, err := p.c.Set.Ran(name)
		if err == nil && !ran {
			err = bad("outputStartMode", "The output start mode LastOutputEventTime needs a job that has run, and '%s' has not.", name)
		}
		return "last", err
	default:
		return "", bad("outputStartMode", "The output start mode '%s' is not one of JobStartTime, CustomTime and LastOutputEventTime.", mode)
	}
}

// stop ends a job after its last checkpoint. One that stands is left so.
func (p Provider) stop(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	at := p.lastOutput(c.ID.Name())
	if err := p.c.Set.Stop(ctx, c.ID.Name()); err != nil {
		return arm.Answer{}, err
	}
	if last := p.lastOutput(c.ID.Name()); last != "" {
		at = last
	}
	if body, found := c.Manager.Body(c.ID); found && at != "" {
		body.Set(at, "properties", "lastOutputEventTime")
		return arm.Answer{Long: true}, c.Manager.Save(c.ID, body)
	}
	return arm.Answer{Long: true}, nil
}
