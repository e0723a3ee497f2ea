package host

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// A function with a warm-up trigger runs once in each worker process, before anything
// else is asked of that process: it loads what the others would have to wait for. An
// app has one at most, as on Azure.

// warmupType is the type of the trigger.
const warmupType = "warmupTrigger"

// warmupKind is the row of warmupTrigger.
func warmupKind() trigger.Kind {
	return trigger.Kind{Type: warmupType, Title: "Warm-up", NoLetters: "the start of a process brings nothing that could be kept", New: func(trigger.Setup) (trigger.Trigger, error) { return warmup{}, nil }}
}

// warmup is the trigger: the launcher runs it.
type warmup struct{}

// Source is the start of a process.
func (warmup) Source() trigger.Source { return trigger.Source{Words: "the start of a worker process"} }

// ByHand makes the invocation. The input means nothing.
func (warmup) ByHand(string, time.Time) (trigger.Call, error) { return warmupCall(), nil }

// Run does nothing until ctx ends: what starts the function is a start of a process.
func (warmup) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func warmupCall() trigger.Call {
	return trigger.Call{
		Reason: "a worker process has started", Items: 1,
		Data: func(worker.Capabilities) *funcrpc.TypedData { return trigger.JSON("{}") },
	}
}

// oneWarmup refuses every warm-up function behind the first.
func oneWarmup(set *functionSet, d *binding.Function) error {
	if !d.Trigger().Is(warmupType) {
		return nil
	}
	for _, f := range set.functions {
		if f.trigger.Is(warmupType) {
			return fault.New(fault.Invalid, "function "+d.Name, "an app has one warm-up function, which is %s", f.decl.Name)
		}
	}
	return nil
}

// warming launches workers that have run the warm-up function of a set of functions;
// nil is the host's own.
type warming struct {
	worker.Launcher
	h   *Host
	set *functionSet
}

// Launch starts a worker and runs the warm-up function in it. That it fails, or takes
// long, keeps the worker from nothing.
func (w *warming) Launch(ctx context.Context) (worker.Worker, error) {
	live, err := w.Launcher.Launch(ctx)
	if err != nil {
		return nil, err
	}
	f := w.function()
	if f == nil {
		return live, nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// What became of it is told by the events.
		_, _ = w.h.attempt(ctx, f, attempt{call: warmupCall(), on: &worker.Seat{Worker: live}})
	}()
	late := time.NewTimer(w.h.o.WarmupTimeout)
	defer late.Stop()
	select {
	case <-ended:
	case <-ctx.Done():
	case <-late.C:
		w.h.log.Warn("the warm-up function takes long, and the worker begins without its end", "function", f.decl.Name, "waited", w.h.o.WarmupTimeout)
	}
	return live, nil
}

// function is the warm-up function that is to run, or nil.
func (w *warming) function() *function {
	var all []*function
	if w.set != nil {
		all = w.set.functions
	} else {
		all = w.h.snapshot()
	}
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	for _, f := range all {
		if f.trigger.Is(warmupType) && !f.decl.Disabled {
			return f
		}
	}
	return nil
}
