package hub

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// How Event Hubs events look to a function. Workers in every language decode
// exactly these shapes: values per event are arrays whose names end in Array,
// all as long as the batch, and SystemPropertiesArray repeats sequence number,
// offset, partition key and time because Python reads them only there.

// timeLayout is the form of times in metadata: UTC with milliseconds, as the
// broker keeps them.
const timeLayout = "2006-01-02T15:04:05.000Z"

// partitionContext describes where events come from, as JSON.
func partitionContext(namespace, hub, group, partition, owner string) string {
	b, _ := json.Marshal(map[string]any{
		"FullyQualifiedNamespace": namespace, "EventHubName": hub, "ConsumerGroup": group,
		"PartitionId": partition, "Owner": owner, "IsCheckpointingAfterInvocation": true,
	})
	return string(b)
}

// batchCall makes the invocation for a whole batch (cardinality many).
func batchCall(events []Event, dataType binding.DataType, context, details string) trigger.Call {
	c := trigger.Call{
		Reason:  "(null)", // what users of the vendor's host see and filter on
		Details: details,
		Items:   len(events),
		Data: func(caps worker.Capabilities) *funcrpc.TypedData {
			return batchData(events, dataType, caps)
		},
		Metadata: batchMetadata(events, context),
	}
	c.CausedBy(len(events), func(i int) trigger.Link { return linkOf(&events[i]) })
	return c
}

// linkOf says where an event comes from.
func linkOf(e *Event) trigger.Link {
	return trigger.Link{TraceParent: e.TraceParent, Enqueued: e.EnqueuedAt}
}

// batchData keeps empty bodies: workers demand as many bodies as properties.
func batchData(events []Event, dataType binding.DataType, caps worker.Capabilities) *funcrpc.TypedData {
	if !caps.Has(worker.TypedDataCollection) {
		return trigger.JSON(batchJSON(events, dataType))
	}
	if dataType == binding.Binary {
		all := make([][]byte, len(events))
		for i := range events {
			all[i] = events[i].Body
		}
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{
			CollectionBytes: &funcrpc.CollectionBytes{Bytes: all},
		}}
	}
	all := make([]string, len(events))
	for i := range events {
		all[i] = utf8Text(events[i].Body)
	}
	return trigger.Strings(all)
}

// batchJSON is the array for workers without typed collections: an element
// per event, base64 text for binary and a string otherwise.
func batchJSON(events []Event, dataType binding.DataType) string {
	all := make([]any, len(events))
	for i := range events {
		if dataType == binding.Binary {
			all[i] = events[i].Body
		} else {
			all[i] = utf8Text(events[i].Body)
		}
	}
	b, _ := json.Marshal(all)
	return string(b)
}

// utf8Text makes valid text of a body: protobuf refuses any other string.
func utf8Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func batchMetadata(events []Event, context string) map[string]*funcrpc.TypedData {
	n := len(events)
	keys, offsets, sequences := make([]string, n), make([]string, n), make([]int64, n)
	times := make([]byte, 0, n*(len(timeLayout)+3))
	properties := make([]byte, 0, n*64)
	system := make([]byte, 0, n*192)
	var at []byte // the event's time as JSON; events of a batch often share it
	for i := range events {
		e := &events[i]
		if i == 0 || !e.EnqueuedAt.Equal(events[i-1].EnqueuedAt) {
			at = appendTime(at[:0], e.EnqueuedAt)
		}
		keys[i], offsets[i], sequences[i] = e.PartitionKey, e.Offset, e.Sequence
		times = append(separator(times), at...)
		properties = appendObject(separator(properties), e.Properties)
		system = appendSystem(separator(system), e, at)
	}
	return map[string]*funcrpc.TypedData{
		"PartitionKeyArray":     trigger.Strings(keys),
		"OffsetArray":           trigger.Strings(offsets),
		"SequenceNumberArray":   trigger.Ints(sequences),
		"EnqueuedTimeUtcArray":  trigger.JSON(string(append(times, ']'))),
		"PropertiesArray":       trigger.JSON(string(append(properties, ']'))),
		"SystemPropertiesArray": trigger.JSON(string(append(system, ']'))),
		"PartitionContext":      trigger.JSON(context),
	}
}

