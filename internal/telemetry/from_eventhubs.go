package telemetry

import "github.com/lazuli-dev/lazuli/internal/azure/eventhubs"

// FromEventHubs listens to the services in front of namespaces
// (eventhubs.Config.Events).
func (c *Counts) FromEventHubs(e eventhubs.Event) {
	switch e := e.(type) {
	case eventhubs.Delivered:
		c.Delivered(e.Namespace, e.Hub, e.Group, e.Count)
	case eventhubs.ConnOpened:
		c.Connections.Add(1)
	case eventhubs.ConnClosed:
		c.Connections.Add(-1)
	}
}
