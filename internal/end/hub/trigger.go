package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Trigger pumps all partitions of a hub into a function.
//
// Supported binding properties: eventHubName (or path), consumerGroup,
// connection, cardinality, dataType. All readers of a group share the partitions
// (see ownership). Partitions that are added later are read, and so is a hub that is
// deleted and made anew.
type Trigger struct {
	end        End
	o          trigger.Setup
	config     Config
	conn       settings.Connection
	hub, group string
	owner      string // this reader, among all that read the group
	reads      atomic.Pointer[opened]
}

// NewTrigger checks the declaration.
func NewTrigger(e End, s trigger.Setup) (*Trigger, error) {
	b := s.Binding
	t := &Trigger{end: e, o: s, hub: output.FirstText(b, "eventHubName", "path"), group: b.Text("consumerGroup"), owner: s.Owner + "/" + s.Function}
	b.Heeds("dataType", "cardinality")
	var err error
	if t.config, err = ReadConfig(s.Config); err != nil {
		return nil, err
	}
	if t.conn, err = s.Settings.Connection(settings.EventHubs, b.Text("connection")); err != nil {
		return nil, err
	}
	if t.conn.EntityPath != "" {
		t.hub = t.conn.EntityPath // as in the SDKs, the connection string wins
	}
	if t.hub == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "names no eventHubName")
	}
	if t.group == "" {
		t.group = broker.DefaultGroup
	}
	return t, nil
}

// Source is the hub and the group.
func (t *Trigger) Source() trigger.Source {
	return trigger.Source{Words: t.describe(), Host: t.end.Hubs.Host(t.conn), Target: t.hub, Group: t.group}
}

// ByHand makes the invocation for one event: a batch of one for functions that
// take batches.
func (t *Trigger) ByHand(input string, now time.Time) (trigger.Call, error) {
	e := Event{Body: []byte(input), Offset: "0", EnqueuedAt: now}
	from := partitionContext("", t.hub, t.group, "0", "")
	if t.o.Binding.Many {
		return batchCall([]Event{e}, t.o.Binding.DataType, from, ""), nil
	}
	return singleCall(&e, t.o.Binding.DataType, from, ""), nil
}

// ByHandMany makes the invocation for a batch of events.
func (t *Trigger) ByHandMany(inputs []string, now time.Time) (trigger.Call, error) {
	if !t.o.Binding.Many {
		if len(inputs) > 1 {
			return trigger.Call{}, fault.New(fault.Invalid, "input", "the function takes one event at a time; this is a list of %d", len(inputs))
		}
		return t.ByHand(inputs[0], now)
	}
	events := make([]Event, len(inputs))
	for i, in := range inputs {
		events[i] = Event{Body: []byte(in), Offset: strconv.Itoa(i), Sequence: int64(i), EnqueuedAt: now}
	}
	return batchCall(events, t.o.Binding.DataType, partitionContext("", t.hub, t.group, "0", ""), ""), nil
}

// Again makes the invocation for an event that was set aside: a batch of one for
// functions that take batches, so that a bad event takes no good one with it.
func (t *Trigger) Again(_ context.Context, i letter.Item) (trigger.Call, error) {
	e := Event{
		Body: i.Body, Sequence: i.SequenceNumber, Offset: i.Offset, EnqueuedAt: i.At, PartitionKey: i.PartitionKey,
		Properties: i.Properties, System: i.SystemProperties,
	}
	from := partitionContext(hostOf(t.conn), t.hub, t.group, i.Partition, t.owner)
	details := triggerDetails(i.Partition, []Event{e})
	if t.o.Binding.Many {
		return batchCall([]Event{e}, t.o.Binding.DataType, from, details), nil
	}
	return singleCall(&e, t.o.Binding.DataType, from, details), nil
}

// items are events as letters keep them.
func items(partition string, events []Event) []letter.Item {
	all := make([]letter.Item, len(events))
	for i := range events {
		e := &events[i]
		all[i] = letter.Item{
			Body: e.Body, Properties: e.Properties, SystemProperties: e.System, Partition: partition,
			Offset: e.Offset, SequenceNumber: e.Sequence, PartitionKey: e.PartitionKey, At: e.EnqueuedAt,
		}
	}
	return all
}

func (t *Trigger) describe() string { return "event hub " + t.hub + ", group " + t.group }

