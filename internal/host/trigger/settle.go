package trigger

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// Queue is a source whose messages are settled one by one, where a log has a
// position: a queue, a subscription, a container of blobs. Who receives a
// message holds it under a lock that ends by itself.
type Queue interface {
	// Receive waits for messages and returns at least one and at most max of
	// them, locked. When ctx ends it returns ctx's error, and no message stays
	// locked.
	Receive(ctx context.Context, max int) ([]Delivery, error)
}

// Delivery is a message that was handed out.
type Delivery struct {
	Message
	Call    Call
	Attempt int           // how often it was handed out, this time included
	Lock    time.Duration // how long the lock lasts from when it was received or renewed
}

// Message is how a delivery is settled. A lock that was lost is fault.Gone:
// then the message belongs to somebody else, or to nobody.
type Message interface {
	// Renew makes the lock last for its whole time again.
	Renew(ctx context.Context) error
	// Complete takes the message out of the queue. It is durable then.
	Complete(ctx context.Context) error
	// Abandon gives the message back at once.
	Abandon(ctx context.Context) error
	// Reject sets the message aside for good: a poison queue, a dead-letter
	// queue. reason is for people.
	Reject(ctx context.Context, reason string) error
}

// SettlingPump feeds a queue to a function, each message an invocation of its
// own. A message is completed only after its invocation, with all its retries,
// succeeded; one whose invocation failed is given back until it has been tried
// Attempts times and is then set aside. So every message is delivered at least
// once, and none is lost without being set aside.
type SettlingPump struct {
	Queue    Queue
	Invoker  Invoker
	AtOnce   int // invocations at a time; at least 1
	Attempts int // at least 1
	Log      *slog.Logger
}

// Run pumps until ctx ends and its invocations have ended and are settled. It
// returns an error when receiving fails; the caller may run it again.
func (p *SettlingPump) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, p.AtOnce)
	for range p.AtOnce {
		free <- struct{}{}
	}
	for ctx.Err() == nil {
		select { // at least one place, and then all there are
		case <-free:
		case <-ctx.Done():
			return nil
		}
		room := 1
		for more := true; more && room < p.AtOnce; {
			select {
			case <-free:
				room++
			default:
				more = false
			}
		}
		deliveries, err := p.Queue.Receive(ctx, room)
		for _, d := range deliveries {
			running.Go(func() {
				p.deliver(ctx, d)
				free <- struct{}{}
			})
		}
		for range room - len(deliveries) {
			free <- struct{}{}
		}
		if err != nil {
			return IgnoreEnd(ctx, err)
		}
	}
	return nil
}

// deliver invokes the function while the lock is kept, and settles the message.
func (p *SettlingPump) deliver(ctx context.Context, d Delivery) {
	settling := context.WithoutCancel(ctx)
	keep, end := context.WithCancel(settling)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		for run.Pause(keep, d.Lock/2) == nil {
			if err := d.Renew(keep); err != nil && keep.Err() == nil {
				p.Log.Warn("the lock of a message could not be renewed; it may be delivered again", "error", err)
				return
			}
		}
	}()
	err := errors.New("not begun") // a stop that comes first gives the message back
	if ctx.Err() == nil {
		err = p.Invoker.Invoke(ctx, d.Call)
	}
	end()
	<-kept
	switch {
	case err == nil:
		err = d.Complete(settling)
	case Unfinished(ctx, err) || d.Attempt < p.Attempts:
		err = d.Abandon(settling)
	default:
		err = d.Reject(settling, err.Error())
	}
	if err != nil {
		p.Log.Warn("a message could not be settled; it is delivered again when its lock ends", "error", err)
	}
}
