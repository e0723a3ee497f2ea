package app

import (
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// maxEventBytes bounds a message that functions and stream jobs send, as the
// AMQP service bounds those of clients.
const maxEventBytes = 1 << 20

// EventSink opens a hub of this process for sending. A hub that does not exist
// is created when the project allows it.
func (s *sources) EventSink(_ context.Context, c settings.Connection, name string) (trigger.EventSink, error) {
	if err := s.check(c, "Event Hubs"); err != nil {
		return nil, err
	}
	hub, err := s.hub(name, broker.DefaultGroup)
	if err != nil {
		return nil, err
	}
	return &localEventSink{hub}, nil
}

// localEventSink appends to a hub of this process. Each body becomes a message
// of one Data section; the partition key is the record's own, from which every
// way of reading makes the x-opt-partition-key annotation.
type localEventSink struct{ hub *broker.Hub }

func (s *localEventSink) Send(ctx context.Context, events []trigger.OutgoingEvent) error {
	batches, err := s.batches(events)
	if err != nil {
		return err
	}
	results := make(chan broker.AppendResult, len(batches))
	for _, b := range batches {
		b.to.AppendContext(ctx, b.Append, func(r broker.AppendResult) { results <- r })
	}
	var first error
	for range batches {
		select {
		case r := <-results:
			if r.Err != nil && first == nil {
				first = fmt.Errorf("send to hub %s: %w", s.hub.Name(), r.Err)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return first
}

// eventBatch is what goes to one partition under one key, in order.
type eventBatch struct {
	broker.Append
	to *broker.Partition
}

// batches groups events by key. All without a key go to one partition, which
// changes from call to call.
func (s *localEventSink) batches(events []trigger.OutgoingEvent) ([]*eventBatch, error) {
	byKey := map[string]*eventBatch{}
	var all []*eventBatch
	for i, e := range events {
		record := amqp.AppendDataSection(nil, e.Body)
		if len(record) > maxEventBytes {
			return nil, fault.New(fault.TooLarge, "hub "+s.hub.Name(), "event %d has %d bytes; at most %d go into one", i+1, len(e.Body), maxEventBytes)
		}
		b := byKey[e.PartitionKey]
		if b == nil {
			b = &eventBatch{Append: broker.Append{Key: e.PartitionKey}}
			if e.PartitionKey == "" {
				b.to = s.hub.RoundRobin()
			} else {
				b.to = s.hub.Route(e.PartitionKey)
			}
			byKey[e.PartitionKey] = b
			all = append(all, b)
		}
		b.Records = append(b.Records, record)
	}
	return all, nil
}
