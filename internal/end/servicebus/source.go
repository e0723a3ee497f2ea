package servicebus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"
	"github.com/Azure/go-amqp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// receiver is what a queue's receiver and a session's have in common.
type receiver interface {
	ReceiveMessages(ctx context.Context, most int, o *azservicebus.ReceiveMessagesOptions) ([]*azservicebus.ReceivedMessage, error)
	CompleteMessage(ctx context.Context, m *azservicebus.ReceivedMessage, o *azservicebus.CompleteMessageOptions) error
	AbandonMessage(ctx context.Context, m *azservicebus.ReceivedMessage, o *azservicebus.AbandonMessageOptions) error
	DeadLetterMessage(ctx context.Context, m *azservicebus.ReceivedMessage, o *azservicebus.DeadLetterOptions) error
	Close(ctx context.Context) error
}

func (t *Trigger) receiver(client *azservicebus.Client) (*azservicebus.Receiver, error) {
	if t.from.topic != "" {
		return client.NewReceiverForSubscription(t.from.topic, t.from.subscription, nil)
	}
	return client.NewReceiverForQueue(t.from.queue, nil)
}

// source is a receiver as a pump takes messages from it. With idle it ends after that
// long without a message.
type source struct {
	t     *Trigger
	r     receiver
	renew func(context.Context, *azservicebus.ReceivedMessage, *azservicebus.RenewMessageLockOptions) error
	idle  time.Duration
}

// errIdle is the end of a session that had no message for a while.
var errIdle = errors.New("no message for a while")

// pump feeds the source to the function: single messages, several at a time, or one
// batch after the other.
func (t *Trigger) pump(ctx context.Context, s *source, calls int) error {
	if t.many {
		return t.batches(ctx, s)
	}
	pump := trigger.SettlingPump{
		Queue: s, Invoker: t.o.Invoker, Log: t.o.Log, Batch: 1, Threshold: calls - 1, Gate: t.o.Gate,
		Attempts: math.MaxInt, // the service counts
	}
	return pump.Run(ctx)
}

// receive waits for messages and returns at least one.
func (s *source) receive(ctx context.Context, most int) ([]*azservicebus.ReceivedMessage, error) {
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if s.idle > 0 {
		waiting, cancel = context.WithTimeoutCause(ctx, s.idle, errIdle)
	}
	defer cancel()
	got, err := s.r.ReceiveMessages(waiting, most, nil)
	switch {
	case ctx.Err() != nil && len(got) == 0:
		return nil, ctx.Err()
	case err != nil && len(got) == 0 && errors.Is(context.Cause(waiting), errIdle):
		return nil, errIdle
	case err != nil && len(got) == 0:
		return nil, fmt.Errorf("receive from %s: %w", s.t.Source().Words, reason(err))
	}
	return got, nil
}

// reason gives the client's errors a kind.
func reason(err error) error {
	var refused *amqp.Error
	if errors.As(err, &refused) && refused.Condition == amqp.ErrCondNotFound {
		return fault.Wrap(fault.NotFound, "", err, "there is no such queue, topic or subscription")
	}
	var coded *azservicebus.Error
	if !errors.As(err, &coded) {
		return fault.Wrap(fault.Unavailable, "", err, "the namespace cannot be reached")
	}
	switch coded.Code {
	case azservicebus.CodeUnauthorizedAccess:
		return fault.Wrap(fault.Forbidden, "", err, "the connection may not do that")
	case azservicebus.CodeNotFound:
		return fault.Wrap(fault.NotFound, "", err, "there is no such queue, topic or subscription")
	case azservicebus.CodeLockLost:
		return fault.Wrap(fault.Gone, "", err, "its lock is another's")
	}
	return err
}

// Receive implements trigger.Queue.
func (s *source) Receive(ctx context.Context, most int) ([]trigger.Delivery, error) {
	got, err := s.receive(ctx, most)
	all := make([]trigger.Delivery, len(got))
	for i, m := range got {
		all[i] = trigger.Delivery{
			Message: s.held(m), Attempt: int(m.DeliveryCount), Lock: lockOf(m),
			Call: func(context.Context) (trigger.Call, error) { return s.t.call([]*message{{m}}), nil },
		}
	}
	return all, err
}

