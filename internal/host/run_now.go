package host

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// runNowReason is what Azure's log gives as the reason of runs by hand.
const runNowReason = "This function was programmatically called via the host APIs."

// RunNow runs a function by hand with the input as its trigger's data, and
// returns at once: the outcome is in the log and the events. It works for
// disabled functions too. The error's kind is NotFound for an unknown
// function, Invalid for input that the trigger cannot take, and Unavailable
// while the host stops.
func (h *Host) RunNow(name, input string) error {
	_, err := h.runByHand(name, input, false, nil)
	return err
}

// RunByHand runs a function by hand as RunNow does, waits until it has ended, and
// returns the id of the invocation, "" when there was none. In a batch the input
// is a JSON array with an element to each of the trigger's items. That ctx ends
// ends the waiting, not the function. The function's own failure is told by the
// events, and is no error here.
func (h *Host) RunByHand(ctx context.Context, name, input string, batch bool) (id string, err error) {
	ids := make(chan string, 1)
	done, err := h.runByHand(name, input, batch, func(id string) { ids <- id })
	if err != nil {
		return "", err
	}
	select {
	case err = <-done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	select {
	case id = <-ids:
		return id, nil
	default:
		return "", err
	}
}

// runByHand starts a run. The channel gets how it ended.
func (h *Host) runByHand(name, input string, batch bool, started func(id string)) (<-chan error, error) {
	f := h.find(name)
	if f == nil {
		return nil, fault.New(fault.NotFound, "function "+name, "no such function")
	}
	call, err := f.byHand(input, batch)
	if err != nil {
		return nil, err
	}
	call.Reason = runNowReason
	leave, ok := h.enter()
	if !ok {
		return nil, fault.New(fault.Unavailable, "function "+name, "the host is stopping")
	}
	done := make(chan error, 1)
	go func() {
		defer leave()
		ctx, cancel := context.WithTimeout(h.abort, httpWorkerWait)
		defer cancel()
		_, err := h.attempt(ctx, f, attempt{call: call, onStart: started})
		h.telling.wait() // whoever asked reads what was logged
		done <- err
	}()
	return done, nil
}

func (f *function) byHand(input string, batch bool) (trigger.Call, error) {
	if !batch {
		return f.starts.ByHand(input, time.Now())
	}
	many, ok := f.starts.(trigger.Batcher)
	if !ok {
		return trigger.Call{}, fault.New(fault.Invalid, "input", "a %s takes no list of items", f.kind.Type)
	}
	items, err := splitItems(input)
	if err != nil || len(items) == 0 {
		return trigger.Call{}, fault.New(fault.Invalid, "input", "must be a JSON array with at least one item")
	}
	return many.ByHandMany(items, time.Now())
}
