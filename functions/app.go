package functions

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// App is a set of functions. Register them with its methods, then call
// [App.Main]. Registering is not safe for concurrent use, and ends when the
// app starts.
type App struct {
	functions  []*function
	middleware []func(Handler) Handler
	problems   []error
}

// New returns an app without functions.
func New() *App { return &App{} }

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
	app     *App
	name    string
	id      string
	trigger trigger
	outputs []output
	inputs  []Binding
	bound   []named // outputs and inputs in the order of registration
	retry   Retry

	properties map[string]string // for the host; see App.Protect

	once  sync.Once // makes chain
	chain Handler   // the middleware around innermost
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
	// decode reads what the trigger brought out of the request.
	decode(ctx context.Context, c *call) (Input, error)
	// handle calls what the function was registered with.
	handle(ctx context.Context, in Input) error
}

// add records a registration and what is wrong with it.
func (a *App) add(name string, t trigger, retry Retry, noHandler bool, bindings []Binding) {
	f := &function{app: a, name: name, id: functionID(name, t.kind()), trigger: t, retry: retry}
	if noHandler {
		a.problem(f, "the handler is nil")
	}
	switch {
	case !validName.MatchString(f.name):
		a.problem(f, "the name must be a letter followed by at most 127 letters, digits, _ or -")
	case strings.EqualFold(f.name, "host"):
		a.problem(f, `the name "host" is reserved`)
	case a.function(f.name) != nil:
		a.problem(f, "another function has this name (names ignore case)")
	}
	for _, text := range slices.Concat(t.problems(), retry.problems(), f.bind(bindings)) {
		a.problem(f, text)
	}
	for _, other := range a.functions {
		if text := routeClash(f, other); text != "" {
			a.problem(f, text)
		}
	}
	a.functions = append(a.functions, f)
}

func (a *App) problem(f *function, text string) {
	a.problems = append(a.problems, &RegistrationError{Function: f.name, Problem: text})
}

// validName is the host's own rule, with the first letter in either case.
var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

// function finds a function by name, ignoring case.
func (a *App) function(name string) *function {
	for _, f := range a.functions {
		if strings.EqualFold(f.name, name) {
			return f
		}
	}
	return nil
}
