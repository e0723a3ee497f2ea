package trigger

import "github.com/lazuli-dev/lazuli/internal/fault"

// NewTimer refuses a timer trigger. The schedule, its durable status and the
// past-due rule are one piece of work; until they exist a function that
// expects to run on time must not seem to be running.
func NewTimer(name string) error {
	return fault.New(fault.Invalid, "binding "+name,
		"timer triggers are not supported yet; HTTP, Event Hubs and Cosmos DB triggers are")
}
