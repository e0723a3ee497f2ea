// Package tables is where functions meet storage tables: the table input, one entity
// or several of them as JSON, and the table output.
package tables

import (
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
)

// bindingType is the type of both bindings.
const bindingType = "table"

// End is where functions meet storage tables.
type End struct {
	Tables Service
}

// Input is the row of the table input binding.
func (e End) Input() input.Kind {
	return input.Kind{Type: bindingType, New: func(s input.Setup) (input.Input, error) { return newInput(e, s) }}
}

// Output is the row of the table output binding.
func (e End) Output() output.Kind {
	return output.Kind{Type: bindingType, New: func(s output.Setup) (output.Output, error) { return newOutput(e, s) }}
}
