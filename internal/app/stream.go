package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// maxQuery bounds a query file.
const maxQuery = streamsql.MaxTextBytes

// buildJobs compiles the queries of all jobs that are not disabled and binds
// their inputs and outputs. It comes after everything that an output can be.
func (a *App) buildJobs(sources *sources) error {
	cfg := a.opts.Config
	if _, err := parseJobStart(a.opts.StreamStart); err != nil {
		return err
	}
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
	j := &streamJob{
		name: name, spec: spec, path: a.opts.Config.File(spec.Query), file: a.opts.Config.File,
		store: a.storage.jobStore(name), force: a.opts.StreamStart, http: &http.Client{},
		log:      a.log.With("component", "stream", "job", name),
		commands: make(chan jobCommand), booted: make(chan struct{}), gone: make(chan struct{}), state: jobStopped,
	}
	j.options = stream.Options{
		Name: name, Sources: map[string]stream.Source{}, References: map[string]stream.Reference{}, Sinks: map[string]stream.Sink{},
		PartitionKeys: map[string]string{}, Policy: timePolicy(spec), Store: j.store, Checkpoint: time.Duration(spec.Checkpoint),
		Log: a.log.With("component", "stream"), // it names the job itself
	}
	j.options.Limits = stream.Limits{
		Keys: int(spec.Limits.Keys), HeldRows: int(spec.Limits.HeldRows), StateSize: spec.Limits.StateMB.Bytes(), Partials: int(spec.Limits.Partials),
	}
	if spec.Errors == "drop" {
		j.options.OutputErrors = stream.DropOutput
	}
	for _, in := range slices.Sorted(maps.Keys(spec.Inputs)) {
		declared, err := a.bindInput(j, in, spec.Inputs[in], sources)
		if err != nil {
			return nil, fmt.Errorf("inputs.%s: %w", in, err)
		}
		j.inputs = append(j.inputs, declared)
	}
	var err error
	for _, out := range slices.Sorted(maps.Keys(spec.Outputs)) {
		if j.options.Sinks[out], err = a.bindOutput(j, out, spec.Outputs[out], sources); err != nil {
			return nil, fmt.Errorf("outputs.%s: %w", out, err)
		}
	}
	if _, err := j.compile(); err != nil {
		return nil, err
	}
	return j, nil
}

// compile reads the query and its functions and checks that everything they
// name is bound. It is done at every start, so a query that was edited while
// the job stood is the one that runs.
func (j *streamJob) compile() (stream.Options, error) {
	o := j.options
	text, err := readQuery(j.path)
	if err != nil {
		return o, fmt.Errorf("query: %w", err)
	}
	functions, err := jobFunctions(j.path, j.spec.Functions, j.file)
	if err != nil {
		return o, fmt.Errorf("functions: %w", err)
	}
	o.Functions = functionsText(functions)
	o.Program, err = streamsql.Compile(text, streamsql.Options{Strict: true, Inputs: j.inputs, Functions: functions})
	if err != nil {
		var syntax *streamsql.SyntaxError
		if errors.As(err, &syntax) {
			return o, fmt.Errorf("%s:%d:%d: %w", j.path, syntax.Line, syntax.Col, err)
		}
		return o, fmt.Errorf("%s: %w", j.path, err)
	}
	if _, err := stream.New(o); err != nil {
		return o, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.query, j.program, j.functions = text, o.Program, functionNames(functions)
	return o, nil
}

func readQuery(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if len(text) > maxQuery {
		return "", fault.New(fault.TooLarge, path, "%d bytes; a query has at most %d", len(text), maxQuery)
	}
	return strings.TrimPrefix(string(text), "\xef\xbb\xbf"), nil
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

func (a *App) bindInput(j *streamJob, name string, in config.JobInput, sources *sources) (streamsql.InputOptions, error) {
	o := &j.options
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
	o.Sources[name] = &hubSource{input: name, hub: hub, group: group, meter: a.meter, log: j.log}
	o.PartitionKeys[name] = in.PartitionKey
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
			return &functionSink{"http://" + app.address + "/" + route, j.http}, nil
		}
	}
	return nil, fault.New(fault.Invalid, "function app "+to.App, "is disabled, so its functions cannot take rows")
}
