package app

import (
	"github.com/lazuli-dev/lazuli/internal/end/kafka"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// kafkaClusters is what functions may name of Kafka, which is elsewhere.
func kafkaClusters(*env) (parts, error) {
	end := kafka.End{}
	return parts{Triggers: trigger.Table{end.Trigger()}, Outputs: output.Table{end.Output()}}, nil
}
