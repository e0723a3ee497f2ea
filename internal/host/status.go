package host

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Status is the host at one moment.
type Status struct {
	ID     string
	Kind   string // "go" or "custom"
	Worker worker.Status
	// Broken are declared functions that cannot run.
	Broken []BrokenFunction
}

// Status returns the present state.
func (h *Host) Status() Status {
	h.mu.Lock()
	broken := slices.Clone(h.broken)
	h.mu.Unlock()
	s := Status{ID: h.owner, Kind: string(h.kind), Worker: h.supervisor.Status(), Broken: broken}
	for name, err := range s.Worker.Info.LoadErrors {
		s.Broken = append(s.Broken, BrokenFunction{name, err})
	}
	return s
}

// FunctionInfo describes a function.
type FunctionInfo struct {
	Name     string
	Trigger  string // type of the trigger, for instance "eventHubTrigger"
	Source   string // what it listens to, in words; "" for HTTP
	Target   string // its bare name: a hub, or database/container; "" for HTTP
	Disabled bool
	Listener ListenerState
	Err      error // why the listener failed
	// Bindings are the declarations as the app gave them.
	Bindings []json.RawMessage
	Language string
	HTTP     *HTTPTrigger // nil unless the trigger is HTTP
}

// HTTPTrigger is what an HTTP trigger declares.
type HTTPTrigger struct {
	Route     string   // without the prefix; the function's name when none is declared
	Methods   []string // upper case; empty means all
	AuthLevel string   // lower case: anonymous, function, admin or system
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
		Name: f.decl.Name, Trigger: f.trigger.Type, Disabled: f.decl.Disabled,
		Listener: f.listener, Err: f.listenerErr, Language: f.decl.Metadata.GetLanguage(),
	}
	for _, b := range f.decl.Bindings {
		i.Bindings = append(i.Bindings, b.Raw)
	}
	if f.source != nil {
		i.Source, i.Target = f.source.Describe(), f.source.Target()
	}
	if f.trigger.Is("httpTrigger") {
		i.HTTP = f.httpTrigger()
	}
	return i
}

func (f *function) httpTrigger() *HTTPTrigger {
	t := &HTTPTrigger{Route: f.trigger.Text("route"), AuthLevel: strings.ToLower(f.trigger.Text("authLevel"))}
	if t.Route == "" {
		t.Route = f.decl.Name
	}
	if t.AuthLevel == "" {
		t.AuthLevel = "function" // as in Azure
	}
	for _, m := range f.trigger.Texts("methods") {
		t.Methods = append(t.Methods, strings.ToUpper(m))
	}
	return t
}
