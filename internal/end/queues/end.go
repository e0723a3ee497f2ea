package queues

import (
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/queue"
)

// MaxText is how many bytes a message has at most, as the queue keeps it.
const MaxText = queue.MaxText

// Title is the trigger for people.
const Title = "Queue"

// End is where functions meet storage queues.
type End struct {
	Queues Service
}

// Trigger is the row of queueTrigger.
func (e End) Trigger() trigger.Kind {
	return trigger.Kind{
		Type: "queueTrigger", Title: Title,
		Check: func(c *hostjson.Config) error {
			_, err := ReadConfig(c)
			return err
		},
		Letters: true,
		New:     func(s trigger.Setup) (trigger.Trigger, error) { return NewTrigger(e, s) },
	}
}

// Output is the row of the queue output binding.
func (e End) Output() output.Kind {
	return output.Kind{Type: "queue", New: func(s output.Setup) (output.Output, error) { return newOutput(e, s) }}
}
