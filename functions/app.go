package functions

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// App is a set of functions. Register them with its methods, then call
// [App.Main]. Registering is not safe for concurrent use, and ends when the
// app starts.
type App struct {
	functions []*function
	problems  []error
}

// New returns an app without functions.
func New() *App { return &App{} }

// HTTP registers a function that answers HTTP requests. The handler is an
// ordinary one: route parameters are in [http.Request.PathValue], the
// request's context carries the invocation. A mux or any other [http.Handler]
// is registered by its ServeHTTP method.
//
// Without options the function answers every method on the route that is its
// name, and asks for a function key where the host checks keys.
func (a *App) HTTP(name string, handle func(http.ResponseWriter, *http.Request), opts ...HTTPOption) {
	t := &httpTrigger{handle: handle, route: name, auth: AuthFunction}
	f := a.add(name, t, handle == nil)
	for _, o := range opts {
		o.applyHTTP(f, t)
	}
	a.check(f)
}

// EventHub registers a function that is called with batches of events, all of
// one partition and in its order. The batch size is the host's
// (extensions.eventHubs.maxEventBatchSize of host.json).
//
// Returned documents go to the function's output; a function without one
// returns nil. An error fails the invocation: the host retries it when a retry
// policy such as [FixedDelay] is given, and goes on to the next batch
// otherwise.
func (a *App) EventHub(name string, handle func(context.Context, []Event) (Documents, error), opts ...EventHubOption) {
	a.addEventHub(name, &eventHubTrigger{batch: handle}, handle == nil, opts)
}

// EventHubEach registers a function that is called once per event, in order
// within a partition (cardinality "one"). [App.EventHub] is many times faster,
// because every call is a round trip between host and worker.
func (a *App) EventHubEach(name string, handle func(context.Context, Event) (Documents, error), opts ...EventHubOption) {
	a.addEventHub(name, &eventHubTrigger{each: handle}, handle == nil, opts)
}

func (a *App) addEventHub(name string, t *eventHubTrigger, missing bool, opts []EventHubOption) {
	f := a.add(name, t, missing)
	for _, o := range opts {
		o.applyEventHub(f, t)
	}
	a.check(f)
}

// CosmosDB registers a function that is called with the changed documents of a
// container, oldest change first for each partition key. It sees inserts and
// replacements, always in their latest version, and no deletions.
//
// An error fails the invocation; the host moves on after it unless a retry
// policy is given. Give [RetryForever] where no change may be missed.
func (a *App) CosmosDB(name string, handle func(context.Context, []Document) error, opts ...CosmosDBOption) {
	t := &cosmosTrigger{handle: handle, leaseContainer: "leases"}
	f := a.add(name, t, handle == nil)
	for _, o := range opts {
		o.applyCosmosDB(f, t)
	}
	a.check(f)
}

// Err returns every mistake of the registrations so far, joined, or nil. Each
// is a [*RegistrationError]. [App.Run] returns the same before it does
// anything else.
func (a *App) Err() error { return errors.Join(a.problems...) }

// A RegistrationError is one mistake in how a function was registered.
type RegistrationError struct {
	Function string // the function's name as registered
	Problem  string // what is wrong and what to try
}

// Error names the function and the problem.
func (e *RegistrationError) Error() string {
	return "function " + quote(e.Function) + ": " + e.Problem
}

// function is one registered function.
type function struct {
	name    string
	id      string
	trigger trigger
	outputs []*Output
	retry   *retryPolicy
}

// trigger is what starts a function: how the host is told about it, and how
// one invocation reaches the handler.
type trigger interface {
	// kind is the binding's type, for instance "httpTrigger".
	kind() string
	// binding is the trigger's entry in the function's bindings, ready for
	// encoding as JSON.
	binding() any
	// problems says what is missing or wrong.
	problems() []string
	// invoke decodes the request, calls the handler, and leaves what it
	// produced in the call.
	invoke(ctx context.Context, c *call) error
}

func (a *App) add(name string, t trigger, noHandler bool) *function {
	f := &function{name: name, id: functionID(name, t.kind()), trigger: t}
	if noHandler {
		a.problem(f, "the handler is nil")
	}
	return f
}

func (a *App) problem(f *function, text string) {
	a.problems = append(a.problems, &RegistrationError{Function: f.name, Problem: text})
}

// validName is the host's own rule, with the first letter in either case.
var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

// check finishes a registration: it records what is wrong with f and lists it.
func (a *App) check(f *function) {
	switch {
	case !validName.MatchString(f.name):
		a.problem(f, "the name must be a letter followed by at most 127 letters, digits, _ or -")
	case strings.EqualFold(f.name, "host"):
		a.problem(f, `the name "host" is reserved`)
	case a.function(f.name) != nil:
		a.problem(f, "another function has this name (names ignore case)")
	}
	for _, text := range f.trigger.problems() {
		a.problem(f, text)
	}
	if f.retry != nil {
		for _, text := range f.retry.problems() {
			a.problem(f, text)
		}
	}
	for _, o := range f.outputs {
		for _, text := range o.problems() {
			a.problem(f, text)
		}
	}
	for _, other := range a.functions {
		if text := routeClash(f, other); text != "" {
			a.problem(f, text)
		}
	}
	a.functions = append(a.functions, f)
}

// function finds a function by name, ignoring case.
func (a *App) function(name string) *function {
	for _, f := range a.functions {
		if strings.EqualFold(f.name, name) {
			return f
		}
	}
	return nil
}
