package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/host/project"
)

// process is a helper program of the project: built once, started, and started
// again when it ends.
type process struct {
	name, dir, binary string
	args, env         []string
	log               *slog.Logger
}

func buildProcesses(cfg config.Config, log *slog.Logger) []*process {
	var all []*process
	for _, name := range slices.Sorted(maps.Keys(cfg.Processes)) {
		spec := cfg.Processes[name]
		if spec.Disabled {
			continue
		}
		p := &process{
			name: name, dir: cfg.File(spec.Path), binary: filepath.Join(cfg.DataDir(), "processes", name),
			args: spec.Args, env: os.Environ(), log: log.With("component", "process", "process", name),
		}
		for _, key := range slices.Sorted(maps.Keys(spec.Env)) {
			p.env = append(p.env, key+"="+spec.Env[key])
		}
		all = append(all, p)
	}
	return all
}

// How soon a process that ended is started again.
const (
	firstProcessPause   = 500 * time.Millisecond
	longestProcessPause = 30 * time.Second
)

// part runs the process until the end. One that cannot be built leaves
// everything else running.
func (p *process) part() part {
	return part{name: "process " + p.name, run: func(ctx context.Context) error {
		if err := project.Build(ctx, p.dir, p.binary, os.Environ()); err != nil {
			if ctx.Err() == nil {
				p.log.Error("the process cannot be built", "error", err)
			}
			<-ctx.Done()
			return nil
		}
		for wait := firstProcessPause; ctx.Err() == nil; wait = min(2*wait, longestProcessPause) {
			begun := time.Now()
			err := p.run(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if time.Since(begun) > longestProcessPause {
				wait = firstProcessPause
			}
			p.log.Warn("the process ended and is started again", "error", err, "after", wait)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
		return nil
	}}
}

// run starts the program and waits for its end. When ctx ends it is asked to
// stop, and killed if it does not within two seconds.
func (p *process) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.binary, p.args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	p.log.Info("process started", "pid", cmd.Process.Pid)
	var reading sync.WaitGroup
	for _, r := range []io.Reader{out, errs} {
		reading.Go(func() { p.copyLines(r) })
	}
	reading.Wait()
	err = cmd.Wait()
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return err
}

// copyLines puts what the program prints into the log.
func (p *process) copyLines(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		p.log.Info(lines.Text()) //nolint:sloglint // the program's own words
	}
	_, _ = io.Copy(io.Discard, r) // a line that is too long must not block the program
}
