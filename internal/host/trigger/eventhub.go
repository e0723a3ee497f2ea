package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// ErrCancelled is the cause when a function did not run to an end because the
// host is stopping.
var ErrCancelled = fault.New(fault.Unavailable, "invocation", "cancelled because the host is stopping")

// EventHubOptions describe one Event Hubs trigger.
type EventHubOptions struct {
	Binding     *binding.Binding
	Settings    *settings.Settings
	Host        hostjson.EventHubs
	Connector   Connector
	Checkpoints MetadataStore
	Owner       string // stable identity of this host, for checkpoints
	Invoker     Invoker
	Log         *slog.Logger
}

// EventHubTrigger pumps all partitions of a hub into a function.
//
// Supported binding properties: eventHubName (or path), consumerGroup,
// connection, cardinality, dataType. Partitions are all read by this host:
// there is no load balancing between hosts.
type EventHubTrigger struct {
	o          EventHubOptions
	conn       settings.Connection
	hub, group string
}

// NewEventHub checks the declaration.
func NewEventHub(o EventHubOptions) (*EventHubTrigger, error) {
	t := &EventHubTrigger{o: o, hub: o.Binding.Text("eventHubName"), group: o.Binding.Text("consumerGroup")}
	if t.hub == "" {
		t.hub = o.Binding.Text("path")
	}
	conn, err := o.Settings.Connection(settings.EventHubs, o.Binding.Text("connection"))
	if err != nil {
		return nil, err
	}
	if conn.EntityPath != "" {
		t.hub = conn.EntityPath // as in the SDKs, the connection string wins
	}
	if t.hub == "" {
		return nil, fault.New(fault.Invalid, "binding "+o.Binding.Name, "names no eventHubName")
	}
	if t.group == "" {
		t.group = "$Default"
	}
	t.conn = conn
	return t, nil
}

// Target is the hub's name.
func (t *EventHubTrigger) Target() string { return t.hub }

// Describe names the source for people.
func (t *EventHubTrigger) Describe() string { return "event hub " + t.hub + ", group " + t.group }

// Run pumps until ctx ends. It returns an error when the hub cannot be opened
// or a partition's reader or checkpoint fails; the caller may run it again.
func (t *EventHubTrigger) Run(ctx context.Context) error {
	hub, err := t.o.Connector.EventHub(ctx, t.conn, t.hub, t.group)
	if err != nil {
		return fmt.Errorf("open %s: %w", t.Describe(), err)
	}
	partitions, err := hub.Partitions(ctx)
	if err != nil {
		return fmt.Errorf("list partitions of %s: %w", t.Describe(), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		pumps sync.WaitGroup
		once  sync.Once
		first error
	)
	for _, id := range partitions {
		p := t.pump(hub, id)
		pumps.Go(func() {
			if err := p.run(ctx); err != nil {
				once.Do(func() { first = err })
				cancel() // all or none: the caller restarts the whole trigger
			}
		})
	}
	pumps.Wait()
	return first
}

func (t *EventHubTrigger) pump(hub EventHub, partition string) *eventPump {
	return &eventPump{
		t: t, hub: hub, partition: partition,
		checkpoints: newCheckpoints(t.o.Checkpoints, hub.Namespace(), t.hub, t.group, t.o.Owner),
		context:     partitionContext(hub.Namespace(), t.hub, t.group, partition, t.o.Owner),
		log:         t.o.Log.With("hub", t.hub, "partition", partition),
	}
}

// idleCheckpoint is how long processed events may stay without a checkpoint
// when checkpoints are written less often than after every batch.
const idleCheckpoint = 10 * time.Minute

// eventPump delivers one partition.
type eventPump struct {
	t           *EventHubTrigger
	hub         EventHub
	partition   string
	checkpoints *checkpoints
	context     string
	log         *slog.Logger

	batches   int   // since the last checkpoint
	processed *mark // the last processed event without a checkpoint
	lastMark  time.Time
}

func (p *eventPump) run(ctx context.Context) error {
	from, err := p.start(ctx)
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	r, err := p.hub.Open(ctx, p.partition, from)
	if err != nil {
		return ignoreEnd(ctx, fmt.Errorf("read partition %s of %s: %w", p.partition, p.t.Describe(), err))
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
		if len(events) > 0 {
			if err := p.deliver(ctx, events); err != nil {
				return ignoreEnd(ctx, err)
			}
		}
		if err != nil {
			// A graceful end keeps what was processed between checkpoints.
			return errors.Join(ignoreEnd(ctx, err), p.checkpoint(context.WithoutCancel(ctx)))
		}
	}
}

// ignoreEnd drops an error that only says that ctx has ended.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, ErrCancelled)) {
		return nil
	}
	return err
}

