package site

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// Phase is how far a site is.
type Phase string

// The phases.
const (
	Stopped Phase = "stopped" // somebody stopped it
	Empty   Phase = "empty"   // nothing was deployed yet
	Loading Phase = "loading" // its package is fetched, unpacked, made an app of
	Running Phase = "running" // App runs; whether its worker does is the app's to tell
	Failed  Phase = "failed"  // Err says why; it is tried again
)

// State is how a site is.
type State struct {
	Phase Phase
	Since time.Time
	Err   error  // with Failed
	App   App    // with Running
	At    Place  // Code is "" unless Running
	From  string // where the package is from, for people; "" unless Running
}

// How long a site waits until it is tried again, and how long it waits for more changes
// after one, which come in a row.
const (
	firstPause   = time.Second
	longestPause = time.Minute
	settleFor    = 150 * time.Millisecond
)

// keeper keeps one site.
type keeper struct {
	s    *Sites
	name string
	log  *slog.Logger

	ctx    context.Context    // of run, and of deployments; guarded by the mu of the sites, with the two below
	cancel context.CancelFunc // ends run; nil: it was not begun
	ended  chan struct{}      // closed when run has ended

	mu      sync.Mutex // guards the fields below
	wanted  Spec
	changed chan struct{} // closed when run is to begin anew
	now     State

	deploying sync.Mutex  // held by the deployment under way
	busy      atomic.Bool // it has not told its end
	records   sync.Mutex  // held while deployments are read and written
}

func newKeeper(s *Sites, name string, spec Spec) *keeper {
	return &keeper{
		s: s, name: name, wanted: spec, changed: make(chan struct{}), log: s.o.Log.With("app", name),
		now: State{Phase: Loading, Since: time.Now()},
	}
}

func (k *keeper) home() string { return k.s.home(k.name) }

func (k *keeper) spec() Spec {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wanted
}

// become takes another spec over, and begins anew where that matters.
func (k *keeper) become(spec Spec) {
	k.mu.Lock()
	defer k.mu.Unlock()
	same := k.wanted.sameRun(spec)
	k.wanted = spec
	if !same {
		k.demand()
	}
}

// again begins anew.
func (k *keeper) again() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.demand()
}

// demand has run begin anew. What was is over from now on: who asks for the site waits
// for what comes. The caller holds mu.
func (k *keeper) demand() {
	close(k.changed)
	k.changed = make(chan struct{})
	k.now = State{Phase: Loading, Since: time.Now()}
	k.s.tell()
}

func (k *keeper) order() (Spec, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wanted.Clone(), k.changed
}

func (k *keeper) state() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *keeper) set(s State) {
	s.Since = time.Now()
	k.mu.Lock()
	k.now = s
	k.mu.Unlock()
	k.s.tell()
}

// stop ends the app, and waits for its end and that of a deployment.
func (k *keeper) stop() {
	k.s.mu.Lock()
	cancel, ended := k.cancel, k.ended
	k.s.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
	k.deploying.Lock() // its context ended with the keeper's
	defer k.deploying.Unlock()
}

// run keeps the site until ctx ends.
func (k *keeper) run(ctx context.Context) {
	wait := run.Backoff{First: firstPause, Longest: longestPause}
	for ctx.Err() == nil {
		spec, changed := k.order()
		var sooner <-chan struct{}
		if k.s.o.Sooner != nil {
			sooner = k.s.o.Sooner() // before the attempt, so that no change is missed
		}
		err := k.serve(ctx, spec, changed)
		if err == nil || ctx.Err() != nil {
			wait.Reset()
			continue
		}
		pause := wait.Next()
		k.log.Error("the function app does not run", "error", err, "after", pause)
		k.set(State{Phase: Failed, Err: err})
		if k.pause(ctx, pause, changed, sooner) {
			wait.Reset()
		}
	}
	k.set(State{Phase: Loading})
}

// pause waits; true: something changed before.
func (k *keeper) pause(ctx context.Context, d time.Duration, changed, sooner <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return false
	case <-changed:
	case <-sooner:
	case <-ctx.Done():
	}
	return true
}

// errChanged ends what a change of the site makes useless.
var errChanged = errors.New("the site changed")

// serve runs the site by a spec until that changes: nil. An error says why it does not
// run.
func (k *keeper) serve(ctx context.Context, spec Spec, changed <-chan struct{}) error {
	if spec.Stopped {
		k.set(State{Phase: Stopped})
		return k.idle(ctx, changed)
	}
	k.set(State{Phase: Loading})
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-changed:
			cancel(errChanged)
		case <-work.Done():
		}
	}()
	err := k.load(work, spec, changed)
	cancel(nil)
	<-watched
	if errors.Is(context.Cause(work), errChanged) {
		return k.settle(ctx)
	}
	return err
}

// idle waits for a change.
func (k *keeper) idle(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return k.settle(ctx)
	case <-ctx.Done():
		return nil
	}
}

// settle waits until changes have stopped for a moment: those of a configuration come
// one by one.
func (k *keeper) settle(ctx context.Context) error {
	for range 20 {
		_, changed := k.order()
		if !k.pause(ctx, settleFor, changed, nil) || ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// load finds the package, makes an app of it and runs that.
func (k *keeper) load(ctx context.Context, spec Spec, changed <-chan struct{}) error {
	pack, err := k.packageOf(ctx, spec)
	switch {
	case err != nil:
		return err
	case pack.code == "":
		k.set(State{Phase: Empty})
		return k.idle(ctx, changed)
	}
	at := Place{Home: k.home(), Code: pack.code, Build: filepath.Join(k.home(), "build")}
	app, err := k.s.o.Make(k.name, spec, at)
	if err != nil {
		return err
	}
	k.forgetOthers(pack.code)
	k.log.Info("the function app starts", "package", pack.from)
	k.set(State{Phase: Running, App: app, At: at, From: pack.from})
	return app.Run(ctx)
}
