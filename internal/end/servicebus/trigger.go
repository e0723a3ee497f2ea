package servicebus

import (
	"context"
	"fmt"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Trigger hands the messages of a queue or a subscription to a function. A message
// whose invocation failed is given back; how often it comes again before the service
// sets it aside is the service's maxDeliveryCount.
//
// Supported binding properties: queueName, or topicName and subscriptionName;
// connection, isSessionsEnabled, cardinality, dataType, autoCompleteMessages (or
// autoComplete). Of host.json it heeds extensions.serviceBus (see Config).
type Trigger struct {
	end      End
	o        trigger.Setup
	config   Config
	conn     settings.Connection
	from     entity
	sessions bool
	many     bool
	dataType binding.DataType
	complete bool // when the function succeeded
}

// entity is a queue, or a topic's subscription.
type entity struct{ queue, topic, subscription string }

func (e entity) String() string {
	if e.topic != "" {
		return e.topic + "/" + e.subscription
	}
	return e.queue
}

// NewTrigger checks the declaration.
func NewTrigger(e End, s trigger.Setup) (*Trigger, error) {
	b := s.Binding
	b.Heeds("cardinality", "dataType")
	t := &Trigger{end: e, o: s, many: b.Many, dataType: b.DataType, from: entity{b.Text("queueName"), b.Text("topicName"), b.Text("subscriptionName")}}
	var err error
	if t.config, err = ReadConfig(s.Config); err != nil {
		return nil, err
	}
	if (t.from.queue == "") == (t.from.topic == "") || (t.from.topic == "") != (t.from.subscription == "") {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs queueName, or topicName and subscriptionName")
	}
	if t.sessions, err = b.Bool("isSessionsEnabled"); err != nil {
		return nil, err
	}
	t.complete = t.config.AutoComplete
	for _, name := range []string{"autoComplete", "autoCompleteMessages"} {
		if b.Text(name) == "" {
			continue
		}
		if t.complete, err = b.Bool(name); err != nil {
			return nil, err
		}
	}
	b.Ignored("accessRights", "what is missing comes to be on no account, so that no more than the right to listen is needed")
	if t.conn, err = connectionOf(s.Settings, b.Text("connection")); err != nil {
		return nil, err
	}
	return t, nil
}

// Source is the queue or the subscription.
func (t *Trigger) Source() trigger.Source {
	words := "queue " + t.from.queue
	if t.from.topic != "" {
		words = "subscription " + t.from.String()
	}
	return trigger.Source{Words: words, Host: t.conn.Host(), Target: t.from.String()}
}

// ByHand makes the invocation for a message with the text: a batch of one for
// functions that take batches.
func (t *Trigger) ByHand(input string, now time.Time) (trigger.Call, error) {
	return t.call([]*message{typedIn(input, now)}), nil
}

// ByHandMany makes the invocation for a batch of messages.
func (t *Trigger) ByHandMany(inputs []string, now time.Time) (trigger.Call, error) {
	if !t.many && len(inputs) > 1 {
		return trigger.Call{}, fault.New(fault.Invalid, "input", "the function takes one message at a time; this is a list of %d", len(inputs))
	}
	all := make([]*message, len(inputs))
	for i, in := range inputs {
		all[i] = typedIn(in, now)
	}
	return t.call(all), nil
}

func (t *Trigger) call(all []*message) trigger.Call {
	reason := fmt.Sprintf("New ServiceBus message detected on '%s'.", t.from)
	if t.many {
		return batchCall(all, t.dataType, reason)
	}
	return singleCall(all[0], t.dataType, reason)
}

// Run pumps until ctx ends and its invocations have ended. It returns an error when
// the namespace or the queue cannot be reached; the caller may run it again.
func (t *Trigger) Run(ctx context.Context) error {
	client, err := t.end.open(t.conn)
	if err != nil {
		return err
	}
	defer client.Close(context.WithoutCancel(ctx))
	if t.sessions {
		return t.runSessions(ctx, client)
	}
	r, err := t.receiver(client)
	if err != nil {
		return err
	}
	defer r.Close(context.WithoutCancel(ctx))
	return t.pump(ctx, &source{t: t, r: r, renew: r.RenewMessageLock}, t.config.Calls)
}
