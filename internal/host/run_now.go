package host

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
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
	call, err := f.callByHand(input)
	if err != nil {
		return err
	}
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

// callByHand makes the trigger's data out of a text: an event for Event Hubs
// (a batch of one for batch functions), an array of documents for Cosmos DB.
func (f *function) callByHand(input string) (trigger.Call, error) {
	var c trigger.Call
	switch {
	case f.trigger.Is("eventHubTrigger"):
		c = trigger.EventByHand(f.trigger, input, time.Now())
	case f.trigger.Is("timerTrigger"):
		c = trigger.TimerByHand(time.Now())
	case f.trigger.Is("cosmosDBTrigger"):
		value, err := trigger.DocumentsByHand(input)
		if err != nil {
			return c, err
		}
		c.Data = func(worker.Capabilities) *funcrpc.TypedData { return value }
		c.Items = 1
	case f.trigger.Is("httpTrigger"):
		in := httpByHand(f, input)
		c.Data, c.Values, c.Items = in.typedData, in.value, 1
	}
	c.Reason = runNowReason
	return c, nil
}
