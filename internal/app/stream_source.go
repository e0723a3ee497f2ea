package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// hubSource is a hub of this process as a stream job reads it. Offsets of the
// job are sequence numbers.
type hubSource struct {
	input string
	hub   *broker.Hub
	group string
	meter *portal.Meter
	log   *slog.Logger
	lost  atomic.Int64 // events that retention deleted before the job read them
	when  atomic.Int64 // the last time of that, in unix milliseconds
}

func (s *hubSource) Partitions(context.Context) (int, error) { return s.hub.PartitionCount(), nil }

func (s *hubSource) Open(_ context.Context, partition int, at stream.Position) (stream.Reader, error) {
	p, err := s.hub.Partition(partition)
	if err != nil {
		return nil, err
	}
	if end := p.Info().LastSequence + 1; at.Offset > end {
		s.log.Warn("the checkpoint is ahead of the hub, which was deleted or has lost events that were not synced: reading goes on at its end",
			"input", s.input, "hub", s.hub.Name(), "partition", partition, "checkpoint", at.Offset, "end", end)
	}
	r, err := p.NewReader(streamPosition(p, at))
	if err != nil {
		return nil, err
	}
	return &hubReader{s: s, p: p, r: r, last: -1, next: at.Offset}, nil
}

// missed notes events that the hub deleted before the job read them.
func (s *hubSource) missed(partition int, events int64) {
	s.lost.Add(events)
	s.when.Store(time.Now().UnixMilli())
	s.log.Warn("the hub's retention deleted events before the job read them; raise it, or do not let the job stand or fall behind so long",
		"input", s.input, "hub", s.hub.Name(), "partition", partition, "events", events)
}

// warning says so in the portal, as long as the process runs.
func (s *hubSource) warning() (portal.JobWarning, bool) {
	lost := s.lost.Load()
	return portal.JobWarning{
		Kind: "retention", Input: s.input, Events: lost, At: s.when.Load(),
		Text: fmt.Sprintf("the retention of hub %s deleted %d events of input %s before the job read them: results lack them. Raise the retention, or do not let the job stand or fall behind so long", s.hub.Name(), lost, s.input),
	}, lost > 0
}

// behind is how many events a partition holds from next on.
func (s *hubSource) behind(partition int, next int64) int64 {
	p, err := s.hub.Partition(partition)
	if err != nil {
		return 0
	}
	return max(p.Info().LastSequence+1-next, 0)
}

// streamPosition translates a position. The number of the event that comes next
// is one that can be read; one beyond it, as of a checkpoint that outlived its
// hub, means the end.
func streamPosition(p *broker.Partition, at stream.Position) broker.Position {
	switch {
	case at.Offset > p.Info().LastSequence+1:
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
	last    int64 // sequence number of the last event read, or -1
	next    int64 // that of the next; negative while it may be any
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
	if gap := h.records[0].Sequence - h.next; h.next >= 0 && gap > 0 {
		h.s.missed(h.p.ID(), gap)
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
		h.last, h.next = r.Sequence, r.Sequence+1
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