// Run pumps until ctx ends. It returns an error when the hub cannot be opened
// or a partition's reader or checkpoint fails; the caller may run it again.
func (t *Trigger) Run(ctx context.Context) error {
	for {
		changed, err := t.round(ctx)
		if !changed || ctx.Err() != nil {
			return err
		}
		t.o.Log.Info("the event hub has changed and is opened again", "hub", t.hub)
	}
}

// round reads the hub as it is now, until ctx ends, a pump fails, or the hub has
// changed.
func (t *Trigger) round(ctx context.Context) (changed bool, err error) {
	hub, err := t.end.Hubs.Open(ctx, t.conn, t.hub, Consumer{Group: t.group, Owner: t.owner, Ahead: t.config.PrefetchCount})
	if err != nil {
		return false, fmt.Errorf("open %s: %w", t.describe(), err)
	}
	defer hub.Close()
	partitions, err := hub.Partitions(ctx)
	if err != nil {
		return false, fmt.Errorf("list partitions of %s: %w", t.describe(), err)
	}
	blobs, err := t.end.State(t.o.Settings)
	if err != nil {
		return false, fmt.Errorf("open the checkpoints of %s: %w", t.describe(), err)
	}
	t.reads.Store(&opened{hub, blobs})
	defer t.reads.Store(nil)
	r := &readers{t: t, hub: hub, blobs: blobs, owned: t.ownership(hub, blobs), running: map[string]*eventPump{}}
	err = r.run(ctx, partitions)
	return isChanged(hub, err)
}

// deletionPatience is how long a pump's error waits to be explained by a change
// of the hub: readers end before a hub that is being deleted is gone.
const deletionPatience = time.Second

// isChanged tells a hub that has changed, of which the error is a consequence,
// from one that failed.
func isChanged(hub Hub, err error) (bool, error) {
	patience := time.Duration(0)
	if fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Gone) {
		patience = deletionPatience
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-hub.Changed():
		return true, nil
	default:
	}
	select {
	case <-hub.Changed():
		return true, nil
	case <-timer.C:
		return false, err
	}
}

// idleCheckpoint is how long processed events may stay without a checkpoint
// when checkpoints are written less often than after every batch.
const idleCheckpoint = 10 * time.Minute

// eventPump delivers one partition.
type eventPump struct {
	t           *Trigger
	hub         Hub
	partition   string
	checkpoints *checkpoints
	owned       *ownership
	context     string
	log         *slog.Logger
	stop        context.CancelFunc
	lost        atomic.Bool // another reader owns the partition: its checkpoint is that one's

	batches   int   // since the last checkpoint
	processed *mark // the last processed event without a checkpoint
	lastMark  time.Time
}

func (p *eventPump) run(ctx context.Context) error {
	from, err := p.start(ctx)
	if err != nil {
		return trigger.IgnoreEnd(ctx, err)
	}
	r, err := p.hub.Open(ctx, p.partition, from)
	if err != nil {
		return trigger.IgnoreEnd(ctx, fmt.Errorf("read partition %s of %s: %w", p.partition, p.t.describe(), err))
	}
	defer r.Close()
	var events []Event
	for {
		// A reader gives what is there without looking at the context, so a
		// backlog would go on for as long as it lasts.
		if err = ctx.Err(); err == nil {
			events, err = p.gather(ctx, r, events[:0])
		} else {
			events = events[:0]
		}
		if errors.Is(err, ErrTaken) {
			p.lost.Store(true)
			p.log.Info("another reader has taken the partition")
			return nil
		}
		if len(events) > 0 {
			if err := p.deliver(ctx, events); err != nil {
				return trigger.IgnoreEnd(ctx, err)
			}
		}
		if err != nil {
			// A graceful end keeps what was processed between checkpoints.
			return errors.Join(trigger.IgnoreEnd(ctx, err), p.checkpoint(context.WithoutCancel(ctx)))
		}
	}
}

// start returns where to begin: after the checkpoint, else as host.json says.
func (p *eventPump) start(ctx context.Context) (Position, error) {
	from, found, err := p.checkpoints.position(ctx, p.partition)
	if err != nil || found {
		p.lastMark = time.Now()
		return from, err
	}
	return p.t.config.Initial, nil
}

