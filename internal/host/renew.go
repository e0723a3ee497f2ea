package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/watch"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// successor is the app's new code, running and ready to take over.
type successor struct {
	launcher worker.Launcher
	worker   worker.Worker
	set      functionSet
	over     chan struct{} // closed when it has taken over, or could not
}

// firstBuild builds the app, again after each change of its code until it builds
// when that is watched.
func (h *Host) firstBuild(ctx context.Context, w *watch.Watcher) error {
	for {
		err := h.build(ctx, h.workerPath())
		if err == nil || ctx.Err() != nil || w == nil || !h.needsBuild() {
			return err
		}
		h.log.Error("the function app does not run; it is built again when its code changes", "error", err)
		changed, werr := w.Next(ctx)
		if werr != nil {
			return err
		}
		if slices.ContainsFunc(changed, ofSetup) {
			if _, _, err := h.reconfigure(); err != nil {
				h.log.Error("the new settings do not fit", "error", err)
			}
		}
	}
}

// watcher looks at the app's code as it is now; nil when nobody asked for it.
func (h *Host) watcher() *watch.Watcher {
	if !h.o.Watch {
		return nil
	}
	w, err := watch.New(h.sources())
	if err != nil {
		h.log.Warn("changes of the code are not noticed", "error", err)
		return nil
	}
	return w
}

// follow takes changes of the code over until ctx ends.
func (h *Host) follow(ctx context.Context, w *watch.Watcher, stops *sync.WaitGroup) {
	for {
		changed, err := w.Next(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			h.log.Warn("changes of the code are no longer noticed", "error", err)
			return
		}
		h.log.Info("the code changed", "files", strings.Join(changed[:min(len(changed), 3)], ", "), "changed", len(changed))
		begun := time.Now()
		renewed, err := h.takeOver(ctx, changed, stops)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			h.log.Error("the new code does not run; what ran before, if anything did, runs on", "error", err)
		case renewed:
			h.log.Info("the new code runs", "functions", len(h.snapshot()), "duration", time.Since(begun).Round(time.Millisecond))
		default:
			h.log.Info("the program is the same as before")
		}
	}
}

// takeOver lets what changed take effect: code, settings, or both. An error leaves
// what ran running, with the settings it had.
func (h *Host) takeOver(ctx context.Context, changed []string, stops *sync.WaitGroup) (renewed bool, err error) {
	if !slices.ContainsFunc(changed, ofSetup) {
		return h.renew(ctx, stops, false)
	}
	before, other, err := h.reconfigure()
	if err != nil {
		h.unfit = true
		h.setBuild(Build{State: BuildFailed, Since: time.Now(), Err: err})
		return false, err
	}
	code := slices.ContainsFunc(changed, func(path string) bool { return !ofSetup(path) })
	if !other && !code && !h.unfit {
		return false, nil
	}
	if renewed, err = h.renew(ctx, stops, other); err != nil {
		h.current.Store(before)
		return false, err
	}
	if now := h.setup().processes; now != before.processes {
		h.crews.setCount(now)
	}
	if h.unfit = false; !h.needsBuild() {
		h.setBuild(Build{}) // no failure any more
	}
	return renewed, nil
}

// renew builds and starts the app's new code beside the old, and lets it take
// over: the triggers pause until their invocations have ended, requests go to the
// new code from then on, and the old process ends when it has answered its own.
// The same program takes over only where anew asks for it. An error leaves the old
// code running.
func (h *Host) renew(ctx context.Context, stops *sync.WaitGroup, anew bool) (renewed bool, err error) {
	path := h.workerPath()
	if !h.compiles() {
		if err := h.build(ctx, path); err != nil {
			return false, err
		}
	} else {
		fresh := filepath.Join(filepath.Dir(path), "next-"+filepath.Base(path))
		if err := h.build(ctx, fresh); err != nil {
			return false, err
		}
		if !anew && h.crews.status().State == worker.Running && sameContent(fresh, path) {
			return false, os.Remove(fresh)
		}
		path = fresh
	}
	if h.setup().fixedPort() {
		h.demand(func(l *lifecycle) { l.restart, l.reindex = true, true }) // two cannot have one port
		return true, nil
	}
	next := &successor{over: make(chan struct{})}
	next.launcher = h.launcherOf(path, &next.set)
	if next.worker, err = next.launcher.Launch(ctx); err != nil {
		if ctx.Err() == nil {
			err = fault.Wrap(fault.Unavailable, "function app "+h.o.Name, err, "the new code does not start")
			h.setBuild(Build{State: BuildFailed, Since: time.Now(), Err: err})
		}
		return false, err
	}
	if path != h.workerPath() {
		if err := promote(path, h.workerPath()); err != nil {
			next.worker.Stop(ctx)
			return false, err
		}
		next.launcher = h.launcherOf(h.workerPath(), &next.set)
	}
	return true, h.handOver(ctx, next, stops)
}

// handOver waits until the successor has the app.
func (h *Host) handOver(ctx context.Context, next *successor, stops *sync.WaitGroup) error {
	h.mu.Lock()
	attended := h.attended
	if attended {
		h.life.successor, h.life.stops = next, stops
		if h.life.endRound != nil {
			h.life.endRound()
		}
	}
	h.mu.Unlock()
	if !attended { // nothing listens yet
		h.succeed(next, stops)
		return nil
	}
	select {
	case <-next.over:
		return nil
	case <-ctx.Done():
		h.mu.Lock()
		taken := h.life.successor != next
		if !taken {
			h.life.successor = nil
		}
		h.mu.Unlock()
		if !taken {
			next.worker.Stop(context.WithoutCancel(ctx))
		}
		return ctx.Err()
	}
}

// succeed puts the successor in the place of what runs, which ends when it has
// answered what it was asked, or after the time for draining.
func (h *Host) succeed(next *successor, stops *sync.WaitGroup) {
	defer close(next.over)
	old, ok := h.crews.first.Swap(next.launcher, next.worker, func() {
		h.mu.Lock()
		h.functions, h.broken = next.set.functions, next.set.broken
		h.mu.Unlock()
		h.generation.Add(1)
	})
	if !ok {
		next.worker.Stop(context.Background()) // bounded by the worker's own grace
		return
	}
	old = append(old, h.crews.assign(next.launcher, true)...)
	h.changed()
	for _, seat := range old {
		stops.Go(func() {
			limit, cancel := context.WithTimeout(h.abort, h.o.DrainTimeout)
			defer cancel()
			seat.Idle(limit)
			seat.Stop(context.Background()) // bounded by the worker's own grace
		})
	}
}

// promote puts a fresh program in the place of the one that runs, which where
// files in use cannot be replaced steps aside.
func promote(fresh, path string) error {
	err := os.Rename(fresh, path)
	if err == nil {
		return nil
	}
	aside := path + ".old"
	if removed := os.Remove(aside); removed != nil && !errors.Is(removed, os.ErrNotExist) {
		return errors.Join(err, removed)
	}
	return errors.Join(os.Rename(path, aside), os.Rename(fresh, path))
}

// sameContent reports whether two files hold the same bytes.
func sameContent(a, b string) bool {
	x, xerr := contentSum(a)
	y, yerr := contentSum(b)
	return xerr == nil && yerr == nil && bytes.Equal(x, y)
}

func contentSum(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return sum.Sum(nil), err
}
