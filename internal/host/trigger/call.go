package trigger

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
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
	// Links says where each item comes from; nil: nothing is known of that. See
	// CausedBy.
	Links []Link
	// Items is the number of events or documents handed over.
	Items int
	// Letters is each item as it came, for a function that has a place for what it
	// failed on; nil: there is nothing to keep. The bytes are valid until Invoke
	// returns.
	Letters func() []letter.Item
	// Settles is set for a message that is settled by itself: where nothing is let in
	// it is given back rather than held.
	Settles bool
}

// Invoker runs the function that a trigger belongs to.
type Invoker interface {
	// Invoke runs the function with all its retries. It returns nil when the
	// function and its outputs succeeded. When the host began to stop before
	// the function ran to an end, the error wraps ErrCancelled and the
	// position must not move. Any other error says that the function failed and that
	// this is done with: what the function asks for its failures (a place for what it
	// failed on) has been done, durably, and the position may move.
	Invoke(ctx context.Context, c Call) error
}

// LookupJSON finds a dotted name in a JSON object without regard to case, as
// text: strings bare, everything else as JSON.
func LookupJSON(doc []byte, name string) (string, bool) {
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

// ExpandPayload adds the top-level properties of a JSON object to the
// metadata, arrays excepted; a property of the payload wins over metadata of
// the same name, as in the vendor's host.
func ExpandPayload(metadata map[string]*funcrpc.TypedData, body []byte) {
	var object map[string]json.RawMessage
	if len(body) == 0 || body[0] != '{' || json.Unmarshal(body, &object) != nil {
		return
	}
	for name, raw := range object {
		var s string
		switch {
		case len(raw) == 0 || raw[0] == '[' || string(raw) == "null":
		case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
			metadata[name] = Text(s)
		default:
			metadata[name] = JSON(string(raw))
		}
	}
}

// Text is a value that is one text. What is no UTF-8 in it is replaced: a message with
// any other text ends a gRPC worker's stream, and all of its invocations with it.
func Text(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: strings.ToValidUTF8(s, "\uFFFD")}}
}

// JSON is a value that is JSON, made valid as Text's is.
func JSON(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: strings.ToValidUTF8(s, "\uFFFD")}}
}

// Bytes is a value that is bytes.
func Bytes(b []byte) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: b}}
}

// Strings is a list of texts.
func Strings(s []string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{
		CollectionString: &funcrpc.CollectionString{String_: s},
	}}
}

// Ints is a list of whole numbers.
func Ints(n []int64) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionSint64{
		CollectionSint64: &funcrpc.CollectionSInt64{Sint64: n},
	}}
}
