package binding

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Events takes the event bodies out of an output value, as Azure's host does:
// a JSON array, also one that comes as text, is one event for each element;
// any other JSON, text or bytes is one event; null or an empty value is none.
// A JSON string becomes its contents, all other JSON stays its text.
func Events(v *funcrpc.TypedData) ([][]byte, error) {
	switch d := v.GetData().(type) {
	case nil:
		return nil, nil
	case *funcrpc.TypedData_Json:
		return splitEvents(d.Json)
	case *funcrpc.TypedData_String_:
		if first := skipSpace([]byte(d.String_), 0); first < len(d.String_) && d.String_[first] == '[' && json.Valid([]byte(d.String_)) {
			return splitEvents(d.String_)
		}
		if d.String_ == "" {
			return nil, nil
		}
		return [][]byte{[]byte(d.String_)}, nil
	case *funcrpc.TypedData_Bytes:
		return [][]byte{d.Bytes}, nil
	case *funcrpc.TypedData_CollectionString:
		var bodies [][]byte
		for _, s := range d.CollectionString.GetString_() {
			bodies = append(bodies, []byte(s))
		}
		return bodies, nil
	case *funcrpc.TypedData_CollectionBytes:
		return d.CollectionBytes.GetBytes(), nil
	}
	return nil, fault.New(fault.Invalid, "output", "an event must be text, bytes or JSON, not %T", v.GetData())
}

func splitEvents(text string) ([][]byte, error) {
	raw := []byte(text)
	i := skipSpace(raw, 0)
	if i == len(raw) {
		return nil, nil
	}
	elements := []json.RawMessage{raw}
	if raw[i] == '[' {
		elements = nil
	} else if !json.Valid(raw) {
		return nil, fault.New(fault.Invalid, "output", "an event is not JSON, though its type says so")
	}
	if elements == nil {
		if err := json.Unmarshal(raw, &elements); err != nil {
			return nil, fault.Wrap(fault.Invalid, "output", err, "not a JSON array of events")
		}
	}
	bodies := make([][]byte, 0, len(elements))
	for _, e := range elements {
		if body, ok := eventBody(e); ok {
			bodies = append(bodies, body)
		}
	}
	return bodies, nil
}

// eventBody is the body that a JSON value stands for; null stands for none.
func eventBody(e json.RawMessage) ([]byte, bool) {
	switch i := skipSpace(e, 0); e[i] {
	case '"':
		var s string
		if json.Unmarshal(e, &s) == nil {
			return []byte(s), true
		}
	case 'n':
		return nil, false
	}
	return e, true
}
