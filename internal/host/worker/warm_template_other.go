//go:build !unix

package worker

import (
	"context"
	"log/slog"
	"net"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// template is a process that forks workers, which there is none of here.
type template struct{ program run.Program }

func newTemplate(_ run.Program, proc *run.Process, stream *pipeStream, _ *slog.Logger, _ func(string)) *template {
	stream.conn.Close()
	proc.Kill()
	return nil
}

func (t *template) forks() bool    { return false }
func (t *template) teach([]string) {}
func (t *template) finish()        {}
func (t *template) kill()          {}
func (t *template) over() bool     { return true }

func (t *template) fork(context.Context, func(run.Line)) (*run.Process, net.Conn, error) {
	return nil, nil, fault.New(fault.Unavailable, "worker", "this system does not fork")
}
