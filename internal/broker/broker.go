// Package broker keeps event hubs: named, partitioned, durable streams that
// any number of readers follow at their own pace.
//
// The one idea: a partition is a seglog.Log and nothing else. An append is one
// group of the log, so it is atomic and acknowledged only when it is on disk; a
// reader is a cursor over the log; retention drops the log's oldest segments.
// The broker adds names, consumer groups, routing by key, offsets and a
// durable list of what exists.
//
// It does not know AMQP or Kafka: a record's body is opaque. It does not store
// consumer positions either, because consumers keep their own checkpoints, and
// it does not arbitrate between readers of one group: the wire contract does.
//
// On disk, below Options.Dir:
//
//	hubs.json             what exists: hubs, partitions, consumer groups
//	hub-00000001/0000/    the log of partition 0 of the hub with id 1
package broker

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/seglog"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure a Broker. FS and Dir are required; every other field has a
// default.
type Options struct {
	FS  vfs.FS // where everything is written
	Dir string // the broker's own folder; made when missing

	Sync         vfs.SyncPolicy // when an append counts as stored; default vfs.SyncAlways
	SyncInterval time.Duration  // for vfs.SyncInterval; default 100 ms

	SegmentBytes int64 // size at which a log begins a new file; default 64 MiB
	TailBytes    int64 // memory for the newest records of all partitions together; default 32 MiB
	QueueBytes   int64 // bytes waiting per partition before Append blocks; default 4 MiB
	AppendBytes  int   // largest single append; default 4 MiB

	RetentionEvery time.Duration    // how often retention looks; default 1 min
	Now            func() time.Time // default time.Now
	Log            *slog.Logger     // default: nothing is logged
	Events         func(Event)      // called from writers: must not block or call back; default nil
}

func (o Options) withDefaults() Options {
	o.TailBytes = cmp.Or(o.TailBytes, 32<<20)
	o.QueueBytes = cmp.Or(o.QueueBytes, 4<<20)
	o.RetentionEvery = cmp.Or(o.RetentionEvery, time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Broker holds the hubs of all namespaces; Namespace leads to those of one. Its
// methods may be called from any goroutine.
type Broker struct {
	opts Options
	tail *seglog.Tail
	wake chan struct{} // holds a token when Run should look at unstarted

	change sync.Mutex // held through each change of what exists; guards meta
	meta   meta

	mu        sync.Mutex // guards the rest
	hubs      map[hubKey]*Hub
	unstarted []*Partition  // whose writers Run has yet to start
	stopped   bool          // Run has ended
	changed   chan struct{} // closed and replaced when hubs or partitions come or go
}

// Open reads what exists below opts.Dir and recovers every partition: a write
// that a crash cut off is dropped, damage is refused with an error that names
// file and position. The caller must hold the data folder's lock.
func Open(opts Options) (*Broker, error) {
	opts = opts.withDefaults()
	b := &Broker{
		opts: opts,
		tail: seglog.NewTail(max(opts.TailBytes, 0)),
		wake: make(chan struct{}, 1),
		hubs: map[hubKey]*Hub{}, changed: make(chan struct{}),
	}
	if err := vfs.MakeDir(opts.FS, opts.Dir); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "broker", err, "open")
	}
	var err error
	if b.meta, err = loadMeta(opts.FS, opts.Dir); err != nil {
		return nil, err
	}
	if err := b.emptyTrash(); err != nil {
		return nil, err
	}
	for _, m := range b.meta.Hubs {
		if err := b.openHub(m); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

// openHub opens the partitions of a hub, several at a time, and adds it.
func (b *Broker) openHub(m hubMeta) error {
	h := &Hub{b: b, id: m.ID, namespace: m.Namespace, offset: m.FirstOffset}
	parts, err := h.openPartitions(m, 0, true)
	if err != nil {
		return err
	}
	h.state.Store(&hubState{m, parts, make(chan struct{})})
	b.add(h, parts)
	return nil
}

// openPartitions opens the logs of partitions from the given number up to what
// m says.
func (h *Hub) openPartitions(m hubMeta, from int, mustExist bool) ([]*Partition, error) {
	parts := make([]*Partition, m.Partitions-from)
	errs := make([]error, len(parts))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range parts {
		slots <- struct{}{}
		wg.Go(func() {
			parts[i], errs[i] = openPartition(h, m, from+i, mustExist)
			<-slots
		})
	}
	wg.Wait()
	err := joinKinds(errs)
	if err == nil {
		return parts, nil
	}
	for _, p := range parts {
		if p != nil {
			err = errors.Join(err, p.log.Release())
		}
	}
	return nil, err
}

// joinKinds joins errors, but keeps only the first of those that the system gave
// the same reason for: a full disk needs no line for each partition.
func joinKinds(errs []error) error {
	said := map[syscall.Errno]bool{}
	var kept []error
	for _, err := range errs {
		var reason syscall.Errno
		if errors.As(err, &reason) {
			if said[reason] {
				continue
			}
			said[reason] = true
		}
		kept = append(kept, err)
	}
	return errors.Join(kept...)
}

// add makes the hub findable and hands new partitions to Run.
func (b *Broker) add(h *Hub, parts []*Partition) {
	b.mu.Lock()
	b.hubs[keyOf(h.namespace, h.Name())] = h
	b.unstarted = append(b.unstarted, parts...)
	b.tellChange()
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Run makes the partitions write and applies retention until ctx ends. Then it
// stores what is queued and returns when every goroutine is gone. Appends made
// before Run wait in their queues. Call it once.
func (b *Broker) Run(ctx context.Context) error {
	var writers sync.WaitGroup
	tick := time.NewTicker(b.opts.RetentionEvery)
	defer tick.Stop()
	for {
		for _, p := range b.starting() {
			writers.Go(func() { p.run(ctx) })
		}
		select {
		case <-b.wake:
		case <-tick.C:
			b.Retain()
		case <-ctx.Done():
			b.stop()
			writers.Wait()
			return nil
		}
	}
}

// tellChange wakes those who watch what exists; mu is held.
func (b *Broker) tellChange() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// starting takes the partitions whose writers are to be started now.
func (b *Broker) starting() []*Partition {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.unstarted
	b.unstarted = nil
	for _, p := range list {
		p.started = true
	}
	return list
}

// stop refuses new partitions, and appends to those that were never started.
func (b *Broker) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	for _, p := range b.unstarted {
		p.log.Close()
	}
	b.unstarted = nil
}

// Retain applies retention to all partitions now, as Run does from time to time.
func (b *Broker) Retain() {
	b.change.Lock() // a hub is not deleted meanwhile
	defer b.change.Unlock()
	for _, h := range b.all() {
		s := h.state.Load()
		for _, p := range s.partitions {
			p.retain(s.meta)
		}
	}
}

// Close closes the files and lets all readers end with fault.Unavailable. Call
// it after Run has returned, or instead of Run.
func (b *Broker) Close() error {
	b.stop()
	var errs []error
	for _, h := range b.all() {
		for _, p := range h.state.Load().partitions {
			errs = append(errs, p.log.Release())
		}
	}
	return errors.Join(errs...)
}

// all returns the hubs of all namespaces, in no order.
func (b *Broker) all() []*Hub {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.hubs))
}
