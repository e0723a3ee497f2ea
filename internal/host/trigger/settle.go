package trigger

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/letter"
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
	// ID is the message's in its queue, the same however often it is handed out; "" for
	// a pump without Spared.
	ID string
	// Call makes the invocation, once its turn has come. ErrNothing says that there
	// is nothing to run any more, and the message is completed; an *UnfitError that
	// no attempt can succeed, and it is set aside; any other error is a failure.
	Call    func(context.Context) (Call, error)
	Attempt int           // how often it was handed out, this time included
	Lock    time.Duration // how long the lock lasts from when it was received or renewed
	// Item is the message as it came, for a pump that has Aside.
	Item func() letter.Item
}

// ErrNothing is Delivery.Call's word for a message that has become meaningless.
var ErrNothing = errors.New("there is nothing to run the function for any more")

// ErrNotMine is Redriver.Again's word for an item that is another function's.
var ErrNotMine = errors.New("it is another function's")

// UnfitError is Delivery.Call's word for a message that no function can take.
type UnfitError struct{ Reason string }

// Error says why.
func (e *UnfitError) Error() string { return e.Reason }

// Message is how a delivery is settled. A lock that was lost is fault.Gone:
// then the message belongs to somebody else, or to nobody.
type Message interface {
	// Renew makes the lock last for its whole time again.
	Renew(ctx context.Context) error
	// Complete takes the message out of the queue. It is durable then.
	Complete(ctx context.Context) error
	// Abandon gives the message back: at once, or after a while where the queue
	// can wait.
	Abandon(ctx context.Context, after time.Duration) error
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
	Queue   Queue
	Invoker Invoker
	// Batch is how many messages are received together; at least 1.
	Batch int
	// Threshold is how many invocations may still run when the next are received, so
	// that at most Batch + Threshold run at a time.
	Threshold int
	Attempts  int           // at least 1
	Wait      time.Duration // for how long a message whose invocation failed is left alone
	Log       *slog.Logger
	// Aside takes what is set aside, which is then completed; nil: Message.Reject.
	Aside Aside
	// Gate is asked before messages are received; nil: always. While it lets in only
	// probes no message is set aside: it is given back, and its failed attempts of
	// that time do not count.
	Gate Gate
	// Spared remembers those attempts. It is needed where there is a Gate and Attempts
	// are counted here.
	Spared *Spared
	// Limit, when it is not nil, says how many may run at a time; then Batch and Threshold
	// do not.
	Limit Limit
}

// Limit is how many invocations of a function may run at a time, as that changes.
type Limit interface {
	// Free is how many more may begin while some are pending. changed is closed when
	// that may have become more for another reason than that one ended.
	Free(pending int) (n int, changed <-chan struct{})
	// Begin notes one that begins, and end that it has ended.
	Begin() (end func())
	// Most is how many may run at a time now.
	Most() int
}

// mostReceived is how many messages are received together at most where a Limit says
// how many may run, as a queue of Azure gives no more.
const mostReceived = 32

// Run pumps until ctx ends and its invocations have ended and are settled. It
// returns an error when receiving fails; the caller may run it again.
func (p *SettlingPump) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	gone := make(chan struct{})
	defer close(gone)
	ended := make(chan struct{}, p.Batch+p.Threshold)
	for busy := 0; ctx.Err() == nil; {
		one, err := p.await(ctx)
		if err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		most := p.room(ctx, one, &busy, ended)
		if most == 0 {
			return nil // ctx has ended
		}
		if one && !p.Gate.Open() {
			continue // it closed while others ended
		}
		deliveries, err := p.Queue.Receive(ctx, most)
		busy += len(deliveries)
		for _, d := range deliveries {
			running.Go(func() {
				p.deliver(ctx, d)
				select {
				case ended <- struct{}{}:
				case <-gone:
				}
			})
		}
		if err != nil {
			return IgnoreEnd(ctx, err)
		}
	}
	return nil
}

