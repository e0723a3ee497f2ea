// Package input says what a kind of input binding is: a row of a table makes a
// function's input from its declaration. What it reads is handed to the function
// beside its trigger's data. The kinds live with their services, in
// internal/end/NAME.
package input

import (
	"context"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Kind is one kind of input binding: a row of the table that a host is given.
type Kind struct {
	Type string // of the binding, as Azure writes it; compared without case
	// New checks a declaration and makes the input. It opens nothing.
	New func(Setup) (Input, error)
}

// Setup is what an input is made of.
type Setup struct {
	Binding  *binding.Binding // text properties have their %settings% filled in
	Settings *settings.Settings
}

// Input reads what a function is given besides its trigger's data.
type Input interface {
	// Place is what it reads from, named as declared.
	Place() trigger.Place
	// Read returns the value for one invocation. What is not there is an empty value;
	// an error fails the invocation before the function runs.
	Read(ctx context.Context, values expr.Values) (*funcrpc.TypedData, error)
}

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
	return Kind{}, fault.New(fault.Invalid, "binding "+b.Name, "input type %s is not supported yet; %s", b.Type, trigger.List(types))
}
