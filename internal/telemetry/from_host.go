package telemetry

import (
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// FromHost returns a listener to the host of a function app, whose hubs are
// those of a namespace.
func (c *Counts) FromHost(app string, namespace uint64) host.Listener {
	return func(e host.Event) {
		switch e := e.(type) {
		case host.InvocationStarted:
			c.Function(app, e.Function).begin(e)
		case host.InvocationFinished:
			c.Function(app, e.Function).finish(e)
		case host.LogWritten:
			if e.Function != "" {
				c.Function(app, e.Function).log(e)
			}
		case host.Checkpointed:
			if p, err := strconv.Atoi(e.Partition); err == nil { // a change feed has no partitions
				c.Reached(namespace, e.Target, e.Group, p, e.Sequence)
			}
		}
	}
}
