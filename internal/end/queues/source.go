package queues

import (
	"context"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Hold is for how long a message is hidden that a function has, and again each time
// that this is prolonged while the function runs. Azure's host hides for ten minutes;
// here what a killed host had comes again after half of one.
const Hold = 30 * time.Second

// Source is a queue as a pump takes messages from it. All fields are required.
type Source struct {
	Queue Queue
	// Longest is how long an empty queue is left alone where nobody tells.
	Longest time.Duration
	// Call makes the invocation for a message; see trigger.Delivery.
	Call func(ctx context.Context, m *Message) (trigger.Call, error)
	// Poison returns the queue of what is set aside, made where it is missing, and
	// the text that goes there.
	Poison func(ctx context.Context, m *Message) (Queue, []byte, error)
	// Item is a message as it came.
	Item func(m *Message) letter.Item
}

// Receive implements trigger.Queue.
func (s *Source) Receive(ctx context.Context, most int) ([]trigger.Delivery, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		got, err := s.Queue.Get(ctx, min(most, 32), Hold)
		if err != nil {
			return nil, err
		}
		if len(got) > 0 {
			return s.deliveries(got), nil
		}
		if err := s.Queue.Arrival(ctx, s.Longest); err != nil {
			return nil, err
		}
	}
}

func (s *Source) deliveries(got []Message) []trigger.Delivery {
	all := make([]trigger.Delivery, len(got))
	for i := range got {
		m := &got[i]
		all[i] = trigger.Delivery{
			Message: &held{s: s, m: m, receipt: m.Receipt}, ID: m.ID, Attempt: m.Dequeued, Lock: Hold,
			Call: func(ctx context.Context) (trigger.Call, error) { return s.Call(ctx, m) },
			Item: func() letter.Item { return s.Item(m) },
		}
	}
	return all
}

// held is a message that this host has.
type held struct {
	s *Source
	m *Message

	mu      sync.Mutex
	receipt string // the last; guarded by mu
}

func (h *held) hide(ctx context.Context, hidden time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	receipt, err := h.s.Queue.Hide(ctx, h.m, h.receipt, hidden)
	if err == nil {
		h.receipt = receipt
	}
	return err
}

// Renew implements trigger.Message.
func (h *held) Renew(ctx context.Context) error { return h.hide(ctx, Hold) }

// Abandon implements trigger.Message.
func (h *held) Abandon(ctx context.Context, after time.Duration) error { return h.hide(ctx, after) }

// Complete implements trigger.Message.
func (h *held) Complete(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.s.Queue.Remove(ctx, h.m.ID, h.receipt)
}

// Reject puts the message into the poison queue before it leaves its own: a host that
// ends between the two leaves it in both.
func (h *held) Reject(ctx context.Context, _ string) error {
	poison, text, err := h.s.Poison(ctx, h.m)
	if err == nil {
		err = poison.Put(ctx, text, 0)
	}
	if err != nil {
		return fault.Wrap(fault.KindOf(err), "", err, "put the message into the poison queue")
	}
	return h.Complete(ctx)
}
