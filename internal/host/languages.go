package host

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/host/nodeworker"
	"github.com/lazuli-dev/lazuli/internal/host/pyworker"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// languages are those whose apps run in an interpreter, on a worker of ours.
func languages() []language.Language {
	return []language.Language{
		pyworker.Language(),
		nodeworker.Language(),
	}
}

// languageOf returns the language of a setup's app; false for a program of its
// own.
func languageOf(s *setup) (language.Language, bool) {
	for _, l := range languages() {
		if l.Kind == s.kind {
			return l, true
		}
	}
	return language.Language{}, false
}

// processCount, a setting, is how many workers an app has in Azure.
const processCount = "FUNCTIONS_WORKER_PROCESS_COUNT"

// prepare makes ready what the workers of an app in an interpreter need.
func (h *Host) prepare(ctx context.Context, l language.Language) error {
	s := h.setup()
	if n := s.settings.Get(processCount); n != "" && n != "1" {
		h.log.Warn("a setting is not honoured: an app has one worker process here", "setting", processCount, "value", n)
	}
	begun := time.Now()
	said := false
	program, err := l.Prepare(ctx, language.App{
		Dir: h.o.Dir, Keep: h.o.BuildDir, Since: h.started, Env: h.workerEnv(s, h.o.Dir), Setting: s.settings.Get,
		Say: func(doing string) {
			said = true
			h.setBuild(Build{State: Building, Since: begun, Doing: doing})
		},
	})
	took := time.Since(begun)
	switch {
	case err == nil:
		h.prepared.Store(&program)
		done := Build{}
		if said {
			done = Build{State: Built, Since: time.Now(), Took: took}
			h.log.Info("prepared function app", "dir", h.o.Dir, "duration", took.Round(time.Millisecond))
		}
		h.setBuild(done)
	case ctx.Err() == nil:
		h.setBuild(Build{State: BuildFailed, Since: time.Now(), Took: took, Err: err})
	}
	return err
}

// interpreted starts workers in an interpreter.
type interpreted struct {
	h       *Host
	program *run.Program // nil: what was prepared when the first one starts
	index   worker.Index
}

// Launch starts one.
func (i *interpreted) Launch(ctx context.Context) (worker.Worker, error) {
	if i.program == nil {
		i.program = i.h.prepared.Load()
	}
	if i.program == nil {
		return nil, fault.New(fault.Internal, "worker", "it is started before it was prepared")
	}
	return (&worker.Pipe{
		Program: *i.program, Listen: i.h.o.Listen,
		App:      worker.App{Dir: i.h.o.Dir, WorkerDir: i.h.o.Dir, HostVersion: RuntimeVersion, Index: i.index},
		Timeouts: i.h.o.Timeouts, Hooks: i.h.hooks(), Log: i.h.log,
	}).Launch(ctx)
}
