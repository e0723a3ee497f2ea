package host

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// function is a declared function with its trigger and outputs set up.
type function struct {
	decl    *binding.Function
	trigger *binding.Binding
	kind    trigger.Kind
	starts  trigger.Trigger
	source  trigger.Place // what starts listens to
	inputs  []boundInput
	outputs []boundOutput
	http    *binding.Binding // the HTTP output, or nil
	dead    *deadLetters     // the place for what it failed on, or nil
	breaker *breaker.Breaker // nil without one

	redriving sync.Mutex // held while dead letters are sent again

	requests atomic.Int64                // of HTTP, that run or wait
	crew     atomic.Pointer[worker.Pool] // of its group; nil: it is asked of the first; see crews

	listener    ListenerState // guarded by Host.mu
	listenerErr error         // guarded by Host.mu
	waits       string        // what for; guarded by Host.mu
	unreached   error         // why no request comes to it, or nil; guarded by Host.mu
}

// boundOutput is an output under its binding's name.
type boundOutput struct {
	name, kind string
	output.Output
}

// boundInput is an input under its binding's name.
type boundInput struct {
	name, kind string
	input.Input
}

// functionSet is the functions of one state of the app's code.
type functionSet struct {
	functions []*function
	broken    []BrokenFunction
}

// index turns what a worker reports into the functions to load. The first
// report sets the functions up; a restarted worker reports again, and from
// then on only what it needs for loading is taken.
func (h *Host) index(reported []*funcrpc.RpcFunctionMetadata) ([]*binding.Function, error) {
	h.indexing.Lock()
	defer h.indexing.Unlock()
	h.mu.Lock()
	first := !h.indexed
	h.mu.Unlock()
	var set functionSet
	load, err := h.indexAs(reported, first, &set)
	if err != nil || !first {
		return load, err
	}
	h.mu.Lock()
	h.indexed = true
	h.functions, h.broken = set.functions, set.broken
	h.mu.Unlock()
	h.crews.regroup()
	h.changed()
	return load, nil
}

// indexInto is index for new code, whose functions go into set until it takes
// over.
func (h *Host) indexInto(set *functionSet) worker.Index {
	return func(reported []*funcrpc.RpcFunctionMetadata) ([]*binding.Function, error) {
		h.indexing.Lock()
		defer h.indexing.Unlock()
		return h.indexAs(reported, len(set.functions)+len(set.broken) == 0, set)
	}
}

func (h *Host) indexAs(reported []*funcrpc.RpcFunctionMetadata, first bool, set *functionSet) ([]*binding.Function, error) {
	declared, broken, err := h.declared(reported)
	if err != nil {
		return nil, err
	}
	if !first {
		return h.known(declared), nil
	}
	var load []*binding.Function
	for _, d := range declared {
		f, err := h.setUp(d)
		if err == nil {
			err = oneWarmup(set, d)
		}
		if err != nil {
			broken = append(broken, BrokenFunction{d.Name, err})
			continue
		}
		set.functions = append(set.functions, f)
		load = append(load, d)
	}
	set.broken = broken
	h.tellUnknown(declared)
	for _, b := range broken {
		h.log.Error("function cannot run", "function", b.Name, "error", b.Err)
	}
	return load, nil
}

// declared reads the declarations: reported by the worker, or in files when
// it reports nothing.
func (h *Host) declared(reported []*funcrpc.RpcFunctionMetadata) ([]*binding.Function, []BrokenFunction, error) {
	var (
		all    []*binding.Function
		broken []BrokenFunction
	)
	if reported == nil {
		found, bad, err := h.inFiles()
		if err != nil {
			return nil, nil, err
		}
		all = found
		for _, b := range bad {
			broken = append(broken, BrokenFunction(b))
		}
	}
	for _, m := range reported {
		f, err := binding.FromMetadata(m)
		if err != nil {
			broken = append(broken, BrokenFunction{m.GetName(), err})
			continue
		}
		all = append(all, f)
	}
	wanted := all[:0]
	seen := map[string]bool{}
	for _, f := range all {
		name := strings.ToLower(f.Name)
		switch {
		case seen[name]:
			broken = append(broken, BrokenFunction{f.Name, fault.New(fault.Invalid, "function "+f.Name, "is declared twice")})
		case h.wants(f.Name):
			f.Disabled = h.switchedOff(f.Name, f.Disabled || h.setup().settings.Disabled(f.Name))
			wanted = append(wanted, f)
		}
		seen[name] = true
	}
	return wanted, broken, nil
}

