package worker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// refillPause is how long a worker that has just started has the machine for
// itself before the next spare process is begun.
const refillPause = 500 * time.Millisecond

// Spares keeps one process begun and connected, which waits for its app.
type Spares struct {
	begun  sync.WaitGroup
	ctx    context.Context // of what is begun
	cancel context.CancelFunc

	mu    sync.Mutex // guards the fields below
	spare *spare     // nil: none is begun
}

// spare is a process that is begun.
type spare struct {
	program run.Program
	cancel  context.CancelFunc
	ready   chan struct{} // closed when the fields below are set
	proc    *run.Process  // nil: it did not start
	stream  *pipeStream
}

// NewSpares returns a keeper that has none yet.
func NewSpares() *Spares {
	s := &Spares{}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *Spares) take(ctx context.Context, l *Pipe, _ Timeouts) (*run.Process, *pipeStream) {
	s.mu.Lock()
	one := s.spare
	s.spare = nil
	s.mu.Unlock()
	if one == nil {
		return nil, nil
	}
	if !sameProgram(one.program, l.Program) {
		one.discard()
		return nil, nil
	}
	select {
	case <-one.ready:
	case <-ctx.Done():
		one.discard()
		return nil, nil
	}
	if one.proc == nil {
		return nil, nil
	}
	select {
	case <-one.proc.Exited():
		one.discard()
		return nil, nil
	default:
		return one.proc, one.stream
	}
}

func (s *Spares) refill(l *Pipe, t Timeouts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	if s.spare != nil {
		if sameProgram(s.spare.program, l.Program) {
			return
		}
		s.spare.discard()
	}
	one := &spare{program: l.Program, ready: make(chan struct{})}
	var ctx context.Context
	ctx, one.cancel = context.WithCancel(s.ctx)
	s.spare = one
	s.begun.Go(func() { one.begin(ctx, l, t) })
}

// begin starts the process, and looks after it until it is taken or discarded.
func (one *spare) begin(ctx context.Context, l *Pipe, t Timeouts) {
	defer close(one.ready)
	if run.Pause(ctx, refillPause) != nil {
		return
	}
	proc, stream, err := l.dial(ctx, t, one.program)
	if err != nil {
		return // the next start is a plain one, and says why
	}
	one.proc, one.stream = proc, stream
}

// discard ends a process that nobody takes.
func (one *spare) discard() {
	one.cancel()
	<-one.ready
	if one.proc != nil {
		one.stream.conn.Close()
		one.proc.Kill()
	}
}

func (s *Spares) distrust(*Pipe) {}

// Close ends the process that is begun, and begins no more.
func (s *Spares) Close() {
	s.cancel()
	s.mu.Lock()
	one := s.spare
	s.spare = nil
	s.mu.Unlock()
	if one != nil {
		one.discard()
	}
	s.begun.Wait()
}

func sameProgram(a, b run.Program) bool {
	return a.Path == b.Path && a.Dir == b.Dir && slices.Equal(a.Args, b.Args) && slices.Equal(a.Env, b.Env)
}
