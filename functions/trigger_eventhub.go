package functions

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// EventHubTrigger says which events start a function registered with
// [App.EventHub] or [App.EventHubEach].
type EventHubTrigger struct {
	// Hub is the hub's name. It may be a setting in percent signs, "%HubName%".
	Hub string

	// Connection names the app setting that says how to reach the namespace: a
	// connection string, or the prefix of identity settings such as
	// NAME__fullyQualifiedNamespace. "EventHubConnection" when empty.
	Connection string

	// ConsumerGroup is the consumer group to read with: $Default when empty.
	ConsumerGroup string

	// Retry is what happens when an invocation fails: nothing when zero, so
	// that the host goes on to the next events.
	Retry Retry
}

// EventHub registers a function that is called with batches of events, all of
// one partition and in its order. The batch size is the host's
// (extensions.eventHubs.maxEventBatchSize of host.json).
//
// An error fails the invocation: the host repeats it when the trigger has a
// [Retry], and goes on to the next batch otherwise.
func (a *App) EventHub(name string, t EventHubTrigger, handle func(context.Context, []Event) error, bindings ...Binding) {
	a.add(name, &eventHubTrigger{EventHubTrigger: t, batch: handle}, t.Retry, handle == nil, bindings)
}

// EventHubEach registers a function that is called once per event, in order
// within a partition (cardinality "one"). [App.EventHub] is many times faster,
// because every call is a round trip between host and worker.
func (a *App) EventHubEach(name string, t EventHubTrigger, handle func(context.Context, Event) error, bindings ...Binding) {
	a.add(name, &eventHubTrigger{EventHubTrigger: t, each: handle}, t.Retry, handle == nil, bindings)
}

// eventHubTrigger has one of its two handlers.
type eventHubTrigger struct {
	EventHubTrigger
	batch func(context.Context, []Event) error
	each  func(context.Context, Event) error
}

func (t *eventHubTrigger) kind() string { return "eventHubTrigger" }

func (t *eventHubTrigger) problems() []string {
	if t.Hub == "" {
		return []string{"EventHubTrigger needs Hub"}
	}
	return nil
}

type eventHubBinding struct {
	Name          string `json:"name"`
	Type          string `json:"type"`
	Direction     string `json:"direction"`
	EventHubName  string `json:"eventHubName"`
	Connection    string `json:"connection"`
	ConsumerGroup string `json:"consumerGroup,omitempty"`
	Cardinality   string `json:"cardinality"`
	DataType      string `json:"dataType"`
}

// binding asks for bytes, so that a body reaches the handler as it was sent.
func (t *eventHubTrigger) binding() any {
	b := eventHubBinding{
		Name: "events", Type: t.kind(), Direction: "in",
		EventHubName: t.Hub, Connection: or(t.Connection, defaultHubs), ConsumerGroup: t.ConsumerGroup,
		Cardinality: "many", DataType: "binary",
	}
	if t.each != nil {
		b.Name, b.Cardinality = "event", "one"
	}
	return b
}

func (t *eventHubTrigger) decode(_ context.Context, c *call) (Input, error) {
	if t.each != nil {
		return decodeEvent(c.request)
	}
	events, err := decodeEvents(c.request)
	return Events(events), err
}

func (t *eventHubTrigger) handle(ctx context.Context, in Input) error {
	switch in := in.(type) {
	case Events:
		if t.batch != nil {
			return t.batch(ctx, in)
		}
	case Event:
		if t.each != nil {
			return t.each(ctx, in)
		}
	}
	if t.each != nil {
		return wrongInput(in, Event{})
	}
	return wrongInput(in, Events{})
}

// decodeEvents reads a batch: the bodies are the input, everything else comes
// as one list per field in the trigger's metadata.
func decodeEvents(req *funcrpc.InvocationRequest) ([]Event, error) {
	in, err := input(req, "events")
	if err != nil {
		return nil, err
	}
	payloads, err := bodies(in)
	if err != nil {
		return nil, err
	}
	events := make([]Event, len(payloads))
	partition := partitionID(req)
	for i := range events {
		events[i].Body, events[i].PartitionID = payloads[i], partition
	}
	system, err := objects(metadata(req, "SystemPropertiesArray"))
	if err == nil {
		err = fill(events, "SystemPropertiesArray", system, func(e *Event, v json.RawMessage) { e.SystemProperties = Properties(v) })
	}
	if err != nil {
		return nil, err
	}
	return events, fillColumns(req, events)
}

// fillColumns spreads the metadata's lists over the events.
func fillColumns(req *funcrpc.InvocationRequest, events []Event) error {
	return firstError(
		column(req, events, "SequenceNumberArray", numbers, func(e *Event, v int64) { e.SequenceNumber = v }),
		column(req, events, "OffsetArray", texts, func(e *Event, v string) { e.Offset = v }),
		column(req, events, "PartitionKeyArray", texts, func(e *Event, v string) { e.PartitionKey = v }),
		column(req, events, "EnqueuedTimeUtcArray", times, func(e *Event, v moment) { e.EnqueuedTime = v.Time }),
		column(req, events, "PropertiesArray", objects, func(e *Event, v json.RawMessage) { e.Properties = Properties(v) }),
	)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func column[T any](req *funcrpc.InvocationRequest, events []Event, name string,
	read func(*funcrpc.TypedData) ([]T, error), set func(*Event, T),
) error {
	values, err := read(metadata(req, name))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fill(events, name, values, set)
}

// fill gives each event its value. A list that is absent leaves the field
// empty; one of another length would give events each other's values, so it
// is refused.
func fill[T any](events []Event, name string, values []T, set func(*Event, T)) error {
	if len(values) == 0 {
		return nil
	}
	if len(values) != len(events) {
		return fmt.Errorf("%s has %d entries for %d events", name, len(values), len(events))
	}
	for i := range events {
		set(&events[i], values[i])
	}
	return nil
}

// decodeEvent reads a single event.
func decodeEvent(req *funcrpc.InvocationRequest) (Event, error) {
	in, err := input(req, "event")
	if err != nil {
		return Event{}, err
	}
	payload, err := body(in)
	if err != nil {
		return Event{}, err
	}
	e := Event{
		Body:         payload,
		PartitionKey: text(metadata(req, "PartitionKey")),
		PartitionID:  partitionID(req),
		Offset:       text(metadata(req, "Offset")),
	}
	if _, err := fmt.Sscan(text(metadata(req, "SequenceNumber")), &e.SequenceNumber); err != nil && metadata(req, "SequenceNumber") != nil {
		return Event{}, fmt.Errorf("SequenceNumber: %w", err)
	}
	if s := text(metadata(req, "EnqueuedTimeUtc")); s != "" {
		var m moment
		if err := m.parse(s); err != nil {
			return Event{}, err
		}
		e.EnqueuedTime = m.Time
	}
	e.Properties = Properties(text(metadata(req, "Properties")))
	e.SystemProperties = Properties(text(metadata(req, "SystemProperties")))
	return e, nil
}

func partitionID(req *funcrpc.InvocationRequest) string {
	var context struct {
		PartitionID json.RawMessage `json:"PartitionId"`
	}
	if json.Unmarshal([]byte(text(metadata(req, "PartitionContext"))), &context) != nil || context.PartitionID == nil {
		return ""
	}
	return unquote(context.PartitionID)
}
