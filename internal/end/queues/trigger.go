package queues

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Trigger runs a function for each message of a queue.
//
// Supported binding properties: queueName, connection, dataType. Of host.json it
// heeds extensions.queues (see Config). A queue that does not exist is waited for, as
// Azure's host does; its poison queue, QUEUE-poison, comes to be when it is needed.
type Trigger struct {
	end    End
	o      trigger.Setup
	config Config
	conn   settings.Connection
	queue  string
	limit  trigger.Limit // nil unless concurrency is dynamic
	spared trigger.Spared
}

// PoisonSuffix ends the name of the queue of messages that were set aside.
const PoisonSuffix = "-poison"

// NewTrigger checks the declaration.
func NewTrigger(e End, s trigger.Setup) (*Trigger, error) {
	t := &Trigger{end: e, o: s}
	s.Binding.Heeds("dataType")
	if s.Limit != nil {
		t.limit = s.Limit()
	}
	var err error
	if t.config, err = ReadConfig(s.Config); err != nil {
		return nil, err
	}
	if t.queue, err = queueName(s.Binding.Name, s.Binding.Text("queueName")); err != nil {
		return nil, err
	}
	t.conn, err = s.Settings.StorageConnection(settings.StorageQueues, s.Binding.Text("connection"))
	return t, err
}

// lawful is the rule for names of queues.
var lawful = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`)

// queueName is a queue's name as the service has it: in lower case.
func queueName(binding, name string) (string, error) {
	name = strings.ToLower(name)
	switch {
	case name == "":
		return "", fault.New(fault.Invalid, "binding "+binding, "names no queueName")
	case len(name) < 3 || len(name) > 63 || !lawful.MatchString(name):
		return "", fault.New(fault.Invalid, "binding "+binding, "queueName %q is no name of a queue: it has 3 to 63 letters, digits, and single hyphens between them", name)
	}
	return name, nil
}

// Source is the queue.
func (t *Trigger) Source() trigger.Source {
	return trigger.Source{Words: "queue " + t.queue, Host: HostOf(t.conn), Target: t.queue}
}

// HostOf is the host of a connection's account: localhost for an emulator's, and the
// public name where the address has the account in its path.
func HostOf(c settings.Connection) string {
	if c.Emulator || c.Host() == "" {
		return "localhost"
	}
	if account, _, _ := strings.Cut(strings.Trim(c.Endpoint.Path, "/"), "/"); account != "" {
		return account + ".blob.core.windows.net"
	}
	return c.Host()
}

// ByHand makes the invocation of a message with the text.
func (t *Trigger) ByHand(input string, now time.Time) (trigger.Call, error) {
	m := &Message{ID: "00000000-0000-0000-0000-000000000000", Inserted: now, Expires: now.Add(7 * 24 * time.Hour), Visible: now, Dequeued: 1}
	return call(t.queue, m, []byte(input), t.o.Binding.DataType), nil
}

// Run pumps until ctx ends. It returns an error when the queue cannot be reached; the
// caller may run it again.
func (t *Trigger) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		q, err := t.open(ctx)
		if err != nil {
			return trigger.IgnoreEnd(ctx, err)
		}
		pump := trigger.SettlingPump{
			Queue: t.source(q), Invoker: t.o.Invoker, Log: t.o.Log,
			Batch: t.config.BatchSize, Threshold: t.config.NewBatchThreshold,
			Attempts: t.config.MaxDequeueCount, Wait: t.config.VisibilityTimeout, Limit: t.limit,
			Aside: t.o.Aside, Gate: t.o.Gate, Spared: &t.spared,
		}
		if err := pump.Run(ctx); err != nil && !fault.Is(err, fault.Gone) { // one that was deleted is waited for
			return err
		}
	}
	return nil
}

// open waits until the queue is there.
func (t *Trigger) open(ctx context.Context) (Queue, error) {
	defer t.o.Waits("")
	for told := false; ; told = true {
		q, err := t.end.Queues.Open(ctx, t.conn, t.queue, Process)
		if !fault.Is(err, fault.NotFound) {
			return q, wrap(err, t.queue)
		}
		if !told {
			t.o.Waits("the queue " + t.queue + " does not exist")
			t.o.Log.Info("the queue does not exist yet; the function waits for it", "queue", t.queue)
		}
		if err := t.end.Queues.Await(ctx, t.conn, t.queue); err != nil {
			return nil, wrap(err, t.queue)
		}
	}
}

func wrap(err error, queue string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("open queue %s: %w", queue, err)
}

func (t *Trigger) source(q Queue) *Source {
	return &Source{
		Queue: q, Longest: t.config.MaxPollingInterval,
		Call: func(_ context.Context, m *Message) (trigger.Call, error) {
			body, err := t.config.decode(m.Text)
			if err != nil {
				return trigger.Call{}, err
			}
			return call(t.queue, m, body, t.o.Binding.DataType), nil
		},
		Item: func(m *Message) letter.Item {
			body, err := t.config.decode(m.Text)
			if err != nil {
				body = m.Text
			}
			return letter.Item{Body: body, MessageID: m.ID, At: m.Inserted, Expires: m.Expires, DequeueCount: m.Dequeued}
		},
		Poison: func(ctx context.Context, m *Message) (Queue, []byte, error) {
			poison, err := t.end.Queues.Need(ctx, t.conn, t.poison(), Send)
			return poison, m.Text, err
		},
	}
}

// Again makes the invocation for a message that was set aside.
func (t *Trigger) Again(_ context.Context, i letter.Item) (trigger.Call, error) {
	m := &Message{ID: i.MessageID, Inserted: i.At, Expires: i.Expires, Visible: i.At, Dequeued: max(i.DequeueCount, 1)}
	return call(t.queue, m, i.Body, t.o.Binding.DataType), nil
}

// Poison is the queue's poison queue.
func (t *Trigger) Poison() letter.Place {
	return letter.Place{Kind: "queue", Name: t.poison(), Connection: t.o.Binding.Text("connection")}
}

// poison is the name of the poison queue. The name of a long queue leaves no room for
// the suffix; Azure's host fails then at the first message, ours cuts it.
func (t *Trigger) poison() string {
	return strings.TrimRight(t.queue[:min(len(t.queue), 63-len(PoisonSuffix))], "-") + PoisonSuffix
}
