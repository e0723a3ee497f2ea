package telemetry

// FromJobs returns a listener to the stream jobs that read hubs of a namespace.
func (c *Counts) FromJobs(namespace uint64) func(hub, group string, events int) {
	return func(hub, group string, events int) { c.Delivered(namespace, hub, group, events) }
}
