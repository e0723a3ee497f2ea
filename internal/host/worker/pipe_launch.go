package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// Pipe launches workers of our own: programs of a language without a gRPC
// library, which speak the same protocol in frames on a socket (see
// pipe_message.go). They find its address in their environment, and keep standard
// output for what the user's code prints.
type Pipe struct {
	Program run.Program // LAZULI_WORKER_ADDRESS and _TOKEN are added to its environment
	// Listen takes a free port of the loopback interface, where sockets have no
	// names in the file system.
	Listen   func() (net.Listener, error)
	App      App
	Timeouts Timeouts
	Hooks    Hooks
	Log      *slog.Logger
	// Warm has processes that are begun already; nil starts each from nothing.
	Warm Warm
}

// Warm has what makes the start of a program's workers quick: a process that was
// begun before it is wanted. It knows the app's packages and nothing of its code,
// so that it fits whatever the code becomes.
type Warm interface {
	// take is a connected process of the launcher's program, or nil.
	take(ctx context.Context, l *Pipe, t Timeouts) (*run.Process, *pipeStream)
	// refill is called when a worker runs: what was taken may be replaced.
	refill(l *Pipe, t Timeouts)
	// distrust is called when what take gave did not start, and one started from
	// nothing did.
	distrust(l *Pipe)
	// Close ends what was begun and not taken.
	Close()
}

// Launch starts the process and takes it through the protocol: start, init,
// index, load. On any failure the process is ended.
func (l *Pipe) Launch(ctx context.Context) (Worker, error) {
	t := l.Timeouts.withDefaults(workerStartTimeout)
	var early error // of a warm one
	if l.Warm != nil {
		if proc, stream := l.Warm.take(ctx, l, t); proc != nil {
			w, err := l.greet(ctx, t, proc, stream)
			if err == nil {
				l.Warm.refill(l, t)
				return w, nil
			}
			if early = err; !errors.As(err, new(endedEarly)) {
				return nil, err
			}
		}
	}
	proc, stream, err := l.dial(ctx, t, l.Program)
	if err != nil {
		return nil, err
	}
	w, err := l.greet(ctx, t, proc, stream)
	if err == nil && l.Warm != nil {
		if early != nil {
			l.Warm.distrust(l)
		}
		l.Warm.refill(l, t)
	}
	return w, err
}

// dial starts a program and waits until it has connected.
func (l *Pipe) dial(ctx context.Context, t Timeouts, p run.Program) (*run.Process, *pipeStream, error) {
	door, err := openDoor(l.Listen, discard(l.Log))
	if err != nil {
		return nil, nil, err
	}
	admitting, endAdmitting := context.WithCancel(ctx)
	admitted := make(chan struct{})
	dialed := make(chan *pipeStream, 1)
	go func() { defer close(admitted); door.admit(admitting, dialed) }()
	closeDoor := func() { door.close(); endAdmitting(); <-admitted }
	p.Env = append(append([]string{}, p.Env...), door.environment()...)
	proc, err := run.Start(p, l.Hooks.lines())
	if err != nil {
		closeDoor()
		return nil, nil, err
	}
	stream, err := await(ctx, t.Start, proc, dialed)
	closeDoor()
	if err != nil {
		proc.Kill()
		select {
		case late := <-dialed:
			late.conn.Close()
		default:
		}
		return nil, nil, err
	}
	return proc, stream, nil
}

// greet makes a connected process a worker.
func (l *Pipe) greet(ctx context.Context, t Timeouts, proc *run.Process, stream *pipeStream) (Worker, error) {
	log := discard(l.Log)
	s := newSession(stream, log, l.Hooks.log)
	stream.ending = s.leave
	go func() {
		defer stream.conn.Close()
		// Whoever waits is told that the worker is lost; why is told here.
		if err := s.read(); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			log.Warn("the connection to the worker broke", "error", err)
		}
	}()
	return greeted(ctx, t, s, proc, l.App)
}
