package hub

import (
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Title is the trigger for people.
const Title = "Event Hub"

// End is where functions meet event hubs.
type End struct {
	Hubs  Service
	State state.Find // keeps the positions of triggers, and who reads what
}

// Trigger is the row of eventHubTrigger.
func (e End) Trigger() trigger.Kind {
	return trigger.Kind{
		Type: "eventHubTrigger", Title: Title, Retries: true,
		Check: func(c *hostjson.Config) error {
			_, err := ReadConfig(c)
			return err
		},
		Letters: true,
		New:     func(s trigger.Setup) (trigger.Trigger, error) { return NewTrigger(e, s) },
	}
}

// Output is the row of the eventHub output binding.
func (e End) Output() output.Kind {
	opened := &output.Opened[sinkKey, Sink]{}
	return output.Kind{Type: "eventHub", New: func(s output.Setup) (output.Output, error) {
		return newOutput(s, e.Hubs, opened)
	}}
}
