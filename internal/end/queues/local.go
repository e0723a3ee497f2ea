package queues

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/queue"
)

// Account is the queues of an account of this process, as a connection reaches them.
type Account struct {
	Queues queue.Account
	// Make makes a queue that is missing.
	Make func(ctx context.Context, name string) error
	// Watch is closed when the queue of that name comes or goes.
	Watch func(name string) <-chan struct{}
	// May says what the connection may do; nil: everything.
	May func(use Use, name string) error
}

// Local is the queues of this process. At finds the account that a connection leads
// to, and refuses one that leads elsewhere.
type Local struct {
	At func(settings.Connection) (Account, error)
}

// Open implements Service.
func (l *Local) Open(_ context.Context, c settings.Connection, name string, use Use) (Queue, error) {
	a, err := l.at(c, name, use)
	if err != nil {
		return nil, err
	}
	return open(a, name, use)
}

// Need implements Service.
func (l *Local) Need(ctx context.Context, c settings.Connection, name string, use Use) (Queue, error) {
	a, err := l.at(c, name, use)
	if err != nil {
		return nil, err
	}
	q, err := open(a, name, use)
	if !fault.Is(err, fault.NotFound) {
		return q, err
	}
	if err := a.Make(ctx, name); err != nil {
		return nil, err
	}
	return open(a, name, use)
}

func (l *Local) at(c settings.Connection, name string, use Use) (Account, error) {
	a, err := l.At(c)
	if err == nil && a.May != nil {
		err = a.May(use, name)
	}
	return a, err
}

func open(a Account, name string, use Use) (Queue, error) {
	q, err := a.Queues.Queue(name)
	if err != nil {
		return nil, err
	}
	may := func() error { return nil }
	if a.May != nil {
		may = func() error { return a.May(use, name) }
	}
	return local{q, may}, nil
}

// Await implements Service.
func (l *Local) Await(ctx context.Context, c settings.Connection, name string) error {
	a, err := l.At(c)
	if err != nil {
		return err
	}
	changed := a.Watch(name) // before the look, which must not miss a change
	if _, err := a.Queues.Queue(name); !fault.Is(err, fault.NotFound) {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// local is a queue of this process. may is asked at each use: what a connection may
// do can be taken from it.
type local struct {
	q   *queue.Queue
	may func() error
}

func (l local) Put(ctx context.Context, text []byte, stays time.Duration) error {
	if err := l.may(); err != nil {
		return err
	}
	_, err := l.q.Put(ctx, text, queue.PutOptions{TTL: stays})
	return err
}

func (l local) Get(ctx context.Context, most int, hidden time.Duration) ([]Message, error) {
	if err := l.may(); err != nil {
		return nil, err
	}
	got, err := l.q.Get(ctx, most, hidden)
	if err != nil {
		return nil, err
	}
	all := make([]Message, len(got))
	for i, m := range got {
		all[i] = Message{
			ID: m.ID, Receipt: m.Receipt, Text: m.Text,
			Inserted: m.Inserted, Expires: m.Expires, Visible: m.Visible, Dequeued: m.Dequeued,
		}
	}
	return all, nil
}

func (l local) Arrival(ctx context.Context, _ time.Duration) error {
	for {
		changed := l.q.Watch() // before the look, which must not miss a change
		if _, err := l.q.Info(); err != nil {
			return err
		}
		left, ok := l.q.Left()
		if ok && left <= 0 {
			return nil
		}
		if err := waitFor(ctx, changed, ok, left); err != nil {
			return err
		}
	}
}

// waitFor waits until something changed, or for a time when there is one.
func waitFor(ctx context.Context, changed <-chan struct{}, limited bool, limit time.Duration) error {
	var over <-chan time.Time
	if limited {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-changed:
	case <-over:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (l local) Hide(ctx context.Context, m *Message, receipt string, hidden time.Duration) (string, error) {
	got, err := l.q.Update(ctx, m.ID, receipt, hidden, nil)
	return got.Receipt, lost(err)
}

func (l local) Remove(ctx context.Context, id, receipt string) error {
	return lost(l.q.Remove(ctx, id, receipt))
}

func (l local) Length(context.Context) (int, error) {
	info, err := l.q.Info()
	return info.Messages, err
}

// lost is the error of a message that is no more one's own.
func lost(err error) error {
	if code := fault.CodeOf(err); code == queue.MessageNotFound || code == queue.PopReceiptMismatch {
		return fault.Wrap(fault.Gone, "", err, "the message is no more this host's")
	}
	return err
}
