package hub

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// readBytes bounds one read: a batch of the largest allowed messages would
// otherwise be hundreds of megabytes.
const readBytes = 16 << 20

// reader turns stored messages into events of a job.
type reader struct {
	s       *source
	hub     *broker.Hub
	p       *broker.Partition
	r       *broker.Reader
	records []broker.Record
	messages
	last int64 // sequence number of the last event read, or -1
	next int64 // that of the next; negative while it may be any
}

// messages are the events of the last read, whose properties may be asked for.
type messages []message

func (h *reader) Read(ctx context.Context, b *stream.Batch, most int) error {
	b.Events = b.Events[:0]
	if err := h.fetch(ctx, most); err != nil {
		return err
	}
	if gap := h.records[0].Sequence - h.next; h.next >= 0 && gap > 0 {
		h.s.missed(h.p.ID(), gap)
	}
	if cap(h.messages) < len(h.records) {
		h.messages = make(messages, len(h.records))
	}
	h.messages = h.messages[:len(h.records)]
	for i := range h.records {
		r, m := &h.records[i], &h.messages[i]
		var err error
		if m.Event, err = eventdata.Read(r.Body); err != nil {
			return fault.Wrap(fault.KindOf(err), "event "+r.Offset.String(), err, "hub %s, partition %d", h.s.name, h.p.ID())
		}
		b.Events = append(b.Events, stream.Event{
			Offset: int64(r.Offset), Sequence: r.Sequence, Arrival: stream.Ticks(r.EnqueuedAt), Body: m.Body, PartitionKey: r.Key, Properties: m,
		})
		h.last, h.next = r.Sequence, r.Sequence+1
	}
	h.s.delivered(h.s.name, h.s.group, len(h.records))
	clear(h.records) // do not keep bodies alive
	return nil
}

// fetch waits until there are records, and takes them.
func (h *reader) fetch(ctx context.Context, most int) (err error) {
	for {
		if h.records, err = h.r.Next(most, readBytes, h.records[:0]); err != nil {
			return err
		}
		if len(h.records) > 0 {
			return nil
		}
		if err := h.r.Wait(ctx); err != nil {
			return err
		}
	}
}

func (h *reader) Backlog() int64 {
	if h.last < 0 {
		return -1
	}
	return max(h.p.Info().LastSequence-h.last, 0)
}

func (h *reader) Close() error { return h.r.Close() }

// message is an event whose properties are values of the query language.
type message struct{ eventdata.Event }

// Each implements stream.Properties.
func (m *message) Each(use func(name string, v streamsql.Value)) error {
	p := m.Properties()
	for p.Next() {
		v, err := p.Property.Value()
		if err != nil {
			return err
		}
		use(string(p.Property.Name), valueOf(v))
	}
	return p.Err()
}
