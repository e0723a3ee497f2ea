package host

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/relay"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Options describe a function app and its surroundings.
type Options struct {
	// Name is the app's name, for people.
	Name string
	// Dir is the app's folder.
	Dir string
	// Binary is a worker built before; "" builds the Go program in Dir.
	Binary string
	// BuildDir takes what is built. Required unless Binary is set or the app
	// is a custom handler.
	BuildDir string
	// Defaults lose to all other settings.
	Defaults map[string]string
	// Settings win over local.settings.json and lose to Environ.
	Settings map[string]string
	// Environ is the process environment; nil means os.Environ.
	Environ []string
	// HTTPAddress is where HTTP triggers can be reached, host:port. The app
	// is told it as WEBSITE_HOSTNAME.
	HTTPAddress string
	// Deployed is set for an app that was deployed, as to Azure, rather than is
	// developed in Dir.
	Deployed *Deployed
	// Listen takes a free port of the loopback interface, for workers to dial
	// in. Required.
	Listen func() (net.Listener, error)
	// Triggers, Inputs and Outputs are the kinds of bindings that functions may have
	// besides HTTP, which is the host's own.
	Triggers trigger.Table
	Inputs   input.Table
	Outputs  output.Table
	// Letters are the kinds of places for what functions failed on.
	Letters letter.Table
	// Unreached says which HTTP functions get no requests, and why: whoever serves them
	// knows. It is asked whenever functions have come, or were turned on or off. nil: all
	// are reached.
	Unreached func(routePrefix string, all []FunctionInfo) map[string]error
	// State finds the blobs in which the app keeps what it remembers. Required where
	// concurrency is dynamic.
	State state.Find
	// Changed returns what is closed at the next change of what the app may reach,
	// as a role is; triggers that wait after a failure are then tried at once. nil:
	// nothing tells.
	Changed func() <-chan struct{}
	// Watch takes changes of the app's code over while it runs.
	Watch bool
	// Listeners are told every event, besides the log.
	Listeners []Listener
	// Log takes the host's and the functions' records; nil drops them.
	Log *slog.Logger
	// Version is this program's version, for people; see RuntimeVersion.
	Version string
	// DrainTimeout bounds how long running invocations may go on once Run's
	// context has ended; 0 means 10 s.
	DrainTimeout time.Duration
	// WarmupTimeout bounds how long a worker that starts waits for the app's warm-up
	// function; 0 means 30 s.
	WarmupTimeout time.Duration
	// Timeouts bound the steps of a worker's start; zero fields take
	// Azure's.
	Timeouts worker.Timeouts
}

// Host runs one function app.
type Host struct {
	o       Options
	log     *slog.Logger
	current atomic.Pointer[setup]
	unfit   bool   // the setup's files say what cannot be; follow's own
	owner   string // stable identity in checkpoints and leases
	hostID  string // see state.HostID
	started time.Time

	telling    *telling
	crews      *crews
	server     *worker.Server              // nil unless workers speak gRPC
	warm       worker.Warm                 // nil: workers are started from nothing
	prepared   atomic.Pointer[run.Program] // how workers in an interpreter start; nil before
	triggers   trigger.Table
	inputs     input.Table
	outputs    output.Table
	transport  *http.Transport // to workers that take HTTP requests themselves
	relay      *relay.Client   // the same, for requests that fit it
	running    running
	scaler     *scaler
	dynamic    *concurrency.Manager    // nil: concurrency is static
	starved    *concurrency.Starvation // its throttle, or nil
	generation atomic.Uint64           // see Generation

	// abort ends when draining took too long: it ends invocations that no
	// longer belong to anybody's context.
	abort    context.Context
	abortNow context.CancelFunc
	// past has ended: it is for what must not wait.
	past context.Context

	indexing sync.Mutex // held while workers report their functions
	reaching sync.Mutex // held while routes are looked at

	mu        sync.Mutex // guards the fields below
	functions []*function
	broken    []BrokenFunction
	built     Build
	indexed   bool
	ready     chan struct{} // closed once functions are known and a worker runs
	isReady   bool
	attended  bool           // the triggers live in rounds: see attend
	outside   sync.WaitGroup // invocations by HTTP and by hand; see enter
	stopping  bool
	switches  map[string]bool // what people turned on or off, by name in lower case
	life      lifecycle
}

