package app

import (
	"github.com/lazuli-dev/lazuli/internal/end/timer"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// timers start functions by the clock.
func timers(e *env) (parts, error) {
	return parts{Triggers: trigger.Table{timer.End{State: e.hostState}.Trigger()}}, nil
}
