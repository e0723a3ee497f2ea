package trigger

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
)

// EventByHand makes the invocation for one event that somebody typed in.
func EventByHand(b *binding.Binding, input string, now time.Time) Call {
	e := Event{Body: []byte(input), Offset: "0", EnqueuedAt: now}
	context := partitionContext("", b.Text("eventHubName"), first(b.Text("consumerGroup"), "$Default"), "0", "")
	if b.Many {
		return batchCall([]Event{e}, b.DataType, context, "")
	}
	return singleCall(&e, b.DataType, context, "")
}

// DocumentsByHand makes a change feed's data of a text that holds a document
// or an array of documents.
func DocumentsByHand(input string) (*funcrpc.TypedData, error) {
	docs, err := binding.SplitDocuments([]byte(input))
	if err != nil || !json.Valid([]byte(input)) || len(docs) == 0 {
		return nil, fault.New(fault.Invalid, "input", "must be a JSON document or an array of documents")
	}
	array := input
	if strings.TrimSpace(input)[0] == '{' {
		array = "[" + input + "]"
	}
	return jsonText(array), nil
}

// TimerByHand makes the invocation of a timer that somebody runs by hand. The
// input means nothing to a timer.
func TimerByHand(now time.Time) Call { return timerCall(nil, now, false) }
