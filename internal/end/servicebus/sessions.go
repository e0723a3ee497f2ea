package servicebus

import (
	"context"
	"errors"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// runSessions takes sessions, as many at a time as host.json says, and pumps each until
// it has had no message for a while. The messages of a session come in order, one
// invocation at a time. The first error ends them all.
func (t *Trigger) runSessions(ctx context.Context, client *azservicebus.Client) error {
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for range t.config.Sessions {
		all.Go(func() {
			for working.Err() == nil {
				if err := t.session(working, client); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(working)
}

// session takes the next session that has messages, if there is one.
func (t *Trigger) session(ctx context.Context, client *azservicebus.Client) error {
	r, err := t.next(ctx, client)
	var coded *azservicebus.Error
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(err, &coded) && coded.Code == azservicebus.CodeTimeout:
		return nil // no session has a message now
	case err != nil:
		return reason(err)
	}
	defer r.Close(context.WithoutCancel(ctx))
	renew := func(ctx context.Context, _ *azservicebus.ReceivedMessage, _ *azservicebus.RenewMessageLockOptions) error {
		return r.RenewSessionLock(ctx, nil)
	}
	err = t.pump(ctx, &source{t: t, r: r, renew: renew, idle: t.config.SessionIdle}, 1)
	if errors.Is(err, errIdle) {
		return nil
	}
	if errors.As(err, &coded) && coded.Code == azservicebus.CodeLockLost {
		t.o.Log.Warn("a session went to another host", "session", r.SessionID())
		return nil
	}
	return trigger.IgnoreEnd(ctx, err)
}

func (t *Trigger) next(ctx context.Context, client *azservicebus.Client) (*azservicebus.SessionReceiver, error) {
	if t.from.topic != "" {
		return client.AcceptNextSessionForSubscription(ctx, t.from.topic, t.from.subscription, nil)
	}
	return client.AcceptNextSessionForQueue(ctx, t.from.queue, nil)
}
