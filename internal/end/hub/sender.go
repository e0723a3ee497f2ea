package hub

import (
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxEventBytes bounds a message that functions and stream jobs send, as the
// AMQP service bounds those of clients.
const maxEventBytes = 1 << 20

// Outgoing is an event to send.
type Outgoing struct {
	Body       []byte
	Key        string   // partition key; "": any partition
	Properties amqp.Map // application properties
}

// Sender appends to a hub, which it finds by name at each call.
type Sender struct {
	Hubs Hubs
	Name string
	May  func() error // says whether it may be sent now; nil: it may
}

// Send appends all events and returns when all are durable, or with the first
// error; then others may have been sent. Events of one partition key stay in
// their order; those without a key stay together in one partition. The partition
// key is the record's own, from which every way of reading makes the
// x-opt-partition-key annotation. One event that is too large is
// fault.TooLarge, and then nothing is sent.
func (s *Sender) Send(ctx context.Context, events []Outgoing) error {
	if s.May != nil {
		if err := s.May(); err != nil {
			return err
		}
	}
	hub, err := s.Hubs.Hub(s.Name)
	if err != nil {
		return err
	}
	batches, err := batchesOf(hub, events)
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
				first = fmt.Errorf("send to hub %s: %w", s.Name, r.Err)
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

// batchesOf groups events by key. All without a key go to one partition, which
// changes from call to call.
func batchesOf(hub *broker.Hub, events []Outgoing) ([]*eventBatch, error) {
	byKey := map[string]*eventBatch{}
	var all []*eventBatch
	for i, e := range events {
		record, err := eventdata.Message{Body: e.Body, Properties: e.Properties}.Append(nil)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "hub "+hub.Name(), err, "event %d", i+1)
		}
		if len(record) > maxEventBytes {
			return nil, fault.New(fault.TooLarge, "hub "+hub.Name(), "event %d has %d bytes; at most %d go into one", i+1, len(e.Body), maxEventBytes)
		}
		b := byKey[e.Key]
		if b == nil {
			b = &eventBatch{Append: broker.Append{Key: e.Key}}
			if e.Key == "" {
				b.to = hub.RoundRobin()
			} else {
				b.to = hub.Route(e.Key)
			}
			byKey[e.Key] = b
			all = append(all, b)
		}
		b.Records = append(b.Records, record)
	}
	return all, nil
}
