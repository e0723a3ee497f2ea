package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxLine bounds one line of a worker's output; longer ones are cut into
// several.
const maxLine = 64 << 10

// process is a running program whose output is passed on line by line.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process and its output have ended
	exit   Exit          // valid once exited is closed
}

// startProcess starts p. The process leads its own group, so that a Ctrl-C in
// the terminal reaches the host alone and the host decides when workers end.
func startProcess(p Program, output func(Output)) (*process, error) {
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir, cmd.Env = p.Dir, p.Env
	isolate(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "worker", err, "cannot start %s", p.Path)
	}
	pr := &process{cmd: cmd, exited: make(chan struct{})}
	var pipes sync.WaitGroup
	pipes.Go(func() { lines(stdout, "stdout", output) })
	pipes.Go(func() { lines(stderr, "stderr", output) })
	go func() {
		pipes.Wait() // Wait closes the pipes, so reading must be over first
		pr.exit = exitOf(cmd.Wait())
		close(pr.exited)
	}()
	return pr, nil
}

func lines(r io.Reader, stream string, output func(Output)) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, _, err := b.ReadLine()
		if err != nil {
			return
		}
		if len(line) > 0 {
			output(Output{stream, string(line)})
		}
	}
}

func exitOf(err error) Exit {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Exit{}
	case errors.As(err, &exit):
		return Exit{exit.ExitCode(), fmt.Errorf("worker process ended: %w", err)}
	}
	return Exit{-1, fmt.Errorf("worker process ended: %w", err)}
}

// stop asks the process to end, forces it when ctx ends, and waits.
func (p *process) stop(ctx context.Context) Exit {
	interrupt(p.cmd)
	select {
	case <-p.exited:
	case <-ctx.Done():
		kill(p.cmd)
		<-p.exited
	}
	return p.exit
}

// kill ends the process by force and waits.
func (p *process) kill() Exit {
	kill(p.cmd)
	<-p.exited
	return p.exit
}
