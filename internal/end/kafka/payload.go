package kafka

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// How Kafka's events look to a function, as the vendor's extension has it: as text an
// event is an envelope, a JSON object of offset, partition, topic, time, value, key
// and headers, and as bytes (dataType binary) it is its value alone. What is said of
// an event besides is metadata, in arrays whose names end in Array for batches;
// Python reads positions from numbers, topics from texts and the rest from JSON.

// timeLayout is the form of times: UTC with milliseconds, as Kafka keeps them.
const timeLayout = "2006-01-02T15:04:05.000Z"

// header is a header as functions see it.
type header struct {
	Key   string
	Value []byte // base64 in JSON
}

// envelope is an event as text. The names are the vendor's.
type envelope struct {
	Offset    int64
	Partition int32
	Topic     string
	Timestamp string
	Value     string
	Key       *string
	Headers   []header
}

func envelopeOf(r *kgo.Record) envelope {
	e := envelope{
		Offset: r.Offset, Partition: r.Partition, Topic: r.Topic, Timestamp: r.Timestamp.UTC().Format(timeLayout),
		Value: valid(r.Value), Headers: make([]header, len(r.Headers)),
	}
	if r.Key != nil {
		key := valid(r.Key)
		e.Key = &key
	}
	for i, h := range r.Headers {
		e.Headers[i] = header{h.Key, h.Value}
	}
	return e
}

// valid makes valid text of bytes: protobuf refuses any other.
func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and bytes always encode
	}
	return string(b)
}

// batchCall makes the invocation for a batch (cardinality many).
func batchCall(records []*kgo.Record, dataType binding.DataType, reason string) trigger.Call {
	n := len(records)
	envelopes, texts, bodies := make([]envelope, n), make([]string, n), make([][]byte, n)
	for i, r := range records {
		envelopes[i] = envelopeOf(r)
		texts[i], bodies[i] = asJSON(envelopes[i]), r.Value
		if bodies[i] == nil {
			bodies[i] = []byte{}
		}
	}
	c := trigger.Call{
		Reason: reason, Items: n, Metadata: batchMetadata(records, envelopes),
		Data: func(caps worker.Capabilities) *funcrpc.TypedData {
			switch {
			case !caps.Has(worker.TypedDataCollection) && binary(dataType):
				return trigger.JSON(asJSON(bodies))
			case !caps.Has(worker.TypedDataCollection):
				return trigger.JSON(asJSON(texts))
			case binary(dataType):
				return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: bodies}}}
			}
			return trigger.Strings(texts)
		},
	}
	c.CausedBy(n, func(i int) trigger.Link { return trigger.Link{TraceParent: traceParent(records[i])} })
	return c
}

func binary(t binding.DataType) bool { return t == binding.Binary || t == binding.Stream }

func batchMetadata(records []*kgo.Record, envelopes []envelope) map[string]*funcrpc.TypedData {
	n := len(records)
	offsets, topics := make([]int64, n), make([]string, n)
	keys, times, values := make([]*string, n), make([]string, n), make([]string, n)
	partitions, epochs, ends, headers := make([]int32, n), make([]int32, n), make([]bool, n), make([][]header, n)
	for i, e := range envelopes {
		offsets[i], topics[i], keys[i], times[i], values[i] = e.Offset, e.Topic, e.Key, e.Timestamp, e.Value
		partitions[i], epochs[i], headers[i] = e.Partition, records[i].LeaderEpoch, e.Headers
	}
	return map[string]*funcrpc.TypedData{
		"OffsetArray": trigger.Ints(offsets), "TopicArray": trigger.Strings(topics),
		"KeyArray": trigger.JSON(asJSON(keys)), "TimestampArray": trigger.JSON(asJSON(times)), "ValueArray": trigger.JSON(asJSON(values)),
		"PartitionArray": trigger.JSON(asJSON(partitions)), "LeaderEpochArray": trigger.JSON(asJSON(epochs)),
		"IsPartitionEOFArray": trigger.JSON(asJSON(ends)), "HeadersArray": trigger.JSON(asJSON(headers)),
	}
}

// singleCall makes the invocation for one event (cardinality one). What a value that
// is a JSON object holds is offered to the expressions of outputs.
func singleCall(r *kgo.Record, dataType binding.DataType, reason string) trigger.Call {
	e := envelopeOf(r)
	body := trigger.Text(asJSON(e))
	if binary(dataType) {
		body = trigger.Bytes(r.Value)
	}
	metadata := map[string]*funcrpc.TypedData{
		"Offset": trigger.JSON(strconv.FormatInt(e.Offset, 10)), "Partition": trigger.JSON(strconv.Itoa(int(e.Partition))),
		"Topic": trigger.Text(e.Topic), "Timestamp": trigger.Text(e.Timestamp), "Value": trigger.Text(e.Value),
		"Headers": trigger.JSON(asJSON(e.Headers)), "LeaderEpoch": trigger.JSON(strconv.Itoa(int(r.LeaderEpoch))), "IsPartitionEOF": trigger.JSON("false"),
	}
	if e.Key != nil {
		metadata["Key"] = trigger.Text(*e.Key)
	}
	c := trigger.Call{
		Reason: reason, Items: 1, Metadata: metadata,
		Data:   func(worker.Capabilities) *funcrpc.TypedData { return body },
		Values: func(name string) (string, bool) { return valueOf(r, e, name) },
	}
	c.CausedBy(1, func(int) trigger.Link { return trigger.Link{TraceParent: traceParent(r)} })
	return c
}

func valueOf(r *kgo.Record, e envelope, name string) (string, bool) {
	if v, ok := trigger.LookupJSON(r.Value, name); ok {
		return v, true
	}
	switch strings.ToLower(name) {
	case "key":
		if e.Key != nil {
			return *e.Key, true
		}
	case "topic":
		return e.Topic, true
	case "partition":
		return strconv.Itoa(int(e.Partition)), true
	case "offset":
		return strconv.FormatInt(e.Offset, 10), true
	case "timestamp":
		return e.Timestamp, true
	case "value":
		return e.Value, true
	}
	return "", false
}

// traceParent is the sender's W3C trace context, or "".
func traceParent(r *kgo.Record) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Key, "traceparent") {
			return string(h.Value)
		}
	}
	return ""
}

// typedIn is an event that somebody typed in: the value, or an envelope.
func typedIn(topic, input string, now time.Time) *kgo.Record {
	r := &kgo.Record{Topic: topic, Value: []byte(input), Timestamp: now}
	if out, ok := readEnvelope([]byte(input)); ok {
		r.Key, r.Value, r.Headers = out.Key, out.Value, out.Headers
	}
	return r
}
