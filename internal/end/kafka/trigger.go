package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Trigger hands the events of a topic to a function, as a member of a consumer group
// that hosts here and on Azure share.
//
// Supported binding properties: brokerList, topic, consumerGroup, cardinality,
// dataType, lagThreshold, and those of readCluster. Of host.json it heeds
// extensions.kafka (see Config).
type Trigger struct {
	o         trigger.Setup
	config    Config
	cluster   cluster
	topic     string
	group     string
	many      bool
	dataType  binding.DataType
	threshold int
	positions positions

	partitions atomic.Int64 // of the topic; 0 until it was reached
}

// DefaultGroup is the consumer group of a binding that names none.
const DefaultGroup = "$Default"

// defaultLag is the lagThreshold of a binding that has none: how many events an
// instance is thought to keep up with.
const defaultLag = 1000

// NewTrigger checks the declaration.
func NewTrigger(s trigger.Setup) (*Trigger, error) {
	b := s.Binding
	b.Heeds("cardinality", "dataType")
	t := &Trigger{o: s, topic: b.Text("topic"), group: b.Text("consumerGroup"), many: b.Many, dataType: b.DataType}
	var err error
	if t.config, err = ReadConfig(s.Config); err != nil {
		return nil, err
	}
	if t.cluster, err = readCluster(b, s.Settings, s.Dir); err != nil {
		return nil, err
	}
	if t.threshold, err = b.Int("lagThreshold", defaultLag); err != nil {
		return nil, err
	}
	if t.threshold < 1 {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "lagThreshold must be positive, is %d", t.threshold)
	}
	if t.topic == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs topic")
	}
	if t.group == "" {
		t.group = DefaultGroup
	}
	if kind := plainName(b.Text("keyDataType")); kind != "" && kind != "string" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "keyDataType %s is not supported: keys are text", b.Text("keyDataType"))
	}
	return t, nil
}

// Source is the topic and the group.
func (t *Trigger) Source() trigger.Source {
	host, _, err := net.SplitHostPort(t.cluster.brokers[0])
	if err != nil {
		host = t.cluster.brokers[0]
	}
	return trigger.Source{Words: t.describe(), Host: strings.ToLower(host), Target: t.topic, Group: t.group}
}

func (t *Trigger) describe() string { return "topic " + t.topic + ", group " + t.group }

// ByHand makes the invocation for one event: a batch of one for functions that take
// batches.
func (t *Trigger) ByHand(input string, now time.Time) (trigger.Call, error) {
	return t.call([]*kgo.Record{typedIn(t.topic, input, now)}), nil
}

// ByHandMany makes the invocation for a batch of events.
func (t *Trigger) ByHandMany(inputs []string, now time.Time) (trigger.Call, error) {
	if !t.many && len(inputs) > 1 {
		return trigger.Call{}, fault.New(fault.Invalid, "input", "the function takes one event at a time; this is a list of %d", len(inputs))
	}
	records := make([]*kgo.Record, len(inputs))
	for i, in := range inputs {
		records[i] = typedIn(t.topic, in, now)
		records[i].Offset = int64(i)
	}
	return t.call(records), nil
}

func (t *Trigger) call(records []*kgo.Record) trigger.Call {
	first := records[0]
	reason := fmt.Sprintf("Kafka event of topic %s, partition %d, offset %d", first.Topic, first.Partition, first.Offset)
	c := singleCall(first, t.dataType, reason)
	if t.many {
		c = batchCall(records, t.dataType, reason)
	}
	c.Letters = func() []letter.Item { return items(records) }
	return c
}

// items are the events as a dead letter keeps them.
func items(records []*kgo.Record) []letter.Item {
	all := make([]letter.Item, len(records))
	for i, r := range records {
		all[i] = letter.Item{
			Body: r.Value, Properties: json.RawMessage(asJSON(map[string]any{"headers": envelopeOf(r).Headers})), Partition: strconv.Itoa(int(r.Partition)),
			Offset: strconv.FormatInt(r.Offset, 10), SequenceNumber: r.Offset, PartitionKey: valid(r.Key), At: r.Timestamp,
		}
	}
	return all
}

