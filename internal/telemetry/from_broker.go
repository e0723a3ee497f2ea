package telemetry

import "github.com/lazuli-dev/lazuli/internal/broker"

// FromBroker listens to the broker (broker.Options.Events).
func (c *Counts) FromBroker(e broker.Event) {
	switch e := e.(type) {
	case broker.Appended:
		h := c.Hub(e.Namespace, e.Hub)
		h.Events.Add(int64(e.Count))
		h.Bytes.Add(int64(e.Bytes))
		h.Partition(e.Partition).Add(int64(e.Count))
		c.unstored.worked(e)
	case broker.AppendFailed:
		c.Hub(e.Namespace, e.Hub).Refused.Add(1)
		c.unstored.failed(e)
	}
}