// usualLock is the lock of a message that does not say how long it is.
const usualLock = 30 * time.Second

func lockOf(m *azservicebus.ReceivedMessage) time.Duration {
	if m.LockedUntil == nil {
		return usualLock
	}
	return max(time.Until(*m.LockedUntil), time.Second)
}

// held is a message that this host has.
type held struct {
	s     *source
	m     *azservicebus.ReceivedMessage
	until time.Time // its lock is renewed so long
}

func (s *source) held(m *azservicebus.ReceivedMessage) *held {
	return &held{s, m, time.Now().Add(s.t.config.MaxRenewal)}
}

// errLongRun ends the renewal of a lock.
var errLongRun = errors.New("the function runs longer than maxAutoLockRenewalDuration")

// Renew implements trigger.Message.
func (h *held) Renew(ctx context.Context) error {
	if time.Now().After(h.until) {
		return errLongRun
	}
	return h.s.renew(ctx, h.m, nil)
}

// Complete implements trigger.Message. Where messages are not completed by the host the
// function does it, or the message comes again when its lock ends.
func (h *held) Complete(ctx context.Context) error {
	if !h.s.t.complete {
		return nil
	}
	return h.s.r.CompleteMessage(ctx, h.m, nil)
}

// Abandon implements trigger.Message. The service has no wait.
func (h *held) Abandon(ctx context.Context, _ time.Duration) error {
	return h.s.r.AbandonMessage(ctx, h.m, nil)
}

// Reject implements trigger.Message.
func (h *held) Reject(ctx context.Context, why string) error {
	return h.s.r.DeadLetterMessage(ctx, h.m, &azservicebus.DeadLetterOptions{Reason: &why})
}

// batches hands over one batch after the other: all of its messages are completed, or
// all given back.
func (t *Trigger) batches(ctx context.Context, s *source) error {
	for ctx.Err() == nil {
		got, err := s.gather(ctx)
		if err != nil {
			return trigger.IgnoreEnd(ctx, err)
		}
		all := make([]*message, len(got))
		for i, m := range got {
			all[i] = &message{m}
		}
		let := s.keep(context.WithoutCancel(ctx), got)
		err = t.o.Invoker.Invoke(ctx, t.call(all))
		let()
		s.settle(context.WithoutCancel(ctx), got, err == nil)
	}
	return nil
}

// gather waits for a batch: what is there, or as many as host.json wants at least, as
// long as it says.
func (s *source) gather(ctx context.Context) ([]*azservicebus.ReceivedMessage, error) {
	c := s.t.config
	got, err := s.receive(ctx, c.MaxBatch)
	if err != nil || len(got) >= c.MinBatch {
		return got, err
	}
	waiting, cancel := context.WithTimeout(ctx, c.MaxBatchWait)
	defer cancel()
	for len(got) < c.MinBatch && waiting.Err() == nil {
		more, err := s.r.ReceiveMessages(waiting, c.MaxBatch-len(got), nil)
		got = append(got, more...)
		if err != nil {
			break // the next receive tells
		}
	}
	return got, nil
}

// keep renews the locks of a batch until let is called.
func (s *source) keep(ctx context.Context, got []*azservicebus.ReceivedMessage) (let func()) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() {
		h, every := s.held(got[0]), lockOf(got[0])/2
		for run.Pause(ctx, every) == nil && time.Now().Before(h.until) {
			for _, m := range got {
				if err := s.renew(ctx, m, nil); err != nil && ctx.Err() == nil {
					s.t.o.Log.Warn("the lock of a message could not be renewed; it may be delivered again", "message", m.MessageID, "error", err)
				}
			}
		}
	})
	return func() { cancel(); keeping.Wait() }
}

func (s *source) settle(ctx context.Context, got []*azservicebus.ReceivedMessage, succeeded bool) {
	for _, m := range got {
		h := s.held(m)
		settle := h.Complete
		if !succeeded {
			settle = func(ctx context.Context) error { return h.Abandon(ctx, 0) }
		}
		if err := settle(ctx); err != nil {
			s.t.o.Log.Warn("a message could not be settled; it is delivered again when its lock ends", "message", m.MessageID, "error", err)
		}
	}
}
