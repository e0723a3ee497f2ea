package app

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// streamProperties turns the sender's properties, a JSON object, into values of
// the query language. Texts, numbers and booleans keep their type; anything
// else is its JSON text.
func streamProperties(object []byte) []stream.Property {
	if len(object) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var fields map[string]any
	if dec.Decode(&fields) != nil {
		return nil
	}
	out := make([]stream.Property, 0, len(fields))
	for name, v := range fields {
		out = append(out, stream.Property{Name: name, Value: streamValue(v)})
	}
	slices.SortFunc(out, func(a, b stream.Property) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func streamValue(v any) streamsql.Value {
	switch v := v.(type) {
	case nil:
		return streamsql.NullValue
	case bool:
		return streamsql.BitValue(v)
	case string:
		return streamsql.StringValue(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return streamsql.BigIntValue(n)
		}
		if f, err := v.Float64(); err == nil {
			return streamsql.FloatValue(f)
		}
	}
	text, _ := json.Marshal(v) // it was JSON before
	return streamsql.StringValue(string(text))
}
