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
}

// Launch starts the process and takes it through the protocol: start, init,
// index, load. On any failure the process is ended.
func (l *Pipe) Launch(ctx context.Context) (Worker, error) {
	t := l.Timeouts.withDefaults(workerStartTimeout)
	log := discard(l.Log)
	door, err := openDoor(l.Listen, log)
	if err != nil {
		return nil, err
	}
	admitting, endAdmitting := context.WithCancel(ctx)
	admitted := make(chan struct{})
	dialed := make(chan *pipeStream, 1)
	go func() { defer close(admitted); door.admit(admitting, dialed) }()
	closeDoor := func() { door.close(); endAdmitting(); <-admitted }
	p := l.Program
	p.Env = append(append([]string{}, p.Env...), door.environment()...)
	proc, err := run.Start(p, l.Hooks.lines())
	if err != nil {
		closeDoor()
		return nil, err
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
		return nil, err
	}
	s := newSession(stream, log, l.Hooks.log)
	go func() {
		defer stream.conn.Close()
		// Whoever waits is told that the worker is lost; why is told here.
		if err := s.read(); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			log.Warn("the connection to the worker broke", "error", err)
		}
	}()
	return greeted(ctx, t, s, proc, l.App)
}
