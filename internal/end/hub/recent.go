package hub

import (
	"cmp"
	"context"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// located is an event with its partition.
type located struct {
	partition int
	event     stream.Event
}

// Recent implements jobs.Source. It reads each partition's newest, and keeps
// those that arrived last.
func (s *source) Recent(ctx context.Context, most, bytes int) ([][]stream.Event, error) {
	hub, err := s.hubs.Hub(s.name)
	if err != nil {
		return nil, err
	}
	var kept []located
	for id := range hub.PartitionCount() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if kept, err = s.newest(hub, id, most, bytes, kept); err != nil {
			return nil, err
		}
		kept = trimmed(kept, most, bytes)
	}
	out := make([][]stream.Event, hub.PartitionCount())
	for i := range kept {
		l := &kept[len(kept)-1-i]
		out[l.partition] = append(out[l.partition], l.event)
	}
	return out, nil
}

// newest appends a partition's last events.
func (s *source) newest(hub *broker.Hub, id, most, bytes int, to []located) ([]located, error) {
	p, err := hub.Partition(id)
	if err != nil {
		return to, err
	}
	info := p.Info()
	r, err := p.NewReader(broker.Sequence(max(info.LastSequence+1-int64(most), info.BeginSequence), true))
	if err != nil {
		return to, err
	}
	defer r.Close()
	var records []broker.Record
	for {
		if records, err = r.Next(most, bytes, records[:0]); err != nil || len(records) == 0 {
			return to, err
		}
		for i := range records {
			m := &message{}
			if m.Event, err = eventdata.Read(slices.Clone(records[i].Body)); err != nil {
				return to, fault.Wrap(fault.KindOf(err), "event "+records[i].Offset.String(), err, "hub %s, partition %d", s.name, id)
			}
			to = append(to, located{id, stream.Event{
				Offset: int64(records[i].Offset), Sequence: records[i].Sequence, Arrival: stream.Ticks(records[i].EnqueuedAt),
				Body: m.Body, PartitionKey: records[i].Key, Properties: m,
			}})
		}
		if records[len(records)-1].Sequence >= info.LastSequence {
			return to, nil
		}
		to = trimmed(to, 2*most, 2*bytes)
	}
}

// trimmed is the events that arrived last, the newest first.
func trimmed(all []located, most, bytes int) []located {
	slices.SortStableFunc(all, func(a, b located) int {
		return cmp.Or(cmp.Compare(b.event.Arrival, a.event.Arrival), cmp.Compare(b.event.Sequence, a.event.Sequence))
	})
	for i := range all {
		if bytes -= len(all[i].event.Body); i == most || bytes < 0 && i > 0 {
			return all[:i]
		}
	}
	return all
}
