package run

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxLine bounds one line of a program's output; longer ones are cut into
// several.
const maxLine = 64 << 10

// outputLimit is how long output is waited for once all processes of the group
// have ended: what still holds the pipe then has left the group.
const outputLimit = time.Second

// Program is a program to start.
type Program struct {
	Name string // in errors; default: the path
	Path string
	Args []string
	Dir  string
	Env  []string // complete environment
	// Interrupt asks it to stop as Ctrl-C does; otherwise it is asked to
	// terminate.
	Interrupt bool
}

// Line is one line of a program's output, without its end.
type Line struct {
	Stream string // stdout or stderr
	Text   string
}

// Exit is how a program ended.
type Exit struct {
	Code int   // -1 when a signal ended it
	Err  error // nil when Code is 0
}

// Process is a program that runs, or has ended. Its methods may be called from
// any goroutine, and more than once.
type Process struct {
	pid    int           // of the leader, and of the group
	wait   func() Exit   // for the leader's end
	ask    func(pid int) // to end
	exited chan struct{} // closed when the group and its output have ended
	exit   Exit          // valid once exited is closed

	mu   sync.Mutex // guards over
	over bool       // the group is gone: its number may belong to another
}

// Start starts a program as the leader of a group of its own, so that a Ctrl-C
// in the terminal reaches lazuli alone, which decides when programs end. Each
// line that any of the group prints is given to output, from two goroutines,
// empty ones excepted.
func Start(p Program, output func(Line)) (*Process, error) {
	if p.Name == "" {
		p.Name = p.Path
	}
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir, cmd.Env = p.Dir, p.Env
	isolate(cmd)
	pipes, err := newPipes()
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, p.Name, err, "make pipes for its output")
	}
	cmd.Stdout, cmd.Stderr = pipes.toOut, pipes.toError
	if err := cmd.Start(); err != nil {
		pipes.closeAll()
		return nil, fault.Wrap(fault.Unavailable, p.Name, err, "cannot start %s", p.Path)
	}
	pipes.handOver()
	ask := terminate
	if p.Interrupt {
		ask = interrupt
	}
	return begun(cmd.Process.Pid, func() Exit { return exitOf(cmd.Wait()) }, ask, pipes, output), nil
}

// Adopt is Start for a program that another starts for us: begin makes it the
// leader of a group of its own that writes on the files, and returns its number and
// what waits for its end.
func Adopt(begin func(stdout, stderr *os.File) (pid int, wait func() Exit, err error), output func(Line)) (*Process, error) {
	pipes, err := newPipes()
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "program", err, "make pipes for its output")
	}
	pid, wait, err := begin(pipes.toOut, pipes.toError)
	if err != nil {
		pipes.closeAll()
		return nil, err
	}
	pipes.handOver()
	return begun(pid, wait, terminate, pipes, output), nil
}

// begun looks after a program that runs.
func begun(pid int, wait func() Exit, ask func(pid int), pipes *pipes, output func(Line)) *Process {
	r := &Process{pid: pid, wait: wait, ask: ask, exited: make(chan struct{})}
	var reading sync.WaitGroup
	reading.Go(func() { lines(pipes.out, "stdout", output) })
	reading.Go(func() { lines(pipes.err, "stderr", output) })
	go r.attend(pipes, &reading)
	return r
}

// attend waits for the leader, ends what it left behind, and lets its output
// come to an end.
func (r *Process) attend(pipes *pipes, reading *sync.WaitGroup) {
	over := watchOver(r.pid)
	r.exit = r.wait()
	r.mu.Lock()
	kill(r.pid)
	r.over = true
	r.mu.Unlock()
	over()
	pipes.limit(outputLimit)
	reading.Wait()
	pipes.closeReaders()
	close(r.exited)
}

// PID is the number of the leading process, and of the group.
func (r *Process) PID() int { return r.pid }

// Exited is closed when the program and its output have ended.
func (r *Process) Exited() <-chan struct{} { return r.exited }

// Exit is how it ended; only valid once Exited is closed.
func (r *Process) Exit() Exit { return r.exit }

// Stop asks the whole group to end, forces it when ctx ends, and waits.
func (r *Process) Stop(ctx context.Context) Exit {
	r.signal(r.ask)
	select {
	case <-r.exited:
		return r.exit
	case <-ctx.Done():
		return r.Kill()
	}
}

// Kill ends the whole group by force and waits.
func (r *Process) Kill() Exit {
	r.signal(kill)
	<-r.exited
	return r.exit
}

func (r *Process) signal(how func(pid int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		how(r.pid)
	}
}

// Run starts a program and waits until it ends; when ctx ends it is asked to
// stop, and forced after grace. started is told the process; it may be nil.
func Run(ctx context.Context, p Program, grace time.Duration, output func(Line), started func(*Process)) error {
	r, err := Start(p, output)
	if err != nil {
		return err
	}
	if started != nil {
		started(r)
	}
	select {
	case <-r.exited:
		if r.exit.Err == nil {
			return errors.New("it ended by itself")
		}
		return r.exit.Err
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		r.Stop(patience)
		return ctx.Err()
	}
}

// Ended is the exit of a program whose code another tells; a negative one is the
// number of the signal that ended it.
func Ended(code int) Exit {
	switch {
	case code == 0:
		return Exit{}
	case code > 0:
		return Exit{code, fmt.Errorf("the process ended: exit status %d", code)}
	}
	return Exit{-1, fmt.Errorf("the process ended: signal %d", -code)}
}

func exitOf(err error) Exit {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Exit{}
	case errors.As(err, &exit):
		return Exit{exit.ExitCode(), fmt.Errorf("the process ended: %w", err)}
	}
	return Exit{-1, fmt.Errorf("the process ended: %w", err)}
}

// pipes carry a program's output. They are ours and not exec's, whose Wait
// would wait for everybody who holds them.
type pipes struct {
	out, err       *os.File // we read
	toOut, toError *os.File // the program writes
}

func newPipes() (*pipes, error) {
	var p pipes
	var err error
	if p.out, p.toOut, err = os.Pipe(); err != nil {
		return nil, err
	}
	if p.err, p.toError, err = os.Pipe(); err != nil {
		p.out.Close()
		p.toOut.Close()
		return nil, err
	}
	return &p, nil
}

// handOver lets go of the ends that the program has now.
func (p *pipes) handOver() {
	p.toOut.Close()
	p.toError.Close()
}

func (p *pipes) closeReaders() {
	p.out.Close()
	p.err.Close()
}

func (p *pipes) closeAll() {
	p.handOver()
	p.closeReaders()
}

// limit ends reading after d, whoever still holds the other end.
func (p *pipes) limit(d time.Duration) {
	for _, f := range []*os.File{p.out, p.err} {
		if f.SetReadDeadline(time.Now().Add(d)) != nil {
			f.Close() // no deadlines here: what is written later is lost
		}
	}
}

func lines(r io.Reader, stream string, output func(Line)) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, _, err := b.ReadLine()
		if err != nil {
			return
		}
		if len(line) > 0 {
			output(Line{stream, string(line)})
		}
	}
}
