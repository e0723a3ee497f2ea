package telemetry

import "github.com/lazuli-dev/lazuli/internal/azure/eventhubs"

// FromEventHubs returns a listener to the service in front of a namespace
// (eventhubs.Config.Events).
func (c *Counts) FromEventHubs(namespace uint64) func(eventhubs.Event) {
	return func(e eventhubs.Event) {
		switch e := e.(type) {
		case eventhubs.Delivered:
			c.Delivered(namespace, e.Hub, e.Group, e.Count)
		case eventhubs.ConnOpened:
			c.Connections.Add(1)
		case eventhubs.ConnClosed:
			c.Connections.Add(-1)
		}
	}
}
