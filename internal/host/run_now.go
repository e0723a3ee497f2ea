package host

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// runNowReason is what Azure's log gives as the reason of runs by hand.
const runNowReason = "This function was programmatically called via the host APIs."

// RunNow runs a function by hand with the input as its trigger's data, and
// returns at once: the outcome is in the log and the events. It works for
// disabled functions too. The error's kind is NotFound for an unknown
// function, Invalid for input that the trigger cannot take, and Unavailable
// while the host stops.
func (h *Host) RunNow(name, input string) error {
	f := h.find(name)
	if f == nil {
		return fault.New(fault.NotFound, "function "+name, "no such function")
	}
	call, err := f.starts.ByHand(input, time.Now())
	if err != nil {
		return err
	}
	call.Reason = runNowReason
	leave, ok := h.enter()
	if !ok {
		return fault.New(fault.Unavailable, "function "+name, "the host is stopping")
	}
	go func() {
		defer leave()
		ctx, cancel := context.WithTimeout(h.abort, httpWorkerWait)
		defer cancel()
		_, _ = h.attempt(ctx, f, attempt{call: call}) // events carry the outcome
	}()
	return nil
}
