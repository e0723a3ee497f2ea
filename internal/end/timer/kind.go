// Package timer is the trigger that runs a function on a schedule.
package timer

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// End is where functions meet the clock.
type End struct {
	State state.Find // keeps what timers remember between starts, and which host runs them
}

// Trigger is the row of timerTrigger.
func (e End) Trigger() trigger.Kind {
	return trigger.Kind{
		Type: "timerTrigger", Title: "Timer", Retries: true, NoLetters: "a timer brings nothing that could be kept; its next run is the next try",
		New: func(s trigger.Setup) (trigger.Trigger, error) { return NewTrigger(e.State, time.Now, s) },
	}
}
