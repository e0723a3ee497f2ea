package host

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Status is the host at one moment.
type Status struct {
	ID     string
	Kind   string // "go" or "custom"
	Build  Build
	Worker worker.Status // of all, as if they were one
	// Workers are the worker processes, one by one.
	Workers []worker.Status
	// Broken are declared functions that cannot run.
	Broken []BrokenFunction
}

// Status returns the present state.
func (h *Host) Status() Status {
	h.mu.Lock()
	broken, built := slices.Clone(h.broken), h.built
	h.mu.Unlock()
	s := Status{ID: h.owner, Kind: string(h.setup().kind), Build: built, Worker: h.crews.status(), Workers: h.crews.statuses(), Broken: broken}
	for name, err := range s.Worker.Info.LoadErrors {
		s.Broken = append(s.Broken, BrokenFunction{name, err})
	}
	return s
}

// FunctionInfo describes a function.
type FunctionInfo struct {
	Name     string
	Trigger  string // type of the trigger as declared, for instance "eventHubTrigger"
	Title    string // the same for people, for instance "Event Hub"
	Source   trigger.Source
	Inputs   []BoundInfo
	Outputs  []BoundInfo
	Disabled bool
	Listener ListenerState
	Err      error  // why the listener failed, or no request reaches the function
	Waits    string // what the listener waits for, such as "the queue orders does not exist"; "" for nothing
	// Bindings are the declarations as the app gave them.
	Bindings []json.RawMessage
	Language string
	HTTP     *HTTPTrigger // nil unless the trigger is HTTP
	// Breaker is nil for a function without a circuit breaker.
	Breaker *breaker.Status
	// DeadLetters is nil for a function without a place for what it failed on.
	DeadLetters *DeadLetterInfo
}

// DeadLetterInfo is the place for what a function failed on.
type DeadLetterInfo struct {
	Place letter.Place
	Kept  int64 // since the host was made
	Err   error // why the last could not be kept; nil: it was
}

// BoundInfo describes an input or output binding, the HTTP response excepted.
type BoundInfo struct {
	Type          string
	trigger.Place // named as declared: a hub, or database/container
}

// Functions lists the functions in the order of their declaration. It is
// empty until the worker has run for the first time.
func (h *Host) Functions() []FunctionInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]FunctionInfo, len(h.functions))
	for i, f := range h.functions {
		out[i] = f.info()
	}
	return out
}

// info describes the function. The caller holds Host.mu.
func (f *function) info() FunctionInfo {
	i := FunctionInfo{
		Name: f.decl.Name, Trigger: f.trigger.Type, Title: f.kind.Title, Source: f.starts.Source(),
		Disabled: f.decl.Disabled, Listener: f.listener, Err: cmp.Or(f.listenerErr, f.unreached), Waits: f.waits,
		Language: f.decl.Metadata.GetLanguage(), HTTP: f.httpTrigger(), DeadLetters: f.dead.info(),
	}
	if f.breaker != nil {
		s := f.breaker.Status()
		i.Breaker = &s
	}
	for _, b := range f.decl.Bindings {
		i.Bindings = append(i.Bindings, b.Raw)
	}
	for _, in := range f.inputs {
		i.Inputs = append(i.Inputs, BoundInfo{in.kind, in.Place()})
	}
	for _, o := range f.outputs {
		i.Outputs = append(i.Outputs, BoundInfo{o.kind, o.Place()})
	}
	return i
}
