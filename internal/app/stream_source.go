package app

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// hubSource is a hub of this process as a stream job reads it. Offsets of the
// job are sequence numbers.
type hubSource struct {
	hub   *broker.Hub
	group string
	meter *portal.Meter
}

func (s *hubSource) Partitions(context.Context) (int, error) { return s.hub.PartitionCount(), nil }

func (s *hubSource) Open(_ context.Context, partition int, at stream.Position) (stream.Reader, error) {
	p, err := s.hub.Partition(partition)
	if err != nil {
		return nil, err
	}
	r, err := p.NewReader(streamPosition(p, at))
	if err != nil {
		return nil, err
	}
	return &hubReader{s: s, p: p, r: r, last: -1}, nil
}

// behind is how many events a partition holds from next on.
func (s *hubSource) behind(partition int, next int64) int64 {
	p, err := s.hub.Partition(partition)
	if err != nil {
		return 0
	}
	return max(p.Info().LastSequence+1-next, 0)
}

// streamPosition translates a position. A sequence number beyond the end, as
// of a checkpoint that outlived its hub, means the end: events with those
// numbers will come.
func streamPosition(p *broker.Partition, at stream.Position) broker.Position {
	switch {
	case at.Offset > p.Info().LastSequence:
		return broker.Latest(false)
	case at.Offset >= 0:
		return broker.Sequence(at.Offset, true)
	case at.Arrival == stream.StartOfInput:
		return broker.FromStart()
	}
	return broker.EnqueuedTime(stream.TimeOf(at.Arrival), true)
}

// hubReader turns stored messages into events of a job.
type hubReader struct {
	s       *hubSource
	p       *broker.Partition
	r       *broker.Reader
	records []broker.Record
	last    int64
}

func (h *hubReader) Read(ctx context.Context, b *stream.Batch, most int) error {
	b.Events = b.Events[:0]
	for {
		var err error
		if h.records, err = h.r.Next(most, readBytes, h.records[:0]); err != nil {
			return err
		}
		if len(h.records) > 0 {
			break
		}
		if err := h.r.Wait(ctx); err != nil {
			return err
		}
	}
	for i := range h.records {
		r := &h.records[i]
		e, err := decodeEvent(r)
		if err != nil {
			return err
		}
		b.Events = append(b.Events, stream.Event{
			Offset: r.Sequence, Arrival: stream.Ticks(r.EnqueuedAt), Body: e.Body, PartitionKey: r.Key,
			Properties: streamProperties(e.Properties),
		})
		h.last = r.Sequence
	}
	h.s.meter.Delivered(h.s.hub.Name(), h.s.group, len(h.records))
	clear(h.records) // do not keep bodies alive
	return nil
}

func (h *hubReader) Backlog() int64 {
	if h.last < 0 {
		return -1
	}
	return max(h.p.Info().LastSequence-h.last, 0)
}

func (h *hubReader) Close() error { return h.r.Close() }

// fileError marks an error about a file that a person has to mend.
func fileError(path string, err error, what string) error {
	return fault.Wrap(fault.Invalid, path, err, "%s", what)
}

// sinkTimeout bounds one write of a job's output; the job tries again.
const sinkTimeout = 30 * time.Second
