package container

import (
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Title is the trigger for people.
const Title = "Cosmos DB"

// End is where functions meet containers.
type End struct{ Containers Service }

// Trigger is the row of cosmosDBTrigger.
func (e End) Trigger() trigger.Kind {
	return trigger.Kind{Type: "cosmosDBTrigger", Title: Title, Retries: true, Letters: true, New: func(s trigger.Setup) (trigger.Trigger, error) {
		return NewTrigger(e.Containers, s)
	}}
}

// bindingType is the type of the input and the output binding.
const bindingType = "cosmosDB"

// Input is the row of the cosmosDB input binding.
func (e End) Input() input.Kind {
	opened := &output.Opened[sinkKey, Reader]{}
	return input.Kind{Type: bindingType, New: func(s input.Setup) (input.Input, error) {
		return newInput(s, e.Containers, opened)
	}}
}

// Output is the row of the cosmosDB output binding.
func (e End) Output() output.Kind {
	opened := &output.Opened[sinkKey, Sink]{}
	return output.Kind{Type: bindingType, New: func(s output.Setup) (output.Output, error) {
		return newOutput(s, e.Containers, opened)
	}}
}
