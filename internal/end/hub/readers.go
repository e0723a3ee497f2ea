package hub

import (
	"context"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// readers are the pumps of the partitions that a trigger owns.
type readers struct {
	t     *Trigger
	hub   Hub
	blobs state.Blobs
	owned *ownership

	pumps   sync.WaitGroup
	mu      sync.Mutex            // guards what follows
	running map[string]*eventPump // by partition
	failed  error                 // why the first pump failed
}

// run reads what there is to own until ctx ends, a pump fails or the hub has
// changed, and gives the partitions back when all pumps have ended.
func (r *readers) run(ctx context.Context, partitions []string) error {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.hub.Changed():
			cancel()
		case <-working.Done():
		}
	}()
	err := trigger.IgnoreEnd(working, r.keep(working, cancel, partitions))
	cancel() // all or none: the caller restarts the whole trigger
	r.pumps.Wait()
	r.owned.giveBack(context.WithoutCancel(ctx))
	if r.failed != nil {
		return r.failed
	}
	return err
}

// keep looks at who owns what until ctx ends. It fails when the store of claims cannot
// be reached for so long that others may have taken what is held.
func (r *readers) keep(ctx context.Context, fail context.CancelFunc, partitions []string) error {
	for ctx.Err() == nil {
		err := r.owned.balance(ctx, partitions)
		switch {
		case err == nil:
			r.follow(ctx, fail)
		case ctx.Err() != nil || !r.owned.sure():
			return err
		default:
			r.owned.log.Warn("who reads which partition could not be looked at; what is read is read on", "error", err)
		}
		_ = run.Pause(ctx, r.t.config.LoadBalancingUpdateInterval)
	}
	return nil
}

// follow ends the pumps of what is owned no more, and begins those of what is owned
// newly. A pump that is still ending is followed by another one the next time.
func (r *readers) follow(ctx context.Context, fail context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for partition, p := range r.running {
		if _, owned := r.owned.held[partition]; !owned {
			p.lost.Store(true)
			p.stop()
		}
	}
	for partition := range r.owned.held {
		if r.running[partition] == nil {
			r.begin(ctx, partition, fail)
		}
	}
}

// begin starts a pump. The caller holds mu.
func (r *readers) begin(ctx context.Context, partition string, fail context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	t := r.t
	p := &eventPump{
		t: t, hub: r.hub, partition: partition, stop: stop,
		checkpoints: newCheckpoints(t, r.hub, r.blobs), owned: r.owned,
		context: partitionContext(r.hub.Namespace(), t.hub, t.group, partition, t.owner),
		log:     t.o.Log.With("hub", t.hub, "partition", partition),
	}
	r.running[partition] = p
	r.pumps.Go(func() {
		defer stop()
		err := p.run(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.running, partition)
		if err != nil {
			if r.failed == nil {
				r.failed = err
			}
			fail()
		}
	})
}

// ownership is that of the trigger, which owns nothing yet.
func (t *Trigger) ownership(hub Hub, marks state.Marks) *ownership {
	own, others := t.config.claims(hub.Remote())
	return &ownership{
		marks: marks, owner: t.owner, lasts: own, others: others,
		renew:  max(0, own/6-t.config.LoadBalancingUpdateInterval/2), // at every second look at least
		prefix: strings.ToLower(hub.Namespace() + "/" + t.hub + "/" + t.group + "/ownership/"),
		log:    t.o.Log.With("hub", t.hub), held: map[string]claim{}, seen: map[string]claim{},
	}
}
