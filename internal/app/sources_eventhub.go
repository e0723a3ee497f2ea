package app

import (
	"context"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// readBytes bounds one read of a trigger: a batch of the largest allowed
// messages would otherwise be hundreds of megabytes.
const readBytes = 16 << 20

// localHub is a hub of this process as functions see it.
type localHub struct {
	hub       *broker.Hub
	namespace string
}

func (h *localHub) Namespace() string { return h.namespace }

func (h *localHub) Partitions(context.Context) ([]string, error) {
	ids := make([]string, h.hub.PartitionCount())
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	return ids, nil
}

func (h *localHub) Open(_ context.Context, partition string, from trigger.Position) (trigger.EventReader, error) {
	id, err := strconv.Atoi(partition)
	if err != nil {
		return nil, fault.New(fault.NotFound, "partition "+partition, "is not a partition id")
	}
	p, err := h.hub.Partition(id)
	if err != nil {
		return nil, err
	}
	pos, err := position(from)
	if err != nil {
		return nil, err
	}
	r, err := p.NewReader(pos)
	if err != nil {
		return nil, err
	}
	return &localReader{r: r}, nil
}

func position(from trigger.Position) (broker.Position, error) {
	switch from.Kind {
	case trigger.FromEnd:
		return broker.Latest(false), nil
	case trigger.AfterOffset:
		return broker.AtOffset(from.Offset, false)
	case trigger.FromTime:
		return broker.EnqueuedTime(from.Time, true), nil
	}
	return broker.FromStart(), nil
}

// localReader turns stored messages into events.
type localReader struct {
	r       *broker.Reader
	records []broker.Record
}

func (l *localReader) Read(ctx context.Context, dst []trigger.Event, max int) ([]trigger.Event, error) {
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
func decodeEvent(r *broker.Record) (trigger.Event, error) {
	e := trigger.Event{Sequence: r.Sequence, Offset: r.Offset.String(), EnqueuedAt: r.EnqueuedAt, PartitionKey: r.Key}
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
