// Package queues is the storage queues of other processes, Azure's first of all, as
// functions reach them: package queues of internal/end over the official client.
package queues

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	end "github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Service implements Service of internal/end/queues.
type Service struct{ Clients *storage.Clients }

// Open implements end.Service.
func (s *Service) Open(ctx context.Context, c settings.Connection, name string, _ end.Use) (end.Queue, error) {
	q, err := s.queue(c, name)
	if err != nil {
		return nil, err
	}
	if _, err := q.client.GetProperties(ctx, nil); err != nil {
		return nil, q.fault(err)
	}
	return q, nil
}

// Need implements end.Service.
func (s *Service) Need(ctx context.Context, c settings.Connection, name string, _ end.Use) (end.Queue, error) {
	q, err := s.queue(c, name)
	if err != nil {
		return nil, err
	}
	if _, err := q.client.Create(ctx, nil); err != nil && !queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		return nil, q.fault(err)
	}
	return q, nil
}

func (s *Service) queue(c settings.Connection, name string) (*queue, error) {
	account, err := s.Clients.Queues(c)
	if err != nil {
		return nil, err
	}
	return &queue{client: account.NewQueueClient(name), words: fmt.Sprintf("queue %s of setting %s", name, c.Setting), wait: idle()}, nil
}

// Waits for what is not there, and for messages of a queue that is empty.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 10 * time.Second
)

func idle() run.Backoff { return run.Backoff{First: firstWait, Longest: time.Hour} }

// Await asks from time to time.
func (s *Service) Await(ctx context.Context, c settings.Connection, name string) error {
	wait := run.Backoff{First: time.Second, Longest: longestWait}
	for {
		if err := wait.Wait(ctx); err != nil {
			return err
		}
		if _, err := s.Open(ctx, c, name, end.Process); !fault.Is(err, fault.NotFound) {
			return err
		}
	}
}

// queue is a queue of another process.
type queue struct {
	client *azqueue.QueueClient
	words  string // what it is, for messages

	mu   sync.Mutex
	wait run.Backoff // between looks at a queue that is empty; guarded by mu
}

// fault is storage.Fault of the queue.
func (q *queue) fault(err error) error { return storage.Fault(err, q.words) }

// gone is fault of a queue that was there.
func (q *queue) gone(err error) error {
	if queueerror.HasCode(err, queueerror.QueueNotFound, queueerror.QueueBeingDeleted) {
		return fault.Wrap(fault.Gone, q.words, err, "it was deleted")
	}
	return q.fault(err)
}

// Put implements end.Queue.
func (q *queue) Put(ctx context.Context, text []byte, stays time.Duration) error {
	o := &azqueue.EnqueueMessageOptions{}
	switch {
	case stays < 0:
		o.TimeToLive = ptr[int32](-1)
	case stays > 0:
		o.TimeToLive = ptr(seconds(stays))
	}
	_, err := q.client.EnqueueMessage(ctx, string(text), o)
	return q.gone(err)
}

func ptr[T any](v T) *T { return &v }

// seconds rounds up, as far as the service's numbers go.
func seconds(d time.Duration) int32 {
	return int32(min(math.Ceil(d.Seconds()), math.MaxInt32))
}

// Get implements end.Queue.
func (q *queue) Get(ctx context.Context, most int, hidden time.Duration) ([]end.Message, error) {
	got, err := q.client.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: ptr(int32(most)), VisibilityTimeout: ptr(seconds(hidden))})
	if err != nil {
		return nil, q.gone(err)
	}
	all := make([]end.Message, len(got.Messages))
	for i, m := range got.Messages {
		all[i] = messageOf(m)
	}
	if len(all) > 0 {
		q.mu.Lock()
		q.wait.Reset()
		q.mu.Unlock()
	}
	return all, nil
}

// never is the time of a message that does not expire, as the service tells it.
const never = 9999

func messageOf(m *azqueue.DequeuedMessage) end.Message {
	out := end.Message{
		ID: value(m.MessageID), Receipt: value(m.PopReceipt), Text: []byte(value(m.MessageText)),
		Inserted: value(m.InsertionTime), Expires: value(m.ExpirationTime), Visible: value(m.TimeNextVisible),
		Dequeued: int(value(m.DequeueCount)),
	}
	if out.Expires.Year() >= never {
		out.Expires = time.Time{}
	}
	return out
}

func value[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}

// Arrival waits longer and longer while there is nothing, up to longest: nobody tells.
func (q *queue) Arrival(ctx context.Context, longest time.Duration) error {
	q.mu.Lock()
	wait := q.wait.Next()
	q.mu.Unlock()
	return run.Pause(ctx, min(wait, longest))
}

// Hide implements end.Queue.
func (q *queue) Hide(ctx context.Context, m *end.Message, receipt string, hidden time.Duration) (string, error) {
	// The service would keep a text that is not given; its client cannot leave it out.
	got, err := q.client.UpdateMessage(ctx, m.ID, receipt, string(m.Text), &azqueue.UpdateMessageOptions{VisibilityTimeout: ptr(seconds(hidden))})
	return value(got.PopReceipt), q.lost(err)
}

// Remove implements end.Queue.
func (q *queue) Remove(ctx context.Context, id, receipt string) error {
	_, err := q.client.DeleteMessage(ctx, id, receipt, nil)
	return q.lost(err)
}

// lost is the error of a message that is no more one's own.
func (q *queue) lost(err error) error {
	if queueerror.HasCode(err, queueerror.MessageNotFound, queueerror.PopReceiptMismatch) {
		return fault.Wrap(fault.Gone, q.words, err, "the message is no more this host's")
	}
	return q.gone(err)
}

// Length implements end.Queue: the service counts approximately.
func (q *queue) Length(ctx context.Context) (int, error) {
	got, err := q.client.GetProperties(ctx, nil)
	return int(value(got.ApproximateMessagesCount)), q.gone(err)
}
