package host

import (
	"context"
	"strings"
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

// languageApp is the app as its language sees it; it says nothing to nobody.
func (h *Host) languageApp(s *setup) language.App {
	return language.App{
		Dir: h.o.Dir, Keep: h.o.BuildDir, Since: h.started, Env: h.workerEnv(s, h.o.Dir), Setting: s.settings.Get, Say: func(string) {},
	}
}

// prepare makes ready what the workers of an app in an interpreter need.
func (h *Host) prepare(ctx context.Context, l language.Language) error {
	s := h.setup()
	begun := time.Now()
	said := false
	app := h.languageApp(s)
	app.Say = func(doing string) {
		said = true
		h.setBuild(Build{State: Building, Since: begun, Doing: doing})
	}
	program, err := l.Prepare(ctx, app)
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

// warmSetting, false, keeps an app from having processes that were begun before they
// are wanted.
const warmSetting = "LAZULI_WARM_WORKERS"

// warmOf is what begins an app's workers before they are wanted; nil for nothing.
func (h *Host) warmOf(s *setup) worker.Warm {
	l, ok := languageOf(s)
	if !ok || strings.EqualFold(s.settings.Get(warmSetting), "false") || s.settings.Get(warmSetting) == "0" {
		return nil
	}
	if l.Alone != nil && l.Alone(s.settings.Get) {
		return nil
	}
	switch l.Warm {
	case language.Spare:
		return worker.NewSpares()
	case language.Fork:
		return worker.NewForks(h.log)
	}
	return nil
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
		Timeouts: i.h.o.Timeouts, Hooks: i.h.hooks(), Log: i.h.log, Warm: i.h.warm,
	}).Launch(ctx)
}
