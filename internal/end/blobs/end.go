package blobs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Title is the trigger for people.
const Title = "Blob"

const triggerType = "blobTrigger"

// End is where functions meet blobs.
type End struct {
	Blobs  Service
	Queues queues.Service // of the same accounts, for blobs that are set aside
	State  state.Find     // keeps receipts and positions
	// Work returns a queue of the account in which a host keeps its state, made where
	// it is missing.
	Work func(ctx context.Context, s *settings.Settings, name string) (queues.Queue, error)
}

// Trigger is the row of blobTrigger.
func (e End) Trigger() trigger.Kind {
	return trigger.Kind{
		Type: triggerType, Title: Title,
		Check: func(c *hostjson.Config) error {
			_, err := ReadConfig(c)
			return err
		},
		Letters: true,
		New:     func(s trigger.Setup) (trigger.Trigger, error) { return NewTrigger(e, s) },
	}
}

// Input is the row of the blob input binding.
func (e End) Input() input.Kind {
	return input.Kind{Type: "blob", New: func(s input.Setup) (input.Input, error) { return newInput(e, s) }}
}

// Output is the row of the blob output binding.
func (e End) Output() output.Kind {
	return output.Kind{Type: "blob", New: func(s output.Setup) (output.Output, error) { return newOutput(e, s) }}
}
