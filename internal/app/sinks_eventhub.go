package app

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// EventSink opens a hub of this process for sending. A hub that does not exist
// is created when the project allows it.
func (s *sources) EventSink(_ context.Context, c settings.Connection, name string) (trigger.EventSink, error) {
	if err := s.check(c, "Event Hubs"); err != nil {
		return nil, err
	}
	if _, err := s.hub(name, broker.DefaultGroup); err != nil {
		return nil, err
	}
	return localEventSink{hub.Sender{Hubs: s.broker, Name: name}}, nil
}

// localEventSink is a hub of this process as functions send to it.
type localEventSink struct{ to hub.Sender }

func (s localEventSink) Send(ctx context.Context, events []trigger.OutgoingEvent) error {
	out := make([]hub.Outgoing, len(events))
	for i, e := range events {
		out[i] = hub.Outgoing{Body: e.Body, Key: e.PartitionKey}
	}
	return s.to.Send(ctx, out)
}