// BrokenFunction is a function that was declared but cannot run.
type BrokenFunction struct {
	Name string
	Err  error
}

// New reads the app's configuration and finds out its kind. Nothing is
// started.
func New(o Options) (*Host, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.DrainTimeout <= 0 {
		o.DrainTimeout = 10 * time.Second
	}
	if o.WarmupTimeout <= 0 {
		o.WarmupTimeout = 30 * time.Second
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("app folder: %w", err)
	}
	o.Dir = dir
	h := &Host{o: o, log: o.Log, ready: make(chan struct{}), started: time.Now()}
	h.triggers = append(trigger.Table{httpKind(), warmupKind()}, o.Triggers...)
	h.inputs = o.Inputs
	h.outputs = append(output.Table{httpOutputKind()}, o.Outputs...)
	first, err := h.readSetup()
	if err != nil {
		return nil, err
	}
	h.current.Store(first)
	h.warnOf(first)
	if h.switches, err = readSwitches(o.BuildDir); err != nil {
		return nil, err
	}
	if h.owner, err = ownerOf(o.Name, h.home(), o.BuildDir); err != nil {
		return nil, err
	}
	h.hostID = state.HostID(first.settings, o.Name)
	h.telling = newTelling(append([]Listener{(&logger{o.Name, h.log, func() hostjson.Logging { return h.setup().config.Logging }}).handle}, o.Listeners...))
	h.transport = newTransport()
	h.relay = &relay.Client{Dial: h.transport.DialContext}
	h.scaler, h.dynamic = &scaler{h: h}, h.newDynamic()
	h.abort, h.abortNow = context.WithCancel(context.Background())
	var end context.CancelFunc
	h.past, end = context.WithCancel(context.Background())
	end()
	h.warm = h.warmOf(first)
	launcher, err := h.launcher()
	if err != nil {
		return nil, err
	}
	h.crews = newCrews(h, launcher, first.processes)
	return h, nil
}

// LocalHost returns the Host section of local.settings.json: the HTTP port
// and CORS.
func (h *Host) LocalHost() settings.LocalHost { return h.setup().local }

// Config returns what host.json says.
func (h *Host) Config() *hostjson.Config { return h.setup().config }

// Name returns the app's name.
func (h *Host) Name() string { return h.o.Name }

// Dir returns the app's folder, from the root.
func (h *Host) Dir() string { return h.o.Dir }

// Version returns this program's version.
func (h *Host) Version() string { return h.o.Version }

// ID returns what all hosts of the app share; see state.HostID.
func (h *Host) ID() string { return h.hostID }

// Settings returns the app's settings.
func (h *Host) Settings() *settings.Settings { return h.setup().settings }

// Started returns when the host was made.
func (h *Host) Started() time.Time { return h.started }

// Ready is closed once the worker has run for the first time and the
// functions are known.
func (h *Host) Ready() <-chan struct{} { return h.ready }

// Run builds the app if need be, starts its worker and listens to its
// triggers until ctx ends. Then it lets running invocations end, within
// DrainTimeout, and stops the worker. It returns an error when the app cannot
// be built; a worker that does not start is retried and shows in Status.
func (h *Host) Run(ctx context.Context) error {
	defer h.abortNow()
	defer context.AfterFunc(ctx, h.beginStop)()
	code := h.watcher()
	if err := h.firstBuild(ctx, code); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	work, endWork := context.WithCancel(context.WithoutCancel(ctx))
	defer endWork()
	var parts sync.WaitGroup
	if h.server != nil {
		parts.Go(func() {
			if err := h.server.Run(work); err != nil {
				h.log.Error("worker endpoint failed", "error", err)
			}
		})
	}
	h.beginDynamic(ctx, &parts)
	supervise, endSupervise := context.WithCancel(work)
	defer endSupervise()
	supervised := make(chan struct{})
	go func() {
		defer close(supervised)
		h.crews.run(supervise)
	}()
	var following, stops sync.WaitGroup
	if code != nil {
		following.Go(func() { h.follow(ctx, code, &stops) })
	}
	select {
	case <-h.ready:
		h.mu.Lock()
		h.attended = true
		h.mu.Unlock()
		parts.Go(func() { h.scaler.run(ctx) })
		h.attend(ctx)
	case <-ctx.Done():
	}
	<-ctx.Done()
	h.beginStop()
	following.Wait()
	h.outside.Wait()
	stops.Wait()
	endSupervise()
	<-supervised
	if h.warm != nil {
		h.warm.Close()
	}
	endWork()
	parts.Wait()
	h.transport.CloseIdleConnections()
	h.relay.CloseIdle()
	h.telling.stop()
	return nil
}

