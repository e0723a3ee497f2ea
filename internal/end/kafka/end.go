// Package kafka is where functions meet Kafka: a trigger over the topics of any
// cluster, as one of a consumer group, and an output, both by franz-go. There is no
// Kafka in this process; a cluster that cannot be reached is waited for.
//
// A pump runs for each partition that the group gives to this host. It hands over a
// batch, and commits the position when the invocation has ended; see pump.go.
package kafka

import (
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// End is where functions meet Kafka.
type End struct{}

// Trigger is the row of kafkaTrigger.
func (End) Trigger() trigger.Kind {
	return trigger.Kind{
		Type: "kafkaTrigger", Title: "Kafka", Retries: true, Letters: true,
		Check: func(c *hostjson.Config) error {
			_, err := ReadConfig(c)
			return err
		},
		New: func(s trigger.Setup) (trigger.Trigger, error) { return NewTrigger(s) },
	}
}

// Output is the row of the kafka output binding.
func (End) Output() output.Kind {
	opened := &output.Opened[string, *producer]{}
	return output.Kind{Type: "kafka", New: func(s output.Setup) (output.Output, error) { return newOutput(s, opened) }}
}