// await waits until messages may be received. one: only one, when no other runs.
func (p *SettlingPump) await(ctx context.Context) (one bool, err error) {
	if p.Gate == nil {
		return false, nil
	}
	return p.Gate.Await(ctx)
}

// room waits until messages may be received, and returns how many; 0 when ctx has ended.
// one: only one, when no other runs.
func (p *SettlingPump) room(ctx context.Context, one bool, busy *int, ended <-chan struct{}) int {
	for {
		for len(ended) > 0 {
			<-ended
			*busy--
		}
		most, changed := p.Batch, (<-chan struct{})(nil)
		if p.Limit != nil {
			most, changed = p.Limit.Free(*busy)
		} else if *busy > p.Threshold {
			most = 0
		}
		switch {
		case one && *busy > 0:
			most = 0
		case one:
			most = min(most, 1)
		}
		if most > 0 {
			return min(most, max(mostReceived, p.Batch))
		}
		select {
		case <-ended:
			*busy--
		case <-changed:
		case <-ctx.Done():
			return 0
		}
	}
}

// deliver invokes the function while the lock is kept, and settles the message.
func (p *SettlingPump) deliver(ctx context.Context, d Delivery) {
	if p.Limit != nil {
		defer p.Limit.Begin()()
	}
	settling := context.WithoutCancel(ctx)
	let := p.keep(settling, d)
	err := p.invoke(ctx, d)
	let()
	var unfit *UnfitError
	switch {
	case err == nil, errors.Is(err, ErrNothing):
		err = p.complete(settling, d)
	case Unfinished(ctx, err):
		err = d.Abandon(settling, 0)
	case errors.As(err, &unfit):
		err = p.setAside(settling, d, err)
	case p.Gate != nil && p.Gate.Open():
		if p.Spared != nil {
			p.Spared.add(d.ID)
		}
		err = d.Abandon(settling, p.Wait)
	case p.attempt(d) >= p.Attempts:
		err = p.setAside(settling, d, err)
	default:
		err = d.Abandon(settling, p.Wait)
	}
	if err != nil {
		p.Log.Warn("a message could not be settled; it is delivered again when its lock ends", "error", err)
	}
}

// attempt is the how-manieth a delivery is of those that count.
func (p *SettlingPump) attempt(d Delivery) int {
	if p.Spared == nil {
		return d.Attempt
	}
	return d.Attempt - p.Spared.of(d.ID)
}

// complete takes a message out for good.
func (p *SettlingPump) complete(ctx context.Context, d Delivery) error {
	err := d.Complete(ctx)
	p.done(d, err)
	return err
}

// done forgets a message that is out.
func (p *SettlingPump) done(d Delivery, err error) {
	if err == nil && p.Spared != nil {
		p.Spared.forget(d.ID)
	}
}

// setAside takes a message out for good. One that could not be kept comes again when its
// lock ends, and is then tried to be kept again.
func (p *SettlingPump) setAside(ctx context.Context, d Delivery, cause error) error {
	p.Log.Warn("a message was set aside", "attempts", d.Attempt, "reason", cause)
	if p.Aside == nil {
		err := d.Reject(ctx, cause.Error())
		p.done(d, err)
		return err
	}
	if err := p.Aside(ctx, d.Item(), d.Attempt, cause); err != nil {
		return err
	}
	return p.complete(ctx, d)
}

// keep renews the lock until let is called; then nothing of it runs any more.
func (p *SettlingPump) keep(settling context.Context, d Delivery) (let func()) {
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
	return func() {
		end()
		<-kept
	}
}

// errOften is why a message whose attempts all ended without a word is set aside.
var errOften = errors.New("it was handed out too often, and no attempt came to an end")

func (p *SettlingPump) invoke(ctx context.Context, d Delivery) error {
	if ctx.Err() != nil {
		return ErrCancelled // a stop that comes first gives the message back
	}
	if p.attempt(d) > p.Attempts {
		return errOften // as when each of them took the host down
	}
	call, err := d.Call(ctx)
	if err != nil {
		return err
	}
	call.Settles = true
	return p.Invoker.Invoke(ctx, call)
}
