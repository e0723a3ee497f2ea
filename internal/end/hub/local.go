package hub

import (
	"cmp"
	"context"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Local is the hubs of this process.
type Local struct {
	// At returns the namespace that a connection leads to, or says that it does
	// not lead here. Required.
	At func(settings.Connection) (Namespace, error)
}

// Namespace is a namespace of this process. All fields are required.
type Namespace struct {
	// Hubs finds hubs as they are now.
	Hubs Hubs
	// Find returns a hub that has the consumer group, made by this use where
	// the project allows it.
	Find Ensure
	// Delivered is told what stream jobs read.
	Delivered Delivered
	// May says whether whoever came by the connection may send to a hub, or read
	// it, now: it is asked for every batch. nil: everything.
	May func(hub string, send bool) error
}

// allows is May, bound to a hub and a use of it.
func (n Namespace) allows(hub string, send bool) func() error {
	if n.May == nil {
		return func() error { return nil }
	}
	return func() error { return n.May(hub, send) }
}

// Find returns the namespace of a name, "" being the one that localhost means, or
// fails with fault.NotFound.
type Find func(namespace string) (Namespace, error)

// Host implements Service.
func (l *Local) Host(c settings.Connection) string { return hostOf(c) }

// Open implements Service.
func (l *Local) Open(_ context.Context, c settings.Connection, name string, as Consumer) (Hub, error) {
	namespace, err := l.At(c)
	if err != nil {
		return nil, err
	}
	may := namespace.allows(name, false)
	if err := may(); err != nil {
		return nil, err
	}
	hub, err := namespace.Find(name, as.Group)
	if err != nil {
		return nil, led(c, err)
	}
	return &localHub{hub: hub, changed: hub.Changed(), namespace: hostOf(c), may: may}, nil
}

// Sink implements Service. The hub is found by its name at every call, so that
// one made anew is the one that is sent to.
func (l *Local) Sink(_ context.Context, c settings.Connection, name string) (Sink, error) {
	namespace, err := l.At(c)
	if err != nil {
		return nil, err
	}
	may := namespace.allows(name, true)
	if err := may(); err != nil {
		return nil, err
	}
	if _, err := namespace.Find(name, broker.DefaultGroup); err != nil {
		return nil, led(c, err)
	}
	return &Sender{Hubs: namespace.Hubs, Name: name, May: may}, nil
}

// led says by which setting an error was met.
func led(c settings.Connection, err error) error {
	also := ""
	if c.Beside != "" {
		also = ", which counts more than " + c.Beside
	}
	return fault.Wrap(fault.KindOf(err), "", err, "at %s, by setting %s%s", hostOf(c), c.Setting, also)
}

// hostOf is the connection's host, which tells positions of namespaces apart.
func hostOf(c settings.Connection) string { return cmp.Or(c.Host(), "localhost") }

// localHub is a hub of this process as functions see it.
type localHub struct {
	hub       *broker.Hub
	changed   <-chan struct{}
	namespace string
	may       func() error
}

func (h *localHub) Namespace() string { return h.namespace }

func (h *localHub) Changed() <-chan struct{} { return h.changed }

func (h *localHub) Remote() bool { return false }

func (h *localHub) Close() {}

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
	return &localReader{r: r, may: h.may}, nil
}

// Last implements Ender.
func (h *localHub) Last(_ context.Context, partition string) (int64, bool, error) {
	id, err := strconv.Atoi(partition)
	if err != nil {
		return 0, false, fault.New(fault.NotFound, "partition "+partition, "is not a partition id")
	}
	p, err := h.hub.Partition(id)
	if err != nil {
		return 0, false, err
	}
	info := p.Info()
	return info.LastSequence, !info.Empty, nil
}

func brokerPosition(from Position) (broker.Position, error) {
	switch from.Kind {
	case FromEnd:
		return broker.Latest(false), nil
	case AfterOffset:
		return broker.AtOffset(from.Offset, false)
	case AfterSequence:
		return broker.Sequence(from.Sequence, false), nil
	case FromTime:
		return broker.EnqueuedTime(from.Time, true), nil
	}
	return broker.FromStart(), nil
}

// localReader turns stored messages into events.
type localReader struct {
	r       *broker.Reader
	records []broker.Record
	may     func() error
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
	if err := l.may(); err != nil {
		return dst, err
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
