package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// pumps are a pump for each partition that the group gave to this host. A partition
// that goes to another is given up when its invocation has ended and its position is
// committed, so that the other goes on where this one stopped.
type pumps struct {
	t *Trigger

	mu    sync.Mutex
	by    map[int32]*pump // guarded by mu
	first error           // why one of them ended by itself; guarded by mu
	ended bool            // guarded by mu
}

func newPumps(t *Trigger) *pumps { return &pumps{t: t, by: map[int32]*pump{}} }

// assigned starts pumps. The context is the client's, which lives as long as Run.
func (p *pumps) assigned(ctx context.Context, client *kgo.Client, topics map[string][]int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range topics[p.t.topic] {
		if p.ended || p.by[n] != nil {
			continue
		}
		one := &pump{t: p.t, client: client, partition: n, more: make(chan struct{}, 1), done: make(chan struct{})}
		var working context.Context
		working, one.stop = context.WithCancel(ctx)
		p.by[n] = one
		go p.run(working, one)
	}
	client.ResumeFetchPartitions(topics) // one that rested when it went to another comes back awake
}

func (p *pumps) run(ctx context.Context, one *pump) {
	defer close(one.done)
	if err := one.run(ctx); err != nil && ctx.Err() == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.first = errors.Join(p.first, fmt.Errorf("partition %d of %s: %w", one.partition, p.t.describe(), err))
	}
}

// revoked ends pumps in order: what was processed is committed.
func (p *pumps) revoked(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	p.drop(topics[p.t.topic])
}

// lost ends pumps whose partitions are another's already: their commits fail.
func (p *pumps) lost(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	p.drop(topics[p.t.topic])
}

func (p *pumps) drop(partitions []int32) {
	var dropped []*pump
	p.mu.Lock()
	for _, n := range partitions {
		if one := p.by[n]; one != nil {
			dropped = append(dropped, one)
			delete(p.by, n)
			p.t.positions.forget(n)
		}
	}
	p.mu.Unlock()
	for _, one := range dropped {
		one.stop()
	}
	for _, one := range dropped {
		<-one.done
	}
}

// end ends all of them, and lets none begin.
func (p *pumps) end() {
	p.mu.Lock()
	p.ended = true
	var all []int32
	for n := range p.by {
		all = append(all, n)
	}
	p.mu.Unlock()
	p.drop(all)
}

// failure is why a pump ended by itself, or nil.
func (p *pumps) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first
}

// hand gives what was fetched to the partition's pump, so that one that is slow holds up
// no other.
func (p *pumps) hand(f kgo.FetchPartition) {
	if len(f.Records) == 0 {
		return
	}
	p.mu.Lock()
	one := p.by[f.Partition]
	p.mu.Unlock()
	if one == nil {
		return // another's by now: it reads from the position that was committed
	}
	p.t.positions.fetched(f.Partition, f.HighWatermark)
	one.give(f.Records)
}

// pump is one partition, one invocation at a time.
type pump struct {
	t         *Trigger
	client    *kgo.Client
	partition int32
	more      chan struct{} // holds a token: there are records
	stop      context.CancelFunc
	done      chan struct{}

	mu      sync.Mutex // guards the fields below
	waiting []*kgo.Record
	rests   bool // the partition is not fetched
}

// give hands records over without waiting for the pump to take them. A partition whose
// pump has enough rests. It must not rest for less: a fetch that is under way when it
// wakes is of the other partitions, and the cluster may hold it until they have something.
func (p *pump) give(records []*kgo.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, records...)
	if !p.rests && len(p.waiting) > 2*p.t.config.MaxBatchSize {
		p.rests = true
		p.client.PauseFetchPartitions(p.itself())
	}
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// take is the next batch, or nil. The partition wakes before the pump has run dry.
func (p *pump) take() []*kgo.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(p.waiting), p.t.config.MaxBatchSize)
	batch := p.waiting[:n:n]
	if p.waiting = p.waiting[n:]; len(p.waiting) == 0 {
		p.waiting = nil
	}
	if p.rests && len(p.waiting) <= p.t.config.MaxBatchSize {
		p.rests = false
		p.client.ResumeFetchPartitions(p.itself())
	}
	return batch
}

func (p *pump) itself() map[string][]int32 { return map[string][]int32{p.t.topic: {p.partition}} }

func (p *pump) run(ctx context.Context) error {
	for {
		select {
		case <-p.more:
		case <-ctx.Done():
			return nil
		}
		for batch := p.take(); len(batch) > 0; batch = p.take() {
			if err := p.process(ctx, batch); err != nil {
				return trigger.IgnoreEnd(ctx, err)
			}
		}
	}
}

// process invokes the function for records, as a batch or one after the other, and
// commits the position behind those that are done. It returns an error when not all of
// them are.
func (p *pump) process(ctx context.Context, records []*kgo.Record) error {
	done, err := 0, error(nil)
	for done < len(records) && err == nil {
		n := 1
		if p.t.many {
			n = len(records)
		}
		if err = p.invoke(ctx, records[done:done+n]); err == nil {
			done += n
		}
	}
	if done == 0 {
		return err
	}
	return errors.Join(err, p.commit(context.WithoutCancel(ctx), records[done-1]))
}

// invoke runs the function until its events count as processed: at once, or where
// host.json says that a failure does not move the position, until it has succeeded.
func (p *pump) invoke(ctx context.Context, records []*kgo.Record) error {
	again := run.Backoff{First: time.Second, Longest: time.Minute}
	for {
		if ctx.Err() != nil {
			return trigger.ErrCancelled
		}
		err := p.t.o.Invoker.Invoke(ctx, p.t.call(records))
		switch {
		case trigger.Unfinished(ctx, err):
			return trigger.ErrCancelled
		case err == nil || p.t.config.CommitFailed:
			return nil
		}
		p.t.o.Log.Warn("the position stays, since commitOnFailure is off, and the function is tried again", "partition", p.partition, "offset", records[0].Offset)
		if err := again.Wait(ctx); err != nil {
			return trigger.ErrCancelled
		}
	}
}

// longestCommit bounds a commit: after it the position may be another's.
const longestCommit = 30 * time.Second

func (p *pump) commit(ctx context.Context, last *kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, longestCommit)
	defer cancel()
	if err := p.client.CommitRecords(ctx, last); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	p.t.positions.committed(p.partition, last.Offset)
	p.t.o.Checkpointed(trigger.Checkpoint{
		Host: p.t.Source().Host, Target: p.t.topic, Group: p.t.group, Partition: strconv.Itoa(int(p.partition)), Sequence: last.Offset,
	})
	return nil
}

// positions are how far each partition has come.
type positions struct {
	mu sync.Mutex
	by map[int32]position // guarded by mu
}

type position struct{ next, end int64 }

func (p *positions) change(partition int32, f func(*position)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[int32]position{}
	}
	at := p.by[partition]
	f(&at)
	p.by[partition] = at
}

func (p *positions) fetched(partition int32, end int64) {
	p.change(partition, func(at *position) { at.end = end })
}

func (p *positions) committed(partition int32, offset int64) {
	p.change(partition, func(at *position) { at.next = offset + 1 })
}

func (p *positions) forget(partition int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.by, partition)
}

func (p *positions) lag() (events int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.by {
		events += max(at.end-at.next, 0)
	}
	return events
}
