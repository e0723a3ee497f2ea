package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Errors of Invoke. All mean that the function's outcome is unknown or that
// it never ran, not that the function failed.
var (
	// ErrLost says that the worker died with the invocation in flight.
	ErrLost = fault.New(fault.Unavailable, "worker", "the worker process ended while the function was running")
	// ErrNotAsked is an ErrLost of a worker that was gone before it was asked: the
	// function did not run.
	ErrNotAsked = fmt.Errorf("%w: it was not asked any more", ErrLost)
	// ErrStopped says that the supervisor has ended.
	ErrStopped = fault.New(fault.Unavailable, "worker", "the function host is stopping")
)

// IsLost reports whether an invocation failed because its worker went away.
func IsLost(err error) bool { return errors.Is(err, ErrLost) }

// Worker is one live process whose functions are loaded.
type Worker interface {
	// Invoke runs a function and waits for its response. It returns an error
	// that wraps ErrLost when the process ends first, and ctx's error when
	// ctx ends first; the process may then still be running the function.
	// When giveUp is closed the function is asked to end early, if the worker
	// can ask, and its response is still waited for; nil never asks.
	Invoke(ctx context.Context, r *funcrpc.InvocationRequest, giveUp <-chan struct{}) (*funcrpc.InvocationResponse, error)
	// Info describes the worker. It does not change.
	Info() Info
	// Lost is closed when the worker can no longer be invoked.
	Lost() <-chan struct{}
	// Stop ends the process: politely until ctx ends, then by force. It
	// returns when the process is gone, with how it ended.
	Stop(ctx context.Context) Exit
}

// Info describes a live worker.
type Info struct {
	PID          int
	Capabilities Capabilities
	// IDs are the ids under which functions are invoked, by function name.
	IDs map[string]string
	// LoadErrors are the functions that could not be loaded, by name.
	LoadErrors map[string]error
	// HTTPEndpoint is the base URL that takes HTTP requests directly, or "".
	HTTPEndpoint string
}

// Exit is how a process ended.
type Exit struct {
	Code int // -1 when a signal ended it
	Err  error
}

func exitOf(e run.Exit) Exit {
	if e.Err != nil {
		e.Err = fmt.Errorf("worker: %w", e.Err)
	}
	return Exit(e)
}

// Quiet reports an exit that is no failure: the worker asked to be restarted.
func (e Exit) Quiet() bool { return e.Code == 0 || e.Code == 200 }

// Capabilities is what a worker said it can do, by the protocol's names.
type Capabilities map[string]string

// Has reports whether the worker announced the capability. Any value but an
// explicit "false" counts, as in the vendor's host.
func (c Capabilities) Has(name string) bool {
	v, ok := c[name]
	return ok && v != "false" && v != "False"
}

// The capabilities that the host acts upon.
const (
	RawHTTPBodyBytes             = "RawHttpBodyBytes"
	RPCHTTPBodyOnly              = "RpcHttpBodyOnly"
	RPCHTTPTriggerMetadataGone   = "RpcHttpTriggerMetadataRemoved"
	TypedDataCollection          = "TypedDataCollection"
	NullableHTTPValues           = "UseNullableValueDictionaryForHttp"
	IgnoreEmptyHTTPHeaders       = "IgnoreEmptyValuedRpcHttpHeaders"
	IncludeEmptyEntries          = "IncludeEmptyEntriesInMessagePayload"
	HTTPURI                      = "HttpUri"
	RequiresRouteParameters      = "RequiresRouteParameters"
	SupportsLoadCollection       = "SupportsLoadResponseCollection"
	HandlesInvocationCancel      = "HandlesInvocationCancelMessage"
	HandlesWorkerTerminate       = "HandlesWorkerTerminateMessage"
	EnableUserCodeException      = "EnableUserCodeException"
	WorkerStatusCapability       = "WorkerStatus"
	workerStartTimeout           = time.Minute
	workerInitTimeout            = 2 * time.Minute
	workerMetadataTimeout        = time.Minute
	workerLoadTimeout            = time.Minute
	customHandlerStartTimeout    = 30 * time.Second
	workerTerminateGrace         = 5 * time.Second
	customHandlerReadinessPeriod = 25 * time.Millisecond
)

// Timeouts bound the steps of a start. Zero fields take the defaults.
type Timeouts struct {
	Start    time.Duration // process start to first sign of life; 60 s, custom handlers 30 s
	Init     time.Duration // 2 min
	Metadata time.Duration // 1 min
	Load     time.Duration // 1 min
	Grace    time.Duration // for ending by itself; 5 s
}

func (t Timeouts) withDefaults(start time.Duration) Timeouts {
	for _, d := range []struct {
		v        *time.Duration
		fallback time.Duration
	}{
		{&t.Start, start},
		{&t.Init, workerInitTimeout},
		{&t.Metadata, workerMetadataTimeout},
		{&t.Load, workerLoadTimeout},
		{&t.Grace, workerTerminateGrace},
	} {
		if *d.v <= 0 {
			*d.v = d.fallback
		}
	}
	return t
}

// Output is a line that a worker's process wrote.
type Output struct {
	Stream string // "stdout" or "stderr"
	Line   string
}

// Index turns what a worker reports into functions. reported is nil when the
// app declares its functions in files (function.json).
type Index func(reported []*funcrpc.RpcFunctionMetadata) ([]*binding.Function, error)

// Hooks are told what workers do. They are called from the worker's reader,
// in order, and must not block. Nil hooks are skipped.
type Hooks struct {
	Log    func(*funcrpc.RpcLog)
	Output func(Output)
}

func (h Hooks) log(l *funcrpc.RpcLog) {
	if h.Log != nil {
		h.Log(l)
	}
}

// lines takes what a process prints.
func (h Hooks) lines() func(run.Line) {
	return func(l run.Line) {
		if h.Output != nil {
			h.Output(Output{l.Stream, l.Text})
		}
	}
}

// Launcher starts one worker and returns when it is ready to be invoked.
type Launcher interface {
	Launch(ctx context.Context) (Worker, error)
}

// discard is where logs go when none was given.
func discard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

func mergeCapabilities(a, b map[string]string) Capabilities {
	out := Capabilities{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}
