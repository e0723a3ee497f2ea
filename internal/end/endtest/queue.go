package endtest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// lockTime is how long a message of a MemoryQueue stays locked.
const lockTime = 30 * time.Second

// MemoryQueue is a trigger.Queue in memory. The body of a message is the reason
// of its call.
type MemoryQueue struct {
	mu       sync.Mutex
	changed  chan struct{}
	messages []*queued // guarded by mu
	rejected []string  // guarded by mu
}

type queued struct {
	body     string
	attempts int
	until    time.Time // the end of its lock
}

// NewQueue returns an empty queue.
func NewQueue() *MemoryQueue { return &MemoryQueue{changed: make(chan struct{})} }

// Put adds messages.
func (q *MemoryQueue) Put(bodies ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, b := range bodies {
		q.messages = append(q.messages, &queued{body: b})
	}
	q.notify()
}

// notify wakes who waits. The caller holds mu.
func (q *MemoryQueue) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Left are the bodies of the messages that are not settled, and those set aside.
func (q *MemoryQueue) Left() (waiting, rejected []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		waiting = append(waiting, m.body)
	}
	return waiting, slices.Clone(q.rejected)
}

// Receive implements trigger.Queue.
func (q *MemoryQueue) Receive(ctx context.Context, most int) ([]trigger.Delivery, error) {
	for ctx.Err() == nil {
		got, next, changed := q.take(most)
		if len(got) > 0 {
			return got, nil
		}
		timer := time.NewTimer(next)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil, ctx.Err()
}

// take locks what is free; next is when a lock may end.
func (q *MemoryQueue) take(most int) (got []trigger.Delivery, next time.Duration, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	next = time.Hour
	for _, m := range q.messages {
		switch left := time.Until(m.until); {
		case left > 0:
			next = min(next, left)
		case len(got) < most:
			m.attempts++
			m.until = time.Now().Add(lockTime)
			call := func(context.Context) (trigger.Call, error) { return trigger.Call{Reason: m.body, Items: 1}, nil }
			got = append(got, trigger.Delivery{Message: &lock{q, m, m.attempts}, ID: m.body, Call: call, Attempt: m.attempts, Lock: lockTime})
		}
	}
	return got, next, q.changed
}

// lock is one hold on a message.
type lock struct {
	q       *MemoryQueue
	m       *queued
	attempt int
}

// held runs f while the lock still holds.
func (l *lock) held(f func()) error {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if l.m.attempts != l.attempt || time.Until(l.m.until) <= 0 || !slices.Contains(l.q.messages, l.m) {
		return fault.New(fault.Gone, "message", "its lock was lost")
	}
	f()
	l.q.notify()
	return nil
}

func (l *lock) remove() {
	l.q.messages = slices.DeleteFunc(l.q.messages, func(m *queued) bool { return m == l.m })
}

func (l *lock) Renew(context.Context) error {
	return l.held(func() { l.m.until = time.Now().Add(lockTime) })
}

func (l *lock) Complete(context.Context) error { return l.held(l.remove) }

func (l *lock) Abandon(_ context.Context, after time.Duration) error {
	return l.held(func() { l.m.until = time.Now().Add(after) })
}

func (l *lock) Reject(context.Context, string) error {
	return l.held(func() {
		l.remove()
		l.q.rejected = append(l.q.rejected, l.m.body)
	})
}

// Queues checks that a queue does what trigger.Queue promises. put adds
// messages to it, which is empty; pass lets the time of a lock go by.
func Queues(t *testing.T, q trigger.Queue, put func(bodies ...string), pass func(time.Duration)) {
	ctx := t.Context()
	receive := func() trigger.Delivery {
		t.Helper()
		got, err := q.Receive(ctx, 1)
		if err != nil || len(got) != 1 {
			t.Fatalf("received %d messages, %v", len(got), err)
		}
		return got[0]
	}
	fine := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	gone := func(what string, err error) {
		t.Helper()
		if !fault.Is(err, fault.Gone) {
			t.Errorf("%s: %v, want fault.Gone", what, err)
		}
	}
	put("a")
	first := receive()
	fine("give back", first.Abandon(ctx, 0))
	second := receive()
	if second.Attempt != first.Attempt+1 {
		t.Errorf("attempt %d after %d", second.Attempt, first.Attempt)
	}
	gone("complete with an old lock", first.Complete(ctx))
	pass(second.Lock * 2 / 3)
	fine("renew", second.Renew(ctx))
	pass(second.Lock * 2 / 3)
	fine("complete what was renewed", second.Complete(ctx))
	gone("complete twice", second.Complete(ctx))
	put("b")
	lost := receive()
	pass(lost.Lock * 2)
	again := receive() // the lock ended by itself
	gone("renew a lost lock", lost.Renew(ctx))
	fine("set aside", again.Reject(ctx, "poison"))
	ended, end := context.WithTimeout(ctx, time.Millisecond)
	defer end()
	if got, err := q.Receive(ended, 1); err == nil {
		t.Errorf("received %d messages of an empty queue", len(got))
	}
	put("c")
	fine("complete what came after a receive that was cancelled", receive().Complete(ctx))
}
