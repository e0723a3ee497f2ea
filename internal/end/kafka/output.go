package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// eventOutput is a kafka output binding: see binding.Events for what its value may be.
// An event that is a JSON object with the names of an envelope, as a trigger has it,
// is one: its value, key and headers are what is sent. The headers' values are texts
// there.
//
// Supported properties: brokerList, topic (which may have {placeholders}),
// maxMessageBytes, enableIdempotence, messageTimeoutMs, requestTimeoutMs, maxRetries,
// lingerMs, and those of readCluster.
type eventOutput struct {
	cluster cluster
	text    string // the topic as declared
	topic   *expr.Template
	options []kgo.Opt
	opened  *output.Opened[string, *producer]
}

func newOutput(s output.Setup, opened *output.Opened[string, *producer]) (*eventOutput, error) {
	b := s.Binding
	o := &eventOutput{text: b.Text("topic"), opened: opened}
	var err error
	if o.topic, err = output.NameTemplate(b, "topic"); err != nil {
		return nil, err
	}
	if o.cluster, err = readCluster(b, s.Settings, s.Dir); err != nil {
		return nil, err
	}
	if kind := plainName(b.Text("keyDataType")); kind != "" && kind != "string" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "keyDataType %s is not supported: keys are text", b.Text("keyDataType"))
	}
	b.Ignored("batchSize", "how much goes out together is bounded by maxMessageBytes")
	o.options, err = producing(b)
	return o, err
}

// producing is what a binding says of sending, with the vendor's defaults.
func producing(b *binding.Binding) ([]kgo.Opt, error) {
	numbers := map[string]int{"maxMessageBytes": 1_000_000, "messageTimeoutMs": 300_000, "requestTimeoutMs": 5_000, "maxRetries": 1<<31 - 1, "lingerMs": 5}
	for name, standard := range numbers {
		n, err := b.Int(name, standard)
		if err != nil {
			return nil, err
		}
		if n < 0 || n == 0 && name != "maxRetries" && name != "lingerMs" {
			return nil, fault.New(fault.Invalid, "binding "+b.Name, "%s must be positive, is %d", name, n)
		}
		numbers[name] = n
	}
	ms := func(name string) time.Duration { return time.Duration(numbers[name]) * time.Millisecond }
	options := []kgo.Opt{
		kgo.ProducerBatchMaxBytes(int32(numbers["maxMessageBytes"])), kgo.RecordDeliveryTimeout(max(ms("messageTimeoutMs"), time.Second)),
		kgo.ProduceRequestTimeout(max(ms("requestTimeoutMs"), 100*time.Millisecond)), kgo.RecordRetries(numbers["maxRetries"]), kgo.ProducerLinger(ms("lingerMs")),
		kgo.AllowAutoTopicCreation(),
	}
	once, err := b.Bool("enableIdempotence")
	if !once {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	return options, err
}

// Place is the topic, named as declared.
func (o *eventOutput) Place() trigger.Place {
	host, _, _ := strings.Cut(o.cluster.brokers[0], ":")
	return trigger.Place{Host: strings.ToLower(host), Target: o.text}
}

// producer is a connection to a cluster that lives as long as the process: outputs
// come and go with the app's code.
type producer struct{ *kgo.Client }

// Write sends the value's events, and returns when all are acknowledged.
func (o *eventOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	bodies, err := binding.Events(v)
	if err != nil || len(bodies) == 0 {
		return output.Written{}, err
	}
	topic, err := o.topic.Expand(values)
	if err != nil {
		return output.Written{}, err
	}
	records := make([]*kgo.Record, len(bodies))
	for i, body := range bodies {
		records[i] = outgoing(topic, body)
	}
	open := func(context.Context) (*producer, error) {
		client, err := kgo.NewClient(append(append([]kgo.Opt{}, o.cluster.options...), o.options...)...)
		return &producer{client}, err
	}
	err = o.opened.Use(ctx, o.cluster.key, open, func(p *producer) error {
		for i, result := range p.ProduceSync(ctx, records...) {
			if result.Err != nil {
				return fmt.Errorf("event %d of %d to topic %s: %w", i+1, len(records), topic, result.Err)
			}
		}
		return nil
	})
	if err != nil {
		return output.Written{}, err
	}
	return output.Written{Events: len(records)}, nil
}

func outgoing(topic string, body []byte) *kgo.Record {
	if r, ok := readEnvelope(body); ok {
		r.Topic = topic
		return r
	}
	return &kgo.Record{Topic: topic, Value: body}
}

// readEnvelope reads an event that is an envelope: an object with all of the names
// that the vendor's extension asks for.
func readEnvelope(body []byte) (*kgo.Record, bool) {
	if len(body) == 0 || body[0] != '{' {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return nil, false
	}
	for _, name := range []string{"Offset", "Partition", "Topic", "Timestamp", "Value", "Headers"} {
		if _, there := fields[name]; !there {
			return nil, false
		}
	}
	r := &kgo.Record{Value: textOrJSON(fields["Value"]), Key: textOrJSON(fields["Key"])}
	var headers []struct {
		Key   string
		Value json.RawMessage
	}
	if err := json.Unmarshal(fields["Headers"], &headers); err != nil {
		return nil, false
	}
	for _, h := range headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: textOrJSON(h.Value)})
	}
	return r, true
}

// textOrJSON is a text bare and any other value as JSON; null is nothing.
func textOrJSON(raw json.RawMessage) []byte {
	var s string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		return []byte(s)
	}
	return raw
}