// Backlog is how many events of the partitions that this host has are not processed yet.
func (t *Trigger) Backlog(context.Context) (scale.Backlog, error) {
	partitions := t.partitions.Load()
	if partitions == 0 {
		return scale.Backlog{}, fault.New(fault.Unavailable, "topic "+t.topic, "it has not been reached yet")
	}
	return scale.Backlog{Kind: scale.Kafka, Length: t.positions.lag(), Target: t.threshold, Partitions: int(partitions)}, nil
}

// Run pumps until ctx ends and its invocations have ended. A cluster or topic that is
// not there is waited for; an error of the group ends it, and the caller may run it
// again.
func (t *Trigger) Run(ctx context.Context) error {
	if err := t.await(ctx); err != nil {
		return trigger.IgnoreEnd(ctx, err)
	}
	pumps := newPumps(t)
	client, err := kgo.NewClient(append(append(t.config.options(), t.cluster.options...),
		kgo.ClientID(t.o.Owner), kgo.ConsumerGroup(t.group), kgo.ConsumeTopics(t.topic), kgo.DisableAutoCommit(),
		// What the vendor's host proposes: a group shared with it needs one in common.
		kgo.Balancers(kgo.RangeBalancer(), kgo.RoundRobinBalancer()),
		kgo.OnPartitionsAssigned(pumps.assigned), kgo.OnPartitionsRevoked(pumps.revoked), kgo.OnPartitionsLost(pumps.lost),
	)...)
	if err != nil {
		return fault.Wrap(fault.Invalid, "binding "+t.o.Binding.Name, err, "open Kafka")
	}
	defer client.CloseAllowingRebalance()
	defer pumps.end()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		for _, e := range fetches.Errors() {
			if ctx.Err() == nil && !kerr.IsRetriable(e.Err) {
				return fmt.Errorf("read %s: %w", t.describe(), e.Err)
			}
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) { pumps.hand(p.FetchPartition) })
		if err := pumps.failure(); err != nil {
			return err
		}
	}
	return nil
}

// longestSilence is how long a cluster has for an answer before it is said not to be
// reached.
const longestSilence = 10 * time.Second

// await waits until the cluster answers and has the topic. It asks by a client that
// tries once, so that the reason is known.
func (t *Trigger) await(ctx context.Context) error {
	defer t.o.Waits("")
	client, err := kgo.NewClient(append(slices.Clone(t.cluster.options), kgo.RequestRetries(0), kgo.DialTimeout(longestSilence))...)
	if err != nil {
		return fault.Wrap(fault.Invalid, "binding "+t.o.Binding.Name, err, "open Kafka")
	}
	defer client.Close()
	again := run.Backoff{First: 500 * time.Millisecond, Longest: 15 * time.Second}
	for said := ""; ; {
		clause := t.missing(ctx, client)
		if clause == "" || ctx.Err() != nil {
			return ctx.Err()
		}
		if clause != said {
			said = clause
			t.o.Waits(clause)
			t.o.Log.Info("the function waits", "for", clause, "topic", t.topic)
		}
		if err := again.Wait(ctx); err != nil {
			return err
		}
	}
}

// missing says what is not there, as a clause for people; "" is nothing.
func (t *Trigger) missing(ctx context.Context, client *kgo.Client) string {
	patience, cancel := context.WithTimeout(ctx, longestSilence)
	defer cancel()
	ask := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr(t.topic)
	ask.Topics = append(ask.Topics, topic)
	answer, err := ask.RequestWith(patience, client)
	switch {
	case err != nil:
		return fmt.Sprintf("Kafka at %s does not answer (%v)", strings.Join(t.cluster.brokers, ", "), err)
	case len(answer.Topics) == 0 || answer.Topics[0].ErrorCode == kerr.UnknownTopicOrPartition.Code:
		return "the topic " + t.topic + " does not exist"
	case answer.Topics[0].ErrorCode != 0:
		return fmt.Sprintf("the topic %s cannot be read (%v)", t.topic, kerr.ErrorForCode(answer.Topics[0].ErrorCode))
	}
	t.partitions.Store(int64(len(answer.Topics[0].Partitions)))
	return ""
}
