package servicebus

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// How messages look to a function, as the vendor's extension has it: text unless the
// function wants bytes, and beside it what is said of the message, for a batch in
// arrays whose names end in Array. Python tells one message from a batch by
// UserProperties and UserPropertiesArray, so these are always there.

// message is a message as functions see it.
type message struct {
	*azservicebus.ReceivedMessage
}

// typedIn is a message with the text that somebody typed in.
func typedIn(text string, now time.Time) *message {
	n := int64(0)
	return &message{&azservicebus.ReceivedMessage{Body: []byte(text), MessageID: "by-hand", DeliveryCount: 1, EnqueuedTime: &now, SequenceNumber: &n}}
}

// fields is what is said of a message; nil is not said. Times are UTC.
// How long it lives is not told, as on Azure: ExpiresAtUtc says it.
func (m *message) fields() []field {
	properties := m.ApplicationProperties
	if properties == nil {
		properties = map[string]any{}
	}
	token := hex.EncodeToString(m.LockToken[:])
	token = strings.Join([]string{token[:8], token[8:12], token[12:16], token[16:20], token[20:]}, "-")
	return []field{
		{"ApplicationProperties", plain(properties)},
		{"UserProperties", plain(properties)},
		{"ContentType", text(m.ContentType)},
		{"CorrelationId", text(m.CorrelationID)},
		{"DeadLetterErrorDescription", text(m.DeadLetterErrorDescription)},
		{"DeadLetterReason", text(m.DeadLetterReason)},
		{"DeadLetterSource", text(m.DeadLetterSource)},
		{"DeliveryCount", m.DeliveryCount},
		{"EnqueuedSequenceNumber", number(m.EnqueuedSequenceNumber)},
		{"EnqueuedTimeUtc", instant(m.EnqueuedTime)},
		{"ExpiresAtUtc", instant(m.ExpiresAt)},
		{"Label", text(m.Subject)},
		{"Subject", text(m.Subject)},
		{"LockToken", token},
		{"LockedUntil", instant(m.LockedUntil)},
		{"MessageId", m.MessageID},
		{"PartitionKey", text(m.PartitionKey)},
		{"ReplyTo", text(m.ReplyTo)},
		{"ReplyToSessionId", text(m.ReplyToSessionID)},
		{"ScheduledEnqueueTimeUtc", instant(m.ScheduledEnqueueTime)},
		{"SequenceNumber", number(m.SequenceNumber)},
		{"SessionId", text(m.SessionID)},
		{"State", int(m.State)},
		{"To", text(m.To)},
	}
}

// field is something that is said of a message, by the vendor's name.
type field struct {
	name  string
	value any
}

// The functions below make nil of what is not said, and not a pointer to nothing.

func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func number(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

func instant(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.0000000Z")
}

// plain are properties as JSON takes them.
func plain(properties map[string]any) map[string]any {
	out := make(map[string]any, len(properties))
	for name, v := range properties {
		if _, err := json.Marshal(v); err != nil {
			v = fmt.Sprint(v) // as NaN, which JSON has not
		}
		out[name] = v
	}
	return out
}

func asJSON(v any) *funcrpc.TypedData {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // fields always encode
	}
	return trigger.JSON(string(b))
}

func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD") // protobuf refuses any other
}

func binary(t binding.DataType) bool { return t == binding.Binary || t == binding.Stream }

// singleCall makes the invocation for one message.
func singleCall(m *message, dataType binding.DataType, reason string) trigger.Call {
	body := trigger.Text(valid(m.Body))
	if binary(dataType) {
		body = trigger.Bytes(m.Body)
	}
	metadata, values := map[string]*funcrpc.TypedData{}, map[string]string{}
	for _, f := range m.fields() {
		if f.value == nil {
			continue
		}
		metadata[f.name] = asJSON(f.value)
		if s, ok := f.value.(string); ok {
			metadata[f.name] = trigger.Text(s)
		}
		values[strings.ToLower(f.name)] = strings.Trim(metadata[f.name].GetString_()+metadata[f.name].GetJson(), `"`)
	}
	trigger.ExpandPayload(metadata, m.Body)
	c := trigger.Call{
		Reason: reason, Details: details(m), Items: 1, Metadata: metadata,
		Data: func(worker.Capabilities) *funcrpc.TypedData { return body },
		Values: func(name string) (string, bool) {
			if v, ok := trigger.LookupJSON(m.Body, name); ok {
				return v, true
			}
			v, ok := values[strings.ToLower(name)]
			return v, ok
		},
	}
	c.CausedBy(1, func(int) trigger.Link { return linkOf(m) })
	return c
}

// batchCall makes the invocation for a batch.
func batchCall(all []*message, dataType binding.DataType, reason string) trigger.Call {
	texts, bodies := make([]string, len(all)), make([][]byte, len(all))
	arrays, order := map[string][]any{}, []string{}
	for i, m := range all {
		texts[i], bodies[i] = valid(m.Body), m.Body
		if m.Body == nil {
			bodies[i] = []byte{}
		}
		for _, f := range m.fields() {
			if i == 0 {
				order = append(order, f.name)
			}
			arrays[f.name] = append(arrays[f.name], f.value)
		}
	}
	metadata := make(map[string]*funcrpc.TypedData, len(order))
	for _, name := range order {
		metadata[name+"Array"] = asJSON(arrays[name])
	}
	c := trigger.Call{
		Reason: reason, Details: details(all[0]), Items: len(all), Metadata: metadata,
		Data: func(caps worker.Capabilities) *funcrpc.TypedData {
			switch {
			case !caps.Has(worker.TypedDataCollection) && binary(dataType):
				return asJSON(bodies)
			case !caps.Has(worker.TypedDataCollection):
				return asJSON(texts)
			case binary(dataType):
				return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: bodies}}}
			}
			return trigger.Strings(texts)
		},
	}
	c.CausedBy(len(all), func(i int) trigger.Link { return linkOf(all[i]) })
	return c
}

func details(m *message) string {
	return fmt.Sprintf("MessageId: %s, DeliveryCount: %d, EnqueuedTimeUtc: %v, LockedUntilUtc: %v, SessionId: %v", m.MessageID, m.DeliveryCount, instant(m.EnqueuedTime), instant(m.LockedUntil), text(m.SessionID))
}

// linkOf says where a message comes from.
func linkOf(m *message) (l trigger.Link) {
	if m.EnqueuedTime != nil {
		l.Enqueued = *m.EnqueuedTime
	}
	for _, name := range []string{"traceparent", "Diagnostic-Id"} {
		if s, ok := m.ApplicationProperties[name].(string); ok {
			l.TraceParent = s
			break
		}
	}
	return l
}