// gather reads a batch: what is there, up to the maximum; and when that is
// less than the minimum, what comes until the maximum wait has passed.
func (p *eventPump) gather(ctx context.Context, r Reader, dst []Event) ([]Event, error) {
	h := &p.t.config
	most := h.MaxEventBatchSize
	if p.t.o.Binding.Many && h.MinEventBatchSize > 1 {
		return p.gatherMinimum(ctx, r, dst, most)
	}
	if p.processed == nil {
		return r.Read(ctx, dst, most)
	}
	idle, cancel := context.WithTimeout(ctx, idleCheckpoint)
	defer cancel()
	dst, err := r.Read(idle, dst, most)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return dst, p.checkpoint(ctx)
	}
	return dst, err
}

// gatherMinimum waits for MinEventBatchSize events, but not longer than
// MaxWaitTime after the first of them. A partition without any checkpoint does
// not wait, so that a new function shows life at once. Each Read may overwrite
// the bytes of the one before, so events are copied.
func (p *eventPump) gatherMinimum(ctx context.Context, r Reader, dst []Event, most int) ([]Event, error) {
	h := &p.t.config
	wait := h.MaxWaitTime
	if p.lastMark.IsZero() {
		wait = 0
	}
	deadline := time.Now().Add(wait)
	for len(dst) < h.MinEventBatchSize {
		bounded, cancel := ctx, context.CancelFunc(func() {})
		if len(dst) > 0 {
			bounded, cancel = context.WithDeadline(ctx, deadline)
		}
		n := len(dst)
		var err error
		dst, err = r.Read(bounded, dst, most-n)
		timedOut := err != nil && bounded.Err() != nil && ctx.Err() == nil
		cancel()
		for i := n; i < len(dst); i++ {
			dst[i] = dst[i].clone()
		}
		if n == 0 && len(dst) > 0 {
			deadline = time.Now().Add(wait)
		}
		if timedOut {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// deliver invokes the function and moves the checkpoint, whether or not the
// function succeeded: the hub has no place for failed events. A retry policy or a
// circuit breaker hold the partition, and a place for dead letters takes what failed
// before the checkpoint moves; see trigger.Invoker. Once the host is stopping only success
// counts, so that what the end of the host broke is delivered again.
func (p *eventPump) deliver(ctx context.Context, events []Event) error {
	o := &p.t.o
	if o.Binding.Many {
		err := o.Invoker.Invoke(ctx, p.kept(batchCall(events, o.Binding.DataType, p.context, triggerDetails(p.partition, events)), events))
		if trigger.Unfinished(ctx, err) {
			return trigger.ErrCancelled
		}
		return p.advance(ctx, &events[len(events)-1])
	}
	for i := range events {
		err := o.Invoker.Invoke(ctx, p.kept(singleCall(&events[i], o.Binding.DataType, p.context, triggerDetails(p.partition, events[i:i+1])), events[i:i+1]))
		if trigger.Unfinished(ctx, err) {
			return errors.Join(trigger.ErrCancelled, p.checkpoint(context.WithoutCancel(ctx)))
		}
		m := markOf(&events[i])
		p.processed = &m
		if ctx.Err() != nil {
			return errors.Join(trigger.ErrCancelled, p.checkpoint(context.WithoutCancel(ctx)))
		}
	}
	return p.advance(ctx, &events[len(events)-1])
}

// kept gives a call its letters, where the function has a place for them.
func (p *eventPump) kept(c trigger.Call, events []Event) trigger.Call {
	if p.t.o.Aside != nil {
		c.Letters = func() []letter.Item { return items(p.partition, events) }
	}
	return c
}

// advance counts a processed batch and writes the checkpoint when due.
func (p *eventPump) advance(ctx context.Context, last *Event) error {
	m := markOf(last)
	p.processed = &m
	p.batches++
	if p.batches < p.t.config.BatchCheckpointFrequency {
		return nil
	}
	return p.checkpoint(context.WithoutCancel(ctx))
}

func (p *eventPump) checkpoint(ctx context.Context) error {
	if p.processed == nil || p.lost.Load() || !p.owned.sure() {
		return nil
	}
	if err := p.checkpoints.set(ctx, p.partition, *p.processed); err != nil {
		return err
	}
	p.processed, p.batches, p.lastMark = nil, 0, time.Now()
	return nil
}
