package host

import (
	"context"
	"os"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/project"
)

// BuildState is how far the app's program is made.
type BuildState string

// The states of a build. An app that needs none has none of them.
const (
	Building    BuildState = "building"
	Built       BuildState = "built"
	BuildFailed BuildState = "failed" // what ran before, if anything did, runs on
)

// Build is the app's latest build.
type Build struct {
	State BuildState    // "": the app is not built here
	Since time.Time     // when State was entered
	Took  time.Duration // of a build that has ended
	Err   error         // with BuildFailed: the compiler's words, of several lines
	Doing string        // with Building: what, for people; "" is compiling
}

// compiles reports an app whose program is made from its source here.
func (h *Host) compiles() bool { return h.setup().kind == project.Go && h.o.Binary == "" }

// needsBuild reports an app that cannot start before something was made.
func (h *Host) needsBuild() bool {
	_, prepares := languageOf(h.setup())
	return prepares || h.compiles()
}

// build makes what the app needs to run: its program, if it is made here, in the
// file out.
func (h *Host) build(ctx context.Context, out string) error {
	if l, ok := languageOf(h.setup()); ok {
		return h.prepare(ctx, l)
	}
	if !h.compiles() {
		return h.binaryExists()
	}
	begun := time.Now()
	h.setBuild(Build{State: Building, Since: begun})
	err := project.Build(ctx, h.o.Dir, out, h.o.Environ)
	took := time.Since(begun)
	if err != nil {
		if ctx.Err() == nil {
			h.setBuild(Build{State: BuildFailed, Since: time.Now(), Took: took, Err: err})
		}
		return err
	}
	h.setBuild(Build{State: Built, Since: time.Now(), Took: took})
	h.log.Info("built function app", "dir", h.o.Dir, "duration", took.Round(time.Millisecond))
	return nil
}

func (h *Host) binaryExists() error {
	if h.o.Binary == "" {
		return nil
	}
	if _, err := os.Stat(h.o.Binary); err != nil {
		return fault.Wrap(fault.NotFound, "function app "+h.o.Name, err, "its worker binary")
	}
	return nil
}

func (h *Host) setBuild(b Build) {
	h.mu.Lock()
	h.built = b
	h.mu.Unlock()
	h.emit(BuildChanged{b})
}
