package host

import (
	"log/slog"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Event is something that happened in the host: one of InvocationStarted,
// InvocationFinished, OutputWritten, LogWritten, BuildChanged, WorkerChanged, WorkerOutput,
// ListenerChanged, Checkpointed, SetAside and BreakerChanged. The log, the metrics and the portal listen to the same
// events.
type Event interface{ event() }

// Listener is told every event. It is called on hot paths and from several
// goroutines at a time, so it must be quick and safe for that.
type Listener func(Event)

// InvocationStarted says that a function is about to run. Every attempt of a
// retry policy is an invocation of its own.
type InvocationStarted struct {
	Function, ID string
	Reason       string         // for instance "(null)", as Azure's log has it
	Details      string         // about the trigger's data; may be ""
	Items        int            // events or documents handed over
	Retry        int            // 0 for the first attempt
	TraceParent  string         // W3C trace context of the invocation
	Caller       string         // that of who caused it, or ""
	Source       trigger.Place  // what it was taken from; of an HTTP function nothing
	Links        []trigger.Link // where each item comes from; may be nil
	At           time.Time
}

// InvocationFinished says how a function ran.
type InvocationFinished struct {
	Function, ID string
	Err          error // nil: it and its outputs succeeded
	Items        int
	Duration     time.Duration // from the start, outputs included
	Outputs      time.Duration // the part spent writing outputs
	Documents    int           // written by output bindings
	Events       int           // sent by output bindings
	Status       int           // of an HTTP function's answer; 0 for others, or when there was none
	Answer       string        // the beginning of an answer of 500 and above
	Input        Input
	At           time.Time
}

// OutputWritten says that an output binding has taken a result to its service, or could
// not. A binding that the function gave nothing writes nothing.
type OutputWritten struct {
	Function, ID string
	Binding      string // its name
	Type         string // of the binding, as Azure writes it
	Place        trigger.Place
	TraceParent  string // W3C trace context of the call, in that of the invocation
	Written      output.Written
	Err          error
	Duration     time.Duration
	At           time.Time // when it began
}

// LogWritten is a log record of a worker: of user code when Function is set.
type LogWritten struct {
	Function, ID string // "" when the record belongs to no invocation
	Category     string // "Function.<name>.User", or the worker's own
	Level        slog.Level
	Message      string
	Exception    string // message of an error that came along, or ""
	Properties   string // a JSON object, or ""
	At           time.Time
}

// WorkerOutput is a line that the worker's process printed.
type WorkerOutput struct {
	Stream string // "stdout" or "stderr"
	Line   string
}

// BuildChanged says that a build of the app has begun or ended.
type BuildChanged struct{ Build Build }

// WorkerChanged says that the worker process entered another state.
type WorkerChanged struct{ Status worker.Status }

// ListenerChanged says that a function's trigger began or ceased to listen.
type ListenerChanged struct {
	Function string
	State    ListenerState
	Before   ListenerState // the state that it had
	Err      error         // why, with ListenerFailed
}

// Checkpointed says that a position of a trigger is durable, also one that was
// found at the start.
type Checkpointed struct {
	Function, Trigger string // the trigger is the binding's type
	trigger.Checkpoint
}

// SetAside says that what a function failed on was put into its place, or could not be:
// then it is tried again.
type SetAside struct {
	Function string
	Place    letter.Place
	Letters  int   // items
	Cause    error // why the function failed
	Err      error // why they could not be kept; nil: they are
	Took     time.Duration
	At       time.Time
}

// BreakerChanged says that a function's circuit breaker entered another state.
type BreakerChanged struct {
	Function string
	breaker.Status
}

// ListenerState is the state of a function's trigger.
type ListenerState string

// The states of a trigger.
const (
	ListenerStarting ListenerState = "Starting"
	ListenerRunning  ListenerState = "Listening"
	ListenerFailed   ListenerState = "Failed" // it is tried again after a pause
	ListenerDisabled ListenerState = "Disabled"
	ListenerStopped  ListenerState = "Stopped"
	ListenerHTTP     ListenerState = "HTTP" // requests come through the HTTP front end
)

func (InvocationStarted) event()  {}
func (InvocationFinished) event() {}
func (OutputWritten) event()      {}
func (LogWritten) event()         {}
func (WorkerOutput) event()       {}
func (BuildChanged) event()       {}
func (WorkerChanged) event()      {}
func (ListenerChanged) event()    {}
func (Checkpointed) event()       {}
func (SetAside) event()           {}
func (BreakerChanged) event()     {}
