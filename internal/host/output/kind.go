// Package output says what a kind of output binding is: a row of a table makes
// a function's output from its declaration, and is asked everything about it.
// The kinds live with their services, in internal/end/NAME.
package output

import (
	"context"
	"log/slog"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Kind is one kind of output binding: a row of the table that a host is given.
type Kind struct {
	Type string // of the binding, as Azure writes it; compared without case
	// New checks a declaration and makes the output. It opens nothing. nil for
	// the HTTP response, which the HTTP front takes.
	New func(Setup) (Output, error)
}

// Setup is what an output is made of.
type Setup struct {
	Binding  *binding.Binding // text properties have their %settings% filled in
	Settings *settings.Settings
	Config   *hostjson.Config
	Dir      string // the app's folder
	Function string
	Trigger  *binding.Binding // of the function
	Log      *slog.Logger
}

// Output takes a function's results to a service.
type Output interface {
	// Place is what it writes to, named as declared: a hub, or database/container.
	Place() trigger.Place
	// Write hands over what the worker returned for the binding and returns
	// when it is durable.
	Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (Written, error)
}

// Written counts what outputs have written.
type Written struct{ Documents, Events int }

// Table is the kinds that a host knows.
type Table []Kind

// Find returns the row of a binding, or says which there are.
func (t Table) Find(b *binding.Binding) (Kind, error) {
	types := make([]string, len(t))
	for i, k := range t {
		if b.Is(k.Type) {
			return k, nil
		}
		types[i] = k.Type
	}
	return Kind{}, fault.New(fault.Invalid, "binding "+b.Name, "output type %s is not supported yet; %s", b.Type, trigger.List(types))
}
