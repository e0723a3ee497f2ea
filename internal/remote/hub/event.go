package hub

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	goamqp "github.com/Azure/go-amqp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// eventOf is an event of the client as functions see one. Properties come in the
// order of their names: the client has lost that of the sender.
func eventOf(e *azeventhubs.ReceivedEventData) hub.Event {
	out := hub.Event{Body: e.Body, Sequence: e.SequenceNumber, Offset: e.Offset}
	if e.EnqueuedTime != nil {
		out.EnqueuedAt = *e.EnqueuedTime
	}
	if e.PartitionKey != nil {
		out.PartitionKey = *e.PartitionKey
	}
	m := e.RawAMQPMessage
	if len(m.Body.Data) != 1 {
		out.Body = bodyOf(&m.Body)
	}
	besides := eventdata.Decoded{Application: ordered(m.ApplicationProperties), Annotations: annotations(m.MessageAnnotations), Standard: standardOf(m.Properties)}
	shown := besides.Show()
	out.Properties, out.System, out.TraceParent = shown.Properties, shown.System, shown.TraceParent
	return out
}

// bodyOf is the body of a message that is not one section of data.
func bodyOf(b *azeventhubs.AMQPAnnotatedMessageBody) []byte {
	switch {
	case len(b.Data) > 0:
		return slices.Concat(b.Data...)
	case len(b.Sequence) > 0:
		return eventdata.ValueBody(valueOf(b.Sequence[len(b.Sequence)-1]))
	case b.Value != nil:
		return eventdata.ValueBody(valueOf(b.Value))
	}
	return nil
}

func ordered(properties map[string]any) amqp.Map {
	if len(properties) == 0 {
		return nil
	}
	out := make(amqp.Map, 0, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		out = append(out, amqp.Entry{Key: name, Value: valueOf(properties[name])})
	}
	return out
}

// everyEvent is how many annotations an event has that are fields of its own: number,
// offset and time.
const everyEvent = 3

// annotations are those of a message whose names are texts.
func annotations(all map[any]any) amqp.Map {
	if len(all) <= everyEvent {
		return nil
	}
	named := make(map[string]any, len(all))
	for k, v := range all {
		if name, ok := k.(string); ok {
			named[name] = v
		}
	}
	return ordered(named)
}

func standardOf(p *azeventhubs.AMQPAnnotatedMessageProperties) *amqp.Properties {
	if p == nil {
		return nil
	}
	return &amqp.Properties{
		MessageID: valueOf(p.MessageID), UserID: p.UserID, To: at(p.To), Subject: at(p.Subject), ReplyTo: at(p.ReplyTo),
		CorrelationID: valueOf(p.CorrelationID), ContentType: amqp.Symbol(at(p.ContentType)), ContentEncoding: amqp.Symbol(at(p.ContentEncoding)),
		AbsoluteExpiryTime: at(p.AbsoluteExpiryTime), CreationTime: at(p.CreationTime),
		GroupID: at(p.GroupID), GroupSequence: p.GroupSequence, ReplyToGroupID: at(p.ReplyToGroupID),
	}
}

// at is what a pointer points at, or nothing.
func at[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// valueOf is a value that the client has decoded as our own codec decodes it.
func valueOf(v any) amqp.Value {
	switch v := v.(type) {
	case nil, bool, string, []byte, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64:
		return v
	case goamqp.UUID:
		return amqp.UUID(v)
	case map[string]any:
		return ordered(v)
	case map[any]any:
		out := make(amqp.Map, 0, len(v))
		for k, item := range v {
			out = append(out, amqp.Entry{Key: valueOf(k), Value: valueOf(item)})
		}
		slices.SortFunc(out, func(a, b amqp.Entry) int { return cmp.Compare(fmt.Sprint(a.Key), fmt.Sprint(b.Key)) })
		return out
	}
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice { // lists, and arrays of each type
		out := make([]any, list.Len())
		for i := range out {
			out[i] = valueOf(list.Index(i).Interface())
		}
		return out
	}
	return v // times, and what is shown as its text
}

// sentValue is a value of ours as the client encodes it.
func sentValue(v amqp.Value) (any, error) {
	switch v := v.(type) {
	case amqp.UUID:
		return goamqp.UUID(v), nil
	case amqp.Symbol:
		return string(v), nil
	case amqp.Char, amqp.Described, amqp.Map, amqp.Array, []any:
		return nil, fault.New(fault.Invalid, "", "a value of type %T cannot be sent as a property", v)
	}
	return v, nil
}