// wants applies the "functions" filter of host.json.
func (h *Host) wants(name string) bool {
	list := h.setup().config.Functions
	return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// known keeps those declarations whose functions were set up at the start.
func (h *Host) known(declared []*binding.Function) []*binding.Function {
	var load []*binding.Function
	for _, d := range declared {
		if h.find(d.Name) != nil {
			load = append(load, d)
		}
	}
	return load
}

// find returns a function by name, or nil.
func (h *Host) find(name string) *function {
	for _, f := range h.snapshot() {
		if strings.EqualFold(f.decl.Name, name) {
			return f
		}
	}
	return nil
}

// setUp prepares a function's trigger and outputs. What is not supported is
// refused here, by name, before anything listens.
func (h *Host) setUp(d *binding.Function) (*function, error) {
	for i := range d.Bindings {
		err := d.Bindings[i].MapText(func(s string) (string, error) { return expr.Settings(s, h.setup().settings.Plain) })
		if err != nil {
			return nil, err
		}
	}
	f := &function{decl: d, trigger: d.Trigger()}
	for i := range d.Bindings {
		b := &d.Bindings[i]
		if b.IsTrigger() {
			continue
		}
		if err := h.addBinding(f, b); err != nil {
			return nil, err
		}
	}
	if err := h.addTrigger(f); err != nil {
		return nil, err
	}
	for i := range d.Bindings {
		if err := d.Bindings[i].Unmet(); err != nil {
			return nil, err
		}
	}
	h.report(f)
	return f, nil
}

// report says what of a declaration has no effect, since people who wrote it rely on
// it.
func (h *Host) report(f *function) {
	log := h.log.With("function", f.decl.Name)
	for i := range f.decl.Bindings {
		b := &f.decl.Bindings[i]
		for _, n := range b.Notes() {
			log.Warn("a property of a binding has no effect", "binding", b.Name, "property", n.Property, "why", n.Why)
		}
	}
	if f.decl.Retry != nil && !f.kind.Retries {
		log.Warn("the retry policy has no effect, as on Azure", "why", "a "+f.kind.Type+" is delivered again by its source; only event hubs, Kafka, Cosmos DB and timers have retry policies")
		f.decl.Retry = nil
	}
}

func (h *Host) addBinding(f *function, b *binding.Binding) error {
	switch b.Direction {
	case binding.In:
		return h.addInput(f, b)
	case binding.InOut:
		return fault.New(fault.Invalid, "binding "+b.Name, "direction inout is not supported; declare one binding in and one out")
	}
	kind, err := h.outputs.Find(b)
	if err != nil {
		return err
	}
	b.Heeds("dataType") // of what the worker hands over, and hands over with its type
	if kind.New == nil {
		if f.http != nil {
			return fault.New(fault.Invalid, "binding "+b.Name, "a function has one HTTP output; %s is another", f.http.Name)
		}
		f.http = b
		return nil
	}
	out, err := kind.New(output.Setup{
		Binding: b, Settings: h.setup().settings, Config: h.setup().config, Dir: h.o.Dir,
		Function: f.decl.Name, Trigger: f.trigger, Log: h.log.With("function", f.decl.Name),
	})
	if err != nil {
		return err
	}
	f.outputs = append(f.outputs, boundOutput{b.Name, kind.Type, out})
	return nil
}

func (h *Host) addInput(f *function, b *binding.Binding) error {
	kind, err := h.inputs.Find(b)
	if err != nil {
		return err
	}
	in, err := kind.New(input.Setup{Binding: b, Settings: h.setup().settings})
	if err != nil {
		return err
	}
	f.inputs = append(f.inputs, boundInput{b.Name, kind.Type, in})
	return nil
}

func (h *Host) addTrigger(f *function) error {
	var err error
	if f.kind, err = h.triggers.Find(f.trigger); err != nil {
		return err
	}
	if err := h.addReliability(f); err != nil {
		return err
	}
	f.starts, err = f.kind.New(trigger.Setup{
		Function: f.decl.Name, Binding: f.trigger, Settings: h.setup().settings, Config: h.setup().config, Dir: h.o.Dir, Owner: h.owner, HostID: h.hostID,
		Invoker: &invoker{h, f}, Log: h.log.With("function", f.decl.Name),
		Checkpointed: func(c trigger.Checkpoint) { h.emit(Checkpointed{f.decl.Name, f.kind.Type, c}) },
		Waits:        func(clause string) { h.setWaits(f, clause) },
		Aside:        h.asideOf(f), Gate: gateOf(f),
		Limit: h.limitOf(f.decl.Name),
	})
	if err != nil {
		return err
	}
	if _, listens := f.starts.(trigger.Listener); listens {
		from := f.starts.Source()
		f.source = trigger.Place{Host: from.Host, Target: from.Target}
	}
	f.listener = f.restingState()
	return f.dead.notInto(f.starts)
}

// restingState is the state of a trigger that nothing has happened to.
func (f *function) restingState() ListenerState {
	_, listens := f.starts.(trigger.Listener)
	switch {
	case f.decl.Disabled:
		return ListenerDisabled
	case !listens:
		return ListenerHTTP
	}
	return ListenerStarting
}

// httpTrigger returns what an HTTP function declares, or nil.
func (f *function) httpTrigger() *HTTPTrigger {
	t, _ := f.starts.(*HTTPTrigger)
	return t
}
