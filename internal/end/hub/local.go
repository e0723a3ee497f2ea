package hub

import (
	"context"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Local is the hubs of this process. All fields are required.
type Local struct {
	// Reach refuses a connection that does not lead here.
	Reach func(settings.Connection) error
	// Find returns a hub that has the consumer group, made by this use where
	// the project allows it.
	Find Ensure
	// Hubs finds hubs as they are now.
	Hubs Hubs
}

// Open implements Service.
func (l *Local) Open(_ context.Context, c settings.Connection, name, group string) (Hub, error) {
	if err := l.Reach(c); err != nil {
		return nil, err
	}
	hub, err := l.Find(name, group)
	if err != nil {
		return nil, err
	}
	namespace := c.Host()
	if namespace == "" {
		namespace = "localhost"
	}
	return &localHub{hub: hub, changed: hub.Changed(), namespace: namespace}, nil
}

// Sink implements Service. The hub is found by its name at every call, so that
// one made anew is the one that is sent to.
func (l *Local) Sink(_ context.Context, c settings.Connection, name string) (Sink, error) {
	if err := l.Reach(c); err != nil {
		return nil, err
	}
	if _, err := l.Find(name, broker.DefaultGroup); err != nil {
		return nil, err
	}
	return &Sender{Hubs: l.Hubs, Name: name}, nil
}

// localHub is a hub of this process as functions see it.
type localHub struct {
	hub       *broker.Hub
	changed   <-chan struct{}
	namespace string
}

func (h *localHub) Namespace() string { return h.namespace }

func (h *localHub) Changed() <-chan struct{} { return h.changed }

func (h *localHub) Partitions(context.Context) ([]string, error) {
	ids := make([]string, h.hub.PartitionCount())
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	return ids, nil
}

func (h *localHub) Open(_ context.Context, partition string, from Position) (Reader, error) {
	id, err := strconv.Atoi(partition)
	if err != nil {
		return nil, fault.New(fault.NotFound, "partition "+partition, "is not a partition id")
	}
	p, err := h.hub.Partition(id)
	if err != nil {
		return nil, err
	}
	pos, err := brokerPosition(from)
	if err != nil {
		return nil, err
	}
	r, err := p.NewReader(pos)
	if err != nil {
		return nil, err
	}
	return &localReader{r: r}, nil
}

func brokerPosition(from Position) (broker.Position, error) {
	switch from.Kind {
	case FromEnd:
		return broker.Latest(false), nil
	case AfterOffset:
		return broker.AtOffset(from.Offset, false)
	case FromTime:
		return broker.EnqueuedTime(from.Time, true), nil
	}
	return broker.FromStart(), nil
}

// localReader turns stored messages into events.
type localReader struct {
	r       *broker.Reader
	records []broker.Record
}

func (l *localReader) Read(ctx context.Context, dst []Event, max int) ([]Event, error) {
	for {
		var err error
		l.records, err = l.r.Next(max, readBytes, l.records[:0])
		if err != nil {
			return dst, err
		}
		if len(l.records) > 0 {
			break
		}
		if err := l.r.Wait(ctx); err != nil {
			return dst, err
		}
	}
	for i := range l.records {
		e, err := decodeEvent(&l.records[i])
		if err != nil {
			return dst, err
		}
		dst = append(dst, e)
	}
	clear(l.records) // do not keep bodies alive
	return dst, nil
}

// decodeEvent is a stored message as functions see it.
func decodeEvent(r *broker.Record) (Event, error) {
	e := Event{Sequence: r.Sequence, Offset: r.Offset.String(), EnqueuedAt: r.EnqueuedAt, PartitionKey: r.Key}
	m, err := eventdata.Read(r.Body)
	var shown eventdata.Shown
	if err == nil {
		shown, err = m.Show()
	}
	if err != nil {
		return e, fault.Wrap(fault.KindOf(err), "event "+e.Offset, err, "stored message")
	}
	e.Body, e.Properties, e.System, e.TraceParent = m.Body, shown.Properties, shown.System, shown.TraceParent
	return e, nil
}

func (l *localReader) Close() error { return l.r.Close() }
