package queues

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Use is what somebody does with a queue.
type Use uint8

// The uses.
const (
	Process Use = iota // get, prolong, delete
	Send
)

// Service is the queues that connection settings lead to.
type Service interface {
	// Open returns the queue; fault.NotFound when there is none.
	Open(ctx context.Context, c settings.Connection, name string, use Use) (Queue, error)
	// Need is Open, and makes a queue that is missing.
	Need(ctx context.Context, c settings.Connection, name string, use Use) (Queue, error)
	// Await waits until the queue may be there.
	Await(ctx context.Context, c settings.Connection, name string) error
}

// Queue is one queue. A queue that is deleted meanwhile answers fault.Gone.
type Queue interface {
	// Put puts a message that stays for a time, 0 for the service's usual seven days,
	// negative for ever.
	Put(ctx context.Context, text []byte, stays time.Duration) error
	// Get hands out up to most messages that nobody else gets for the time of hidden.
	Get(ctx context.Context, most int, hidden time.Duration) ([]Message, error)
	// Arrival waits until Get may find something: where nobody tells, longer each time
	// that it did not, and at most so long.
	Arrival(ctx context.Context, longest time.Duration) error
	// Hide hides a message that was handed out for a time from now on, and returns the
	// receipt that is good from now on. One that is another's meanwhile is fault.Gone.
	Hide(ctx context.Context, m *Message, receipt string, hidden time.Duration) (string, error)
	// Remove deletes a message that was handed out. One that is another's meanwhile is
	// fault.Gone.
	Remove(ctx context.Context, id, receipt string) error
	// Length is the number of messages, those that are hidden included.
	Length(ctx context.Context) (int, error)
}

// Message is a message as it was handed out.
type Message struct {
	ID, Receipt                string
	Text                       []byte    // as it is in the queue, encoded
	Inserted, Expires, Visible time.Time // Expires is zero for never
	Dequeued                   int       // how often it was handed out, this time included
}