// singleCall makes the invocation for one event (cardinality one). A JSON
// object's properties are offered to output expressions.
func singleCall(e *Event, dataType binding.DataType, context, details string) trigger.Call {
	body := trigger.Text(utf8Text(e.Body))
	if dataType == binding.Binary {
		body = trigger.Bytes(e.Body)
	}
	metadata := map[string]*funcrpc.TypedData{
		"Offset":           trigger.Text(e.Offset),
		"SequenceNumber":   trigger.JSON(strconv.FormatInt(e.Sequence, 10)),
		"EnqueuedTimeUtc":  trigger.JSON(string(appendTime(nil, e.EnqueuedAt))),
		"Properties":       trigger.JSON(string(appendObject(nil, e.Properties))),
		"SystemProperties": trigger.JSON(string(appendSystem(nil, e, appendTime(nil, e.EnqueuedAt)))),
		"PartitionContext": trigger.JSON(context),
	}
	if e.PartitionKey != "" {
		metadata["PartitionKey"] = trigger.Text(e.PartitionKey)
	}
	trigger.ExpandPayload(metadata, e.Body)
	c := trigger.Call{
		Reason: "(null)", Details: details, Items: 1, Metadata: metadata,
		Data: func(worker.Capabilities) *funcrpc.TypedData { return body },
		Values: func(name string) (string, bool) {
			if v, ok := trigger.LookupJSON(e.Body, name); ok {
				return v, true
			}
			return eventValue(e, name)
		},
	}
	c.CausedBy(1, func(int) trigger.Link { return linkOf(e) })
	return c
}

func eventValue(e *Event, name string) (string, bool) {
	switch strings.ToLower(name) {
	case "partitionkey":
		return e.PartitionKey, true
	case "offset":
		return e.Offset, true
	case "sequencenumber":
		return strconv.FormatInt(e.Sequence, 10), true
	case "enqueuedtimeutc":
		return e.EnqueuedAt.UTC().Format(timeLayout), true
	}
	return "", false
}

// separator opens an array or continues it.
func separator(b []byte) []byte {
	if len(b) == 0 {
		return append(b, '[')
	}
	return append(b, ',')
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}

func appendObject(b, object []byte) []byte {
	if len(object) == 0 {
		return append(b, "{}"...)
	}
	return append(b, object...)
}

// appendSystem writes the event's system properties: the broker's four, then
// those of the message. at is the enqueued time as JSON.
func appendSystem(b []byte, e *Event, at []byte) []byte {
	b = append(b, `{"SequenceNumber":`...)
	b = strconv.AppendInt(b, e.Sequence, 10)
	b = append(b, `,"Offset":"`...)
	b = append(b, e.Offset...)
	b = append(b, `","PartitionKey":`...)
	b = appendKey(b, e.PartitionKey)
	b = append(b, `,"EnqueuedTimeUtc":`...)
	b = append(b, at...)
	if len(e.System) > 2 { // more than {}
		b = append(b, ',')
		return append(b, e.System[1:]...)
	}
	return append(b, '}')
}

// appendKey writes a partition key, null for none. Keys are nearly always
// plain ASCII, which needs no escaping.
func appendKey(b []byte, key string) []byte {
	if key == "" {
		return append(b, "null"...)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) {
		quoted, _ := json.Marshal(key)
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"')
}

// triggerDetails is the line that users know from the vendor's log.
func triggerDetails(partition string, events []Event) string {
	first, last := &events[0], &events[len(events)-1]
	return fmt.Sprintf("PartitionId: %s, Offset: %s-%s, EnqueueTimeUtc: %s-%s, SequenceNumber: %d-%d, Count: %d",
		partition, first.Offset, last.Offset,
		first.EnqueuedAt.UTC().Format(timeLayout), last.EnqueuedAt.UTC().Format(timeLayout),
		first.Sequence, last.Sequence, len(events))
}

// Had reads the line that triggerDetails wrote: the partition, and the first and
// last sequence number of the run's events.
func Had(details string) (partition string, first, last int64, ok bool) {
	rest, ok := strings.CutPrefix(details, "PartitionId: ")
	if !ok {
		return "", 0, 0, false
	}
	partition, _, _ = strings.Cut(rest, ",")
	_, numbers, _ := strings.Cut(rest, ", SequenceNumber: ")
	n, err := fmt.Sscanf(numbers, "%d-%d", &first, &last)
	return partition, first, last, err == nil && n == 2
}
