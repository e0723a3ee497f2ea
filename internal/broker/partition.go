package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/seglog"
)

// Partition is one ordered, durable sequence of records. Its methods may be
// called from any goroutine.
type Partition struct {
	hub     *Hub
	id      int
	name    string // in errors and logs
	log     *seglog.Log
	started bool          // Run has started its writer; guarded by Broker.mu
	ended   chan struct{} // closed when its writer is gone
}

func openPartition(h *Hub, m hubMeta, id int, mustExist bool) (*Partition, error) {
	o := h.b.opts
	begun := time.Now()
	p := &Partition{
		hub: h, id: id,
		name:  fmt.Sprintf("hub %s partition %d", m.Name, id),
		ended: make(chan struct{}),
	}
	var err error
	p.log, err = seglog.Open(seglog.Options{
		FS:           o.FS,
		Dir:          partitionDir(o.FS, o.Dir, h.id, id),
		Name:         p.name,
		ID:           uint64(h.id)<<32 | uint64(id),
		MustExist:    mustExist,
		Sync:         o.Sync,
		SyncInterval: o.SyncInterval,
		SegmentBytes: o.SegmentBytes,
		QueueBytes:   o.QueueBytes,
		AppendBytes:  o.AppendBytes,
		Tail:         h.b.tail,
		Now:          o.Now,
		Log:          o.Log,
	})
	if err != nil {
		return nil, err
	}
	p.limitSegments(m)
	if mustExist && o.Events != nil {
		info := p.log.Info()
		o.Events(Recovered{
			Namespace: h.namespace, Hub: m.Name, Partition: id,
			LastSequence: info.Next - 1, TornBytes: info.TornBytes, Took: time.Since(begun),
		})
	}
	return p, nil
}

func (p *Partition) run(ctx context.Context) {
	defer close(p.ended)
	if err := p.log.Run(ctx); err != nil {
		p.hub.b.opts.Log.Error("writer ended", "log", p.name, "error", err)
	}
}

// ID returns the partition's number, from 0.
func (p *Partition) ID() int { return p.id }

// Hub returns the hub it belongs to.
func (p *Partition) Hub() *Hub { return p.hub }

// Info returns the partition's state.
func (p *Partition) Info() PartitionInfo {
	info := p.log.Info()
	return PartitionInfo{
		BeginSequence: info.Begin,
		LastSequence:  info.Next - 1,
		LastOffset:    p.lastOffset(info.Next).String(),
		LastEnqueued:  info.LastTime,
		Empty:         info.Begin == info.Next,
		Bytes:         info.Bytes,
	}
}

// lastOffset is the offset of the record before next, or -1 when that is the
// first.
func (p *Partition) lastOffset(next int64) Offset {
	if next == 0 {
		return -1
	}
	return Offset(p.hub.offset + next - 1)
}

// Append is AppendContext without an end to its patience.
func (p *Partition) Append(a Append, done func(AppendResult)) {
	p.AppendContext(context.Background(), a, done)
}

// AppendContext queues the batch and returns; done is called exactly once, when
// the batch is on disk (as Options.Sync demands) and visible to readers, or has
// failed. Several batches are stored with one write. done runs on the
// partition's writer, or on the caller when the batch is refused at once: it
// must not block.
//
// When Options.QueueBytes wait already, AppendContext blocks until the writer has
// caught up or ctx ends; that is the back-pressure. A full or failing disk makes
// batches fail with fault.Unavailable rather than wait; later ones succeed when
// the disk does.
func (p *Partition) AppendContext(ctx context.Context, a Append, done func(AppendResult)) {
	p.log.AppendContext(ctx, p.toLog(a, done))
}

// TryAppend is Append for those who must not wait. It reports false, and done is
// not called, when Options.QueueBytes wait already; see Room.
func (p *Partition) TryAppend(a Append, done func(AppendResult)) bool {
	return p.log.TryAppend(p.toLog(a, done))
}

// Room returns a channel that is closed the next time that the partition's writer
// has caught up a little, or will never do so again. Get it before the TryAppend
// that fails, so that no news is missed.
func (p *Partition) Room() <-chan struct{} { return p.log.Room() }

func (p *Partition) toLog(a Append, done func(AppendResult)) seglog.Append {
	return seglog.Append{
		Records: a.Records,
		Label:   a.Key,
		Done: func(r seglog.Result) {
			p.tell(a, r)
			if r.Err != nil {
				done(AppendResult{Err: r.Err})
				return
			}
			done(AppendResult{FirstSequence: r.First, Count: len(a.Records), EnqueuedAt: r.Time})
		},
	}
}

// tell emits the event of an append.
func (p *Partition) tell(a Append, r seglog.Result) {
	events := p.hub.b.opts.Events
	if events == nil {
		return
	}
	if r.Err != nil {
		events(AppendFailed{Namespace: p.hub.namespace, Hub: p.hub.Name(), Partition: p.id, Err: r.Err})
		return
	}
	bytes := 0
	for _, body := range a.Records {
		bytes += len(body)
	}
	events(Appended{
		Namespace: p.hub.namespace, Hub: p.hub.Name(), Partition: p.id,
		FirstSequence: r.First, Count: len(a.Records), Bytes: bytes, EnqueuedAt: r.Time,
	})
}

// Retention by size keeps at least what was asked for and goes by whole
// segments. So segments are a sixteenth of it: no more than that is kept beyond,
// or than minSegment.
const (
	segmentShare = 16
	minSegment   = 1 << 20
)

// limitSegments makes the log's segments small enough for the hub's retention.
func (p *Partition) limitSegments(m hubMeta) {
	if m.RetentionBytes > 0 {
		p.log.LimitSegments(max(m.RetentionBytes/segmentShare, minSegment))
	} else {
		p.log.LimitSegments(0)
	}
}

// retain applies the hub's retention.
func (p *Partition) retain(m hubMeta) {
	b := p.hub.b
	done, err := p.log.Retain(seglog.Retention{Age: time.Duration(m.Retention), Bytes: m.RetentionBytes})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		b.opts.Log.Error("retention failed", "log", p.name, "error", err)
	} else if err != nil {
		b.opts.Log.Warn("retention will try again", "log", p.name, "error", err)
	}
	if done.Segments > 0 && b.opts.Events != nil {
		b.opts.Events(Retained{Namespace: m.Namespace, Hub: m.Name, Partition: p.id, BeginSequence: done.Begin, Bytes: done.Bytes})
	}
}
