package host

// Told waits until the listeners know all that has happened.
func (h *Host) Told() { h.telling.wait() }
