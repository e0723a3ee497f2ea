package app

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// process is a helper program of the project: built once, started, and started
// again when it ends.
type process struct {
	name, dir, binary string
	args, env         []string
	log               *slog.Logger
	building          waiting
}

// processes are the project's helper programs.
func processes(e *env) (parts, error) {
	var p parts
	for _, name := range slices.Sorted(maps.Keys(e.Config.Processes)) {
		spec := e.Config.Processes[name]
		if spec.Disabled {
			continue
		}
		helper := &process{
			name: name, dir: e.Config.File(spec.Path), binary: filepath.Join(e.Config.DataDir(), "processes", name),
			args: spec.Args, env: os.Environ(), log: e.Log.With("component", "process", "process", name),
			building: waiting{what: "building process " + name},
		}
		for _, key := range slices.Sorted(maps.Keys(spec.Env)) {
			helper.env = append(helper.env, key+"="+spec.Env[key])
		}
		p.Work, p.Pending = append(p.Work, helper.part()), append(p.Pending, helper.building.pending)
	}
	return p, nil
}

// How soon a process that ended is started again, and how long one that is asked
// to stop may take.
const (
	firstProcessPause   = 500 * time.Millisecond
	longestProcessPause = 30 * time.Second
	processGrace        = 2 * time.Second
)

// part runs the process until the end. One that cannot be built leaves
// everything else running.
func (p *process) part() part {
	return part{name: "process " + p.name, run: func(ctx context.Context) error {
		p.building.begin()
		err := project.Build(ctx, p.dir, p.binary, os.Environ())
		p.building.end()
		if err != nil {
			if ctx.Err() == nil {
				p.log.Error("the process cannot be built", "error", err)
			}
			<-ctx.Done()
			return nil
		}
		run.Restarts{
			Backoff: run.Backoff{First: firstProcessPause, Longest: longestProcessPause}, Healthy: longestProcessPause,
			Ended: func(err error, wait time.Duration) {
				p.log.Warn("the process ended and is started again", "error", err, "after", wait)
			},
		}.Again(ctx, p.run)
		return nil
	}}
}

// run starts the program and waits for its end; what it prints is logged.
func (p *process) run(ctx context.Context) error {
	program := run.Program{Name: "process " + p.name, Path: p.binary, Args: p.args, Dir: p.dir, Env: p.env, Interrupt: true}
	return run.Run(ctx, program, processGrace,
		func(l run.Line) { p.log.Info(l.Text) }, //nolint:sloglint // the program's own words
		func(r *run.Process) { p.log.Info("process started", "pid", r.PID()) })
}
