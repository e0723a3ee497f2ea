package hub

import (
	"context"
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"golang.org/x/sync/errgroup"

	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// sink sends to a hub.
type sink struct {
	client *azeventhubs.ProducerClient
	at     place
}

// mostAtOnce is how many keys are sent at a time: each takes a way to the service and
// back.
const mostAtOnce = 32

// Send implements hub.Sink. What has one key, or none, goes in batches one after the
// other. Those without a key that do not fit into one batch may be in several
// partitions.
func (s *sink) Send(ctx context.Context, events []hub.Outgoing) error {
	byKey, err := s.batches(ctx, events)
	if err != nil {
		return err
	}
	sending, ctx2 := errgroup.WithContext(ctx)
	sending.SetLimit(mostAtOnce)
	for _, batches := range byKey {
		sending.Go(func() error {
			for _, b := range batches {
				if err := s.client.SendEventDataBatch(ctx2, b, nil); err != nil {
					return s.at.fault(ctx, err)
				}
			}
			return nil
		})
	}
	return sending.Wait()
}

// batches packs all events, so that one that does not fit is known before anything is
// sent. The batches of a key are a list, in the order of its events.
func (s *sink) batches(ctx context.Context, events []hub.Outgoing) ([][]*azeventhubs.EventDataBatch, error) {
	var all [][]*azeventhubs.EventDataBatch
	of := map[string]int{}
	for i, e := range events {
		data, err := s.data(e)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "hub "+s.at.name, err, "event %d", i+1)
		}
		n, begun := of[e.Key]
		if !begun {
			n = len(all)
			of[e.Key], all = n, append(all, nil)
		}
		if err := s.add(ctx, &all[n], e.Key, data); err != nil {
			if errors.Is(err, azeventhubs.ErrEventDataTooLarge) {
				return nil, fault.New(fault.TooLarge, "hub "+s.at.name, "event %d has %d bytes, more than the namespace takes", i+1, len(e.Body))
			}
			return nil, s.at.fault(ctx, err)
		}
	}
	return all, nil
}

// add puts an event into the last batch of its key, or a new one.
func (s *sink) add(ctx context.Context, to *[]*azeventhubs.EventDataBatch, key string, data *azeventhubs.EventData) error {
	if n := len(*to); n > 0 {
		err := (*to)[n-1].AddEventData(data, nil)
		if !errors.Is(err, azeventhubs.ErrEventDataTooLarge) {
			return err
		}
	}
	opts := &azeventhubs.EventDataBatchOptions{}
	if key != "" {
		opts.PartitionKey = &key
	}
	b, err := s.client.NewEventDataBatch(ctx, opts)
	if err != nil {
		return err
	}
	*to = append(*to, b)
	return b.AddEventData(data, nil)
}

func (s *sink) data(e hub.Outgoing) (*azeventhubs.EventData, error) {
	d := &azeventhubs.EventData{Body: e.Body}
	if len(e.Properties) > 0 {
		d.Properties = make(map[string]any, len(e.Properties))
	}
	for _, p := range e.Properties {
		name, ok := p.Key.(string)
		if !ok {
			return nil, fault.New(fault.Invalid, "", "the name of a property is no text")
		}
		var err error
		if d.Properties[name], err = sentValue(p.Value); err != nil {
			return nil, err
		}
	}
	return d, nil
}
