package host

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
)

// output takes a function's results to a service.
type output interface {
	// name is the binding's name.
	name() string
	// write hands over what the worker returned for the binding and returns
	// when it is durable.
	write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (written, error)
}

// written counts what output bindings have written.
type written struct{ documents, events int }
