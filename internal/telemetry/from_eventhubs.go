package telemetry

import (
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
)

// FromEventHubs listens to the services in front of namespaces
// (eventhubs.Config.Events).
func (c *Counts) FromEventHubs(e eventhubs.Event) {
	switch e := e.(type) {
	case eventhubs.Delivered:
		c.Delivered(e.Namespace, e.Hub, e.Group, e.Count)
		c.reader(e.Namespace, e.Hub, e.Group).next(e.Partition).Store(e.Last + 1)
	case eventhubs.LinkOpened:
		if id, err := strconv.Atoi(e.Address.Partition); err == nil && e.Address.Group != "" {
			r := c.reader(e.Namespace, e.Address.Hub, e.Address.Group)
			r.Links.Add(1)
			r.next(id).Store(e.Next)
		}
	case eventhubs.LinkClosed:
		if _, err := strconv.Atoi(e.Address.Partition); err == nil && e.Address.Group != "" {
			c.reader(e.Namespace, e.Address.Hub, e.Address.Group).Links.Add(-1)
		}
	case eventhubs.ConnOpened:
		c.Connections.Add(1)
	case eventhubs.ConnClosed:
		c.Connections.Add(-1)
	}
}
