package trigger

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Call is one invocation that a trigger asks for.
type Call struct {
	// Reason appears in the "Executing" log line.
	Reason string
	// Details describes the trigger's data for the log, or is "".
	Details string
	// Data makes the trigger binding's value in the encoding that the worker
	// understands. It is called once per attempt.
	Data func(worker.Capabilities) *funcrpc.TypedData
	// Metadata is sent beside the data. It is shared by all attempts.
	Metadata map[string]*funcrpc.TypedData
	// Values finds {placeholders} of output bindings by dotted name; may be
	// nil.
	Values func(name string) (string, bool)
	// TraceParent continues the caller's trace, or is "" for a new one.
	TraceParent string
	// Items is the number of events or documents handed over.
	Items int
}

// Invoker runs the function that a trigger belongs to.
type Invoker interface {
	// Invoke runs the function with all its retries. It returns nil when the
	// function and its outputs succeeded. When the host began to stop before
	// the function ran to an end, the error wraps ErrCancelled and the
	// position must not move.
	Invoke(ctx context.Context, c Call) error
}

// lookupJSON finds a dotted name in a JSON object without regard to case, as
// text: strings bare, everything else as JSON.
func lookupJSON(doc []byte, name string) (string, bool) {
	raw := json.RawMessage(doc)
	for step := range strings.SplitSeq(name, ".") {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return "", false
		}
		next, ok := object[step]
		if !ok {
			for k, v := range object {
				if strings.EqualFold(k, step) {
					next, ok = v, true
					break
				}
			}
		}
		if !ok {
			return "", false
		}
		raw = next
	}
	var s string
	if json.Unmarshal(raw, &s) == nil && len(raw) > 0 && raw[0] == '"' {
		return s, true
	}
	return string(raw), true
}

// text, jsonText, stringsOf and intsOf make the encodings that triggers use.
func text(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
}

func jsonText(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: s}}
}

func bytesOf(b []byte) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: b}}
}

func stringsOf(s []string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{
		CollectionString: &funcrpc.CollectionString{String_: s},
	}}
}

func intsOf(n []int64) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionSint64{
		CollectionSint64: &funcrpc.CollectionSInt64{Sint64: n},
	}}
}
