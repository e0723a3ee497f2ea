package hub

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Kind is the name of the kind in tables.
const Kind = "hub"

// Hubs finds hubs by name; a broker.Namespace is one.
type Hubs interface {
	Hub(name string) (*broker.Hub, error)
	Changed() <-chan struct{}
}

// Ensure finds a hub and its consumer group when a job is built, and makes what
// is missing if that is allowed.
type Ensure func(name, group string) (*broker.Hub, error)

// Delivered is told how many events a consumer group was given.
type Delivered func(hub, group string, events int)

// SourceKind is the row of hubs that jobs read.
func SourceKind(find Find) jobs.SourceKind {
	return jobs.SourceKind{Kind: Kind, Open: func(_ context.Context, in jobs.Input, log *slog.Logger) (jobs.Source, error) {
		namespace, err := find(in.Account)
		if err != nil {
			return nil, err
		}
		s := &source{
			input: in.Name, name: in.Target, group: cmp.Or(in.Group, broker.DefaultGroup),
			hubs: namespace.Hubs, delivered: namespace.Delivered, log: log,
		}
		if _, err := namespace.Find(s.name, s.group); err != nil {
			return nil, err
		}
		return s, nil
	}}
}

// source is a hub as an input of one job.
type source struct {
	input, name, group string
	hubs               Hubs
	delivered          Delivered
	log                *slog.Logger
	lost               atomic.Int64 // events that retention deleted before the job read them
	when               atomic.Int64 // the last time of that, in unix milliseconds
}

func (s *source) Changed() <-chan struct{} { return s.hubs.Changed() }

func (s *source) Partitions(context.Context) (int, error) {
	hub, err := s.hubs.Hub(s.name)
	if err != nil {
		return 0, err
	}
	return hub.PartitionCount(), nil
}

func (s *source) Open(_ context.Context, partition int, at stream.Position) (stream.Reader, error) {
	hub, err := s.hubs.Hub(s.name)
	if err != nil {
		return nil, err
	}
	p, err := hub.Partition(partition)
	if err != nil {
		return nil, err
	}
	pos, next := s.position(hub, p, at)
	r, err := p.NewReader(pos)
	if err != nil {
		return nil, err
	}
	return &reader{s: s, hub: hub, p: p, r: r, last: -1, next: next}, nil
}

// position translates a position; next is the sequence number that is to come
// first, -1 when it may be any. The number of the event that comes next is one
// that can be read; one beyond it, as of a checkpoint that outlived the hub's
// events, means the end.
func (s *source) position(hub *broker.Hub, p *broker.Partition, at stream.Position) (pos broker.Position, next int64) {
	if at.Offset < 0 {
		if at.Arrival == stream.StartOfInput {
			return broker.FromStart(), -1
		}
		return broker.EnqueuedTime(stream.TimeOf(at.Arrival), true), -1
	}
	first := int64(hub.FirstOffset())
	end := p.Info().LastSequence + 1
	switch n := at.Offset - first; {
	case n < 0:
		s.log.Warn("the hub was deleted and made anew since the checkpoint: reading goes on at its beginning",
			"input", s.input, "hub", s.name, "partition", p.ID())
		return broker.FromStart(), -1
	case n > end:
		s.log.Warn("the checkpoint is ahead of the hub, which has lost events that were not synced: reading goes on at its end",
			"input", s.input, "hub", s.name, "partition", p.ID(), "checkpoint", at.Offset, "end", first+end)
		return broker.Latest(false), -1
	default:
		return broker.Sequence(n, true), n
	}
}

// missed notes events that the hub deleted before the job read them.
func (s *source) missed(partition int, events int64) {
	s.lost.Add(events)
	s.when.Store(time.Now().UnixMilli())
	s.log.Warn("the hub's retention deleted events before the job read them; raise it, or do not let the job stand or fall behind so long",
		"input", s.input, "hub", s.name, "partition", partition, "events", events)
}

// warnedFor is how long a warning is shown after the last event that was missed.
const warnedFor = 10 * time.Minute

// Warnings tells of events that were missed lately.
func (s *source) Warnings() []jobs.Warning {
	lost := s.lost.Load()
	if lost == 0 || time.Since(time.UnixMilli(s.when.Load())) >= warnedFor {
		return nil
	}
	return []jobs.Warning{{
		Kind: "retention", Events: lost, At: time.UnixMilli(s.when.Load()),
		Text: fmt.Sprintf("the retention of hub %s deleted %d events of input %s before the job read them: results lack them. Raise the retention, or do not let the job stand or fall behind so long", s.name, lost, s.input),
	}}
}

// Behind is how many events a partition holds from an offset on.
func (s *source) Behind(partition int, next int64) int64 {
	hub, err := s.hubs.Hub(s.name)
	if err != nil {
		return 0
	}
	p, err := hub.Partition(partition)
	if err != nil {
		return 0
	}
	info := p.Info()
	return max(info.LastSequence+1-max(next-int64(hub.FirstOffset()), info.BeginSequence), 0)
}
