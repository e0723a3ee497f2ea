package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// streamJob is one job of the project file.
type streamJob struct {
	name string
	job  *stream.Job
	http *http.Client // to functions

	query   string
	program *streamsql.Program
	failed  atomic.Pointer[string] // why it does not run
	log     *slog.Logger
}

// maxQuery bounds a query file.
const maxQuery = streamsql.MaxTextBytes

// buildJobs compiles the queries of all jobs that are not disabled and binds
// their inputs and outputs. It comes after everything that an output can be.
func (a *App) buildJobs(sources *sources) error {
	cfg := a.opts.Config
	for _, name := range slices.Sorted(maps.Keys(cfg.Stream.Jobs)) {
		spec := cfg.Stream.Jobs[name]
		if spec.Disabled {
			continue
		}
		job, err := a.buildJob(name, spec, sources)
		if err != nil {
			return fmt.Errorf("stream.jobs.%s: %w", name, err)
		}
		a.jobs = append(a.jobs, job)
	}
	return nil
}

func (a *App) buildJob(name string, spec config.Job, sources *sources) (*streamJob, error) {
	j := &streamJob{name: name, http: &http.Client{}, log: a.log.With("component", "stream", "job", name)}
	path := a.opts.Config.File(spec.Query)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if len(text) > maxQuery {
		return nil, fault.New(fault.TooLarge, path, "%d bytes; a query has at most %d", len(text), maxQuery)
	}
	o := stream.Options{
		Name: name, Sources: map[string]stream.Source{}, References: map[string]stream.Reference{}, Sinks: map[string]stream.Sink{},
		Policy: timePolicy(spec), Store: a.storage.jobStore(name), Checkpoint: time.Duration(spec.Checkpoint), Log: j.log,
	}
	if spec.Errors == "drop" {
		o.OutputErrors = stream.DropOutput
	}
	o.Start, o.StartTime = jobStart(spec)
	compile := streamsql.Options{Strict: true}
	for _, in := range slices.Sorted(maps.Keys(spec.Inputs)) {
		declared, err := a.bindInput(&o, in, spec.Inputs[in], sources)
		if err != nil {
			return nil, fmt.Errorf("inputs.%s: %w", in, err)
		}
		compile.Inputs = append(compile.Inputs, declared)
	}
	for _, out := range slices.Sorted(maps.Keys(spec.Outputs)) {
		if o.Sinks[out], err = a.bindOutput(j, out, spec.Outputs[out], sources); err != nil {
			return nil, fmt.Errorf("outputs.%s: %w", out, err)
		}
	}
	if o.Program, err = streamsql.Compile(string(text), compile); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	j.query, j.program = string(text), o.Program
	j.job, err = stream.New(o)
	return j, err
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

func jobStart(spec config.Job) (stream.StartMode, time.Time) {
	if t, ok := spec.StartTime(); ok {
		return stream.StartAt, t
	}
	switch spec.Start {
	case "now":
		return stream.StartNow, time.Time{}
	case "all":
		return stream.StartAll, time.Time{}
	}
	return stream.StartLast, time.Time{}
}

func (a *App) bindInput(o *stream.Options, name string, in config.JobInput, sources *sources) (streamsql.InputOptions, error) {
	declared := streamsql.InputOptions{Name: name}
	if r := in.Reference; r != nil {
		declared.Reference = true
		if every := time.Duration(r.Refresh); every > 0 && (o.Refresh == 0 || every < o.Refresh) {
			o.Refresh = every
		}
		o.References[name] = fileReference{a.opts.Config.File(r.File)}
		if r.Container != "" {
			database, container, _ := strings.Cut(r.Container, "/")
			o.References[name] = containerReference{sources, database, container}
		}
		return declared, nil
	}
	declared.EventHub = true
	group := in.ConsumerGroup
	if group == "" {
		group = "$Default"
	}
	hub, err := sources.hub(in.Hub, group)
	if err != nil {
		return declared, err
	}
	o.Sources[name] = &hubSource{hub, group, a.meter}
	return declared, nil
}

func (a *App) bindOutput(j *streamJob, name string, out config.JobOutput, sources *sources) (stream.Sink, error) {
	switch {
	case out.Container != "":
		database, container, _ := strings.Cut(out.Container, "/")
		if _, err := sources.container(context.Background(), database, container, ""); err != nil {
			return nil, err
		}
		return &containerSink{sources, database, container, out.ID, j.name + "-" + name}, nil
	case out.Hub != "":
		hub, err := sources.hub(out.Hub, "$Default")
		if err != nil {
			return nil, err
		}
		return &hubSink{&localEventSink{hub}, out.PartitionKey}, nil
	case out.Function != nil:
		return a.functionOutput(j, *out.Function)
	case out.Dataset != "":
		d, err := a.portal.PushDataset(out.Dataset)
		if err != nil {
			return nil, err
		}
		return &datasetSink{d}, nil
	}
	return &fileSink{a.opts.Config.File(out.File)}, nil
}

func (a *App) functionOutput(j *streamJob, to config.JobFunction) (stream.Sink, error) {
	for _, app := range a.apps {
		if app.name == to.App {
			route := strings.TrimPrefix(app.host.Config().HTTP.RoutePrefix+"/"+to.Route, "/")
			return &functionSink{"http://" + app.listener.Addr().String() + "/" + route, j.http}, nil
		}
	}
	return nil, fault.New(fault.Invalid, "function app "+to.App, "is disabled, so its functions cannot take rows")
}

// part runs the job. A job that cannot go on leaves everything else running,
// and says why in the log.
func (j *streamJob) part() part {
	return part{
		name: "stream job " + j.name,
		run: func(ctx context.Context) error {
			defer j.http.CloseIdleConnections()
			j.log.Info("stream job runs")
			if err := j.job.Run(ctx); err != nil && ctx.Err() == nil {
				reason := err.Error()
				j.failed.Store(&reason)
				j.log.Error("the stream job does not run", "error", err)
			}
			<-ctx.Done()
			return nil
		},
	}
}
