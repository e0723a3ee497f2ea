package worker

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// PipeForks, in a worker's environment, makes it a template that workers are
// forked from.
const PipeForks = "LAZULI_WORKER_FORKS"

// Forks has a template: a process of the program that has imported what the app
// imports and runs none of it, from which workers are forked.
type Forks struct {
	log *slog.Logger

	mu       sync.Mutex // guards the fields below
	template *template
	modules  []string // that the app was seen to import
	unfit    []string // packages that a template must not import
	plain    bool     // forks do not run this app
	closed   bool
	all      []*template    // that may not have ended
	old      sync.WaitGroup // those that were dismissed
}

// NewForks returns forks without a template yet.
func NewForks(log *slog.Logger) *Forks { return &Forks{log: discard(log)} }

// take forks a worker. The first of a program starts the template.
func (f *Forks) take(ctx context.Context, l *Pipe, t Timeouts) (*run.Process, *pipeStream) {
	tpl := f.of(ctx, l, t)
	if tpl == nil {
		return nil, nil
	}
	proc, conn, err := tpl.fork(ctx, l.Hooks.lines())
	if err != nil {
		if ctx.Err() == nil {
			f.log.Warn("no worker was forked; one is started from nothing", "error", err)
		}
		return nil, nil
	}
	stream := newPipeStream(conn, discard(l.Log))
	stream.learned = func(modules []string) { f.learn(tpl, modules) }
	return proc, stream
}

// of is the template of a launcher's program; nil when there is none.
func (f *Forks) of(ctx context.Context, l *Pipe, t Timeouts) *template {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plain || f.closed {
		return nil
	}
	if f.template != nil && sameProgram(f.template.program, l.Program) && f.template.forks() {
		return f.template
	}
	f.dismiss()
	p := l.Program
	p.Env = append(slices.Clip(p.Env), PipeForks+"=1")
	proc, stream, err := l.dial(ctx, t, p)
	if err != nil {
		return nil // a plain start says why
	}
	tpl := newTemplate(l.Program, proc, stream, f.log, f.isUnfit)
	if tpl == nil {
		return nil
	}
	f.template = tpl
	f.all = append(slices.DeleteFunc(f.all, (*template).over), tpl)
	tpl.teach(f.fit(f.modules))
	return tpl
}

// dismiss lets a template go, which ends with the last of its workers. The caller
// holds mu.
func (f *Forks) dismiss() {
	if f.template == nil {
		return
	}
	tpl := f.template
	f.template = nil
	f.old.Go(tpl.finish)
}

// learn lets the template import what the app imports, while the worker that told
// it goes on.
func (f *Forks) learn(tpl *template, modules []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.modules = append(f.modules, modules...)
	if tpl == f.template {
		tpl.teach(f.fit(modules))
	}
}

// isUnfit notes a module whose import a fork does not bear.
func (f *Forks) isUnfit(module string) {
	top, _, _ := strings.Cut(module, ".")
	f.log.Info("workers are started without a package imported beforehand, which runs threads or holds connections", "package", top)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unfit = append(f.unfit, top)
}

// fit are those modules that a template may import. The caller holds mu.
func (f *Forks) fit(modules []string) []string {
	return slices.DeleteFunc(slices.Clone(modules), func(m string) bool {
		top, _, _ := strings.Cut(m, ".")
		return slices.Contains(f.unfit, top)
	})
}

func (f *Forks) refill(*Pipe, Timeouts) {}

func (f *Forks) distrust(*Pipe) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plain = true
	f.dismiss()
	f.log.Warn("a forked worker of this app ended before it was ready, and one started from nothing did not; none is forked any more")
}

// Close ends the templates. The workers have ended before.
func (f *Forks) Close() {
	f.mu.Lock()
	f.closed = true
	f.dismiss()
	for _, tpl := range f.all {
		tpl.kill()
	}
	f.mu.Unlock()
	f.old.Wait()
}
