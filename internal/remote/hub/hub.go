package hub

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Open implements hub.Service: the hub is asked what it is, so that one that is not
// there fails now.
func (s *Service) Open(ctx context.Context, c settings.Connection, name string, as hub.Consumer) (hub.Hub, error) {
	client, err := s.consumer(c, name, as)
	if err != nil {
		return nil, err
	}
	h := &openHub{at: place{s, c, name}, client: client, as: as, changed: make(chan struct{})}
	if h.is, err = h.ask(ctx); err != nil {
		h.closeClient()
		return nil, err
	}
	every := s.Look
	if every == 0 {
		every = everyLook
	}
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	h.looks.Go(func() { h.look(looking, every) })
	return h, nil
}

// openHub is a hub with a connection of its own.
type openHub struct {
	at      place
	client  *azeventhubs.ConsumerClient
	as      hub.Consumer
	is      azeventhubs.EventHubProperties
	changed chan struct{} // closed by look
	stop    context.CancelFunc
	looks   sync.WaitGroup
}

func (h *openHub) ask(ctx context.Context) (azeventhubs.EventHubProperties, error) {
	bounded, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	is, err := h.client.GetEventHubProperties(bounded, nil)
	return is, h.at.fault(ctx, err)
}

// look closes changed when the hub is gone, another one or has other partitions. What
// cannot be asked is left to the readers.
func (h *openHub) look(ctx context.Context, every time.Duration) {
	for run.Pause(ctx, every) == nil {
		now, err := h.ask(ctx)
		if fault.Is(err, fault.NotFound) || err == nil && (!now.CreatedOn.Equal(h.is.CreatedOn) || !slices.Equal(now.PartitionIDs, h.is.PartitionIDs)) {
			close(h.changed)
			return
		}
	}
}

// Namespace implements hub.Hub.
func (h *openHub) Namespace() string { return h.at.service.Host(h.at.conn) }

// Partitions implements hub.Hub.
func (h *openHub) Partitions(context.Context) ([]string, error) {
	return slices.Clone(h.is.PartitionIDs), nil
}

// Changed implements hub.Hub.
func (h *openHub) Changed() <-chan struct{} { return h.changed }

// Remote implements hub.Hub.
func (h *openHub) Remote() bool { return true }

// Close implements hub.Hub.
func (h *openHub) Close() {
	h.stop()
	h.looks.Wait()
	h.closeClient()
}

func (h *openHub) closeClient() {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	_ = h.client.Close(ctx) // it fails when the connection is gone already
}

// Extent is the sequence numbers of a partition's first and last event; last is less
// than first when it is empty.
func (h *openHub) Extent(ctx context.Context, partition string) (first, last int64, err error) {
	p, err := h.client.GetPartitionProperties(ctx, partition, nil)
	if err != nil {
		return 0, 0, h.at.fault(ctx, err)
	}
	if p.IsEmpty {
		return p.LastEnqueuedSequenceNumber + 1, p.LastEnqueuedSequenceNumber, nil
	}
	return p.BeginningSequenceNumber, p.LastEnqueuedSequenceNumber, nil
}

// Last implements hub.Ender.
func (h *openHub) Last(ctx context.Context, partition string) (sequence int64, ok bool, err error) {
	first, last, err := h.Extent(ctx, partition)
	return last, err == nil && last >= first, err
}

// mostAhead is how much the client can fetch ahead.
const mostAhead = 5000

// Open implements hub.Hub.
func (h *openHub) Open(ctx context.Context, partition string, from hub.Position) (hub.Reader, error) {
	at, err := h.position(ctx, partition, from)
	if err != nil {
		return nil, err
	}
	opts := &azeventhubs.PartitionClientOptions{StartPosition: at, Prefetch: int32(min(h.as.Ahead, mostAhead))}
	if h.as.Owner != "" {
		opts.OwnerLevel = new(int64) // all processors have 0: the last one wins
	}
	p, err := h.client.NewPartitionClient(partition, opts)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "partition "+partition, err, "of hub %s", h.at.name)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return &reader{at: h.at, p: p, ended: ended}, nil
}

// position is where the client begins. The end is a number, because the client would
// look for it only with the first read, and pass over what came between.
func (h *openHub) position(ctx context.Context, partition string, from hub.Position) (at azeventhubs.StartPosition, err error) {
	switch from.Kind {
	case hub.FromEnd:
		_, last, err := h.Extent(ctx, partition)
		at.SequenceNumber = &last
		return at, err
	case hub.AfterOffset:
		at.Offset = &from.Offset
	case hub.AfterSequence:
		at.SequenceNumber = &from.Sequence
	case hub.FromTime:
		at.EnqueuedTime, at.Inclusive = &from.Time, true
	default:
		earliest := true
		at.Earliest = &earliest
	}
	return at, nil
}

// reader reads one partition.
type reader struct {
	at    place
	p     *azeventhubs.PartitionClient
	ended context.Context // has ended: asking with it takes what is there
}

// Read implements hub.Reader. The client waits until it has as many events as it is
// asked for: so it is asked for one, and then for what else has been fetched.
func (r *reader) Read(ctx context.Context, dst []hub.Event, max int) ([]hub.Event, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	events, err := r.p.ReceiveEvents(ctx, 1, nil)
	if err != nil {
		return dst, r.at.fault(ctx, err)
	}
	if max > 1 {
		// Its error is that there are fewer than max, or one that the next Read has too.
		more, _ := r.p.ReceiveEvents(r.ended, max-1, nil)
		events = append(events, more...)
	}
	for _, e := range events {
		dst = append(dst, eventOf(e))
	}
	return dst, nil
}

// Close implements hub.Reader.
func (r *reader) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	_ = r.p.Close(ctx) // it fails when the connection is gone already
	return nil
}