// listen runs all triggers until ctx ends and their invocations have ended,
// or draining has taken too long.
func (h *Host) listen(ctx context.Context) {
	var all sync.WaitGroup
	for _, f := range h.enabled() {
		if l, listens := f.starts.(trigger.Listener); listens {
			all.Go(func() { h.listenTo(ctx, f, l) })
		}
	}
	all.Wait()
}

// enabled are the functions that are not turned off.
func (h *Host) enabled() []*function {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.functions), func(f *function) bool { return f.decl.Disabled })
}

// How soon a trigger that failed is tried again.
const (
	firstListenPause   = 500 * time.Millisecond
	longestListenPause = 30 * time.Second
	// listensAgain is how long a trigger that failed goes on before it is said to
	// listen.
	listensAgain = time.Second
)

// listenTo runs one trigger, again after each failure.
func (h *Host) listenTo(ctx context.Context, f *function, l trigger.Listener) {
	again := run.Restarts{
		Backoff: run.Backoff{First: firstListenPause, Longest: longestListenPause},
		Healthy: longestListenPause, Sooner: h.o.Changed,
	}
	failed := false
	again.Ended = func(err error, _ time.Duration) {
		failed = true
		h.setListener(f, ListenerFailed, err)
	}
	again.Again(ctx, func(ctx context.Context) error {
		if !failed {
			h.setListener(f, ListenerRunning, nil)
		} else {
			begun := soon(func() { h.setListener(f, ListenerRunning, nil) })
			defer begun()
		}
		err := l.Run(ctx)
		if err == nil {
			err = fault.New(fault.Unavailable, "function "+f.decl.Name, "the trigger ended by itself")
		}
		return err
	})
	h.mu.Lock()
	off := f.decl.Disabled
	h.mu.Unlock()
	if off {
		h.setListener(f, ListenerDisabled, nil)
		return
	}
	h.setListener(f, ListenerStopped, nil)
}

// soon calls f when a trigger that failed has gone on for a while, unless cancel is
// called before; once cancel has returned f is not running.
func soon(f func()) (cancel func()) {
	done := make(chan struct{})
	t := time.AfterFunc(listensAgain, func() {
		defer close(done)
		f()
	})
	return func() {
		if !t.Stop() {
			<-done
		}
	}
}

// beginStop lets no invocation in any more, and sets the time until those
// that run are cut off.
func (h *Host) beginStop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return
	}
	h.stopping = true
	timer := time.AfterFunc(h.o.DrainTimeout, h.abortNow)
	context.AfterFunc(h.abort, func() { timer.Stop() })
}

// enter admits an invocation that no trigger's Run waits for; the host's end
// waits for leave. It is false once the host is stopping.
func (h *Host) enter() (leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return nil, false
	}
	h.outside.Add(1)
	return h.outside.Done, true
}

func (h *Host) setListener(f *function, state ListenerState, err error) {
	h.mu.Lock()
	before := f.listener
	f.listener, f.listenerErr = state, err
	h.mu.Unlock()
	h.emit(ListenerChanged{Function: f.decl.Name, State: state, Before: before, Err: err})
}

func (h *Host) setWaits(f *function, clause string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.waits = clause
}

func (h *Host) workerChanged(s worker.Status) {
	h.emit(WorkerChanged{s})
	if s.State != worker.Running {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isReady {
		h.isReady = true
		close(h.ready)
	}
}

func (h *Host) emit(e Event) { h.telling.emit(e) }

func (h *Host) snapshot() []*function {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.functions
}
