package functions

import (
	"encoding/json"
	"fmt"
	"time"
)

// Event is one event of an event hub.
type Event struct {
	// Body is the event's payload, as the sender wrote it. The handler owns it.
	Body []byte

	// PartitionKey is the key the sender gave, or empty.
	PartitionKey string
	// PartitionID is the partition that holds the event.
	PartitionID string
	// SequenceNumber counts the events of a partition.
	SequenceNumber int64
	// Offset is the event's position in its partition, an opaque text.
	Offset string
	// EnqueuedTime is when the hub stored the event, in UTC.
	EnqueuedTime time.Time

	// Properties are the sender's application properties.
	Properties Properties
	// SystemProperties are those the service set.
	SystemProperties Properties
}

// Decode parses the body as JSON into v, with the rules of [json.Unmarshal].
// An error names the event by its sequence number.
func (e Event) Decode(v any) error {
	if err := json.Unmarshal(e.Body, v); err != nil {
		return fmt.Errorf("event %d: %w", e.SequenceNumber, err)
	}
	return nil
}

// Properties is a set of named values, kept as the JSON object it arrived as
// and parsed when it is looked into, because most events' never are.
type Properties json.RawMessage

// Map returns the properties by name; values are those of [json.Unmarshal]
// into any. Text that is not a JSON object gives an empty map.
func (p Properties) Map() map[string]any {
	m := map[string]any{}
	if len(p) > 0 && json.Unmarshal(p, &m) != nil || m == nil {
		return map[string]any{}
	}
	return m
}

// Get returns one property as text, or "" when it is absent: strings as they
// are, everything else as JSON.
func (p Properties) Get(name string) string {
	var m map[string]json.RawMessage
	if len(p) == 0 || json.Unmarshal(p, &m) != nil {
		return ""
	}
	raw, ok := m[name]
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// MarshalJSON returns the object itself.
func (p Properties) MarshalJSON() ([]byte, error) {
	if len(p) == 0 {
		return []byte("{}"), nil
	}
	return p, nil
}