// start returns where to begin: after the checkpoint, else as host.json says.
func (p *eventPump) start(ctx context.Context) (Position, error) {
	from, found, err := p.checkpoints.position(ctx, p.partition)
	if err != nil || found {
		p.lastMark = time.Now()
		return from, err
	}
	switch h := p.t.o.Host; h.InitialOffset {
	case hostjson.FromEnd:
		return Position{Kind: FromEnd}, nil
	case hostjson.FromEnqueuedTime:
		return Position{Kind: FromTime, Time: h.InitialTime}, nil
	}
	return Position{Kind: FromStart}, nil
}

// gather reads a batch: what is there, up to the maximum; and when that is
// less than the minimum, what comes until the maximum wait has passed.
func (p *eventPump) gather(ctx context.Context, r EventReader, dst []Event) ([]Event, error) {
	h := p.t.o.Host
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
func (p *eventPump) gatherMinimum(ctx context.Context, r EventReader, dst []Event, most int) ([]Event, error) {
	h := p.t.o.Host
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
// function succeeded: there is no place for failed events, and a retry policy
// is the way to hold the partition. Once the host is stopping only success
// counts, so that what the end of the host broke is delivered again.
func (p *eventPump) deliver(ctx context.Context, events []Event) error {
	o := &p.t.o
	if o.Binding.Many {
		err := o.Invoker.Invoke(ctx, batchCall(events, o.Binding.DataType, p.context, triggerDetails(p.partition, events)))
		if unfinished(ctx, err) {
			return ErrCancelled
		}
		return p.advance(ctx, &events[len(events)-1])
	}
	for i := range events {
		err := o.Invoker.Invoke(ctx, singleCall(&events[i], o.Binding.DataType, p.context, triggerDetails(p.partition, events[i:i+1])))
		if unfinished(ctx, err) {
			return errors.Join(ErrCancelled, p.checkpoint(context.WithoutCancel(ctx)))
		}
		m := markOf(&events[i])
		p.processed = &m
		if ctx.Err() != nil {
			return errors.Join(ErrCancelled, p.checkpoint(context.WithoutCancel(ctx)))
		}
	}
	return p.advance(ctx, &events[len(events)-1])
}

// unfinished reports whether an invocation must not count as processed: it
// was cancelled, or failed while the host was stopping.
func unfinished(ctx context.Context, err error) bool {
	return errors.Is(err, ErrCancelled) || err != nil && ctx.Err() != nil
}

// advance counts a processed batch and writes the checkpoint when due.
func (p *eventPump) advance(ctx context.Context, last *Event) error {
	m := markOf(last)
	p.processed = &m
	p.batches++
	if p.batches < p.t.o.Host.BatchCheckpointFrequency {
		return nil
	}
	return p.checkpoint(context.WithoutCancel(ctx))
}

func (p *eventPump) checkpoint(ctx context.Context) error {
	if p.processed == nil {
		return nil
	}
	if err := p.checkpoints.set(ctx, p.partition, *p.processed); err != nil {
		return err
	}
	p.processed, p.batches, p.lastMark = nil, 0, time.Now()
	return nil
}
