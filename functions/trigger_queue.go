package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// QueueTrigger says which messages start a function registered with [App.Queue].
type QueueTrigger struct {
	// Queue is the queue's name. It may be a setting in percent signs.
	Queue string

	// Connection names the app setting that says how to reach the account: a
	// connection string, or the prefix of identity settings such as
	// NAME__queueServiceUri. "AzureWebJobsStorage" when empty.
	Connection string
}

// Message is one message of a storage queue.
type Message struct {
	// Body is the message's text, as the sender wrote it. The handler owns it.
	Body []byte

	ID         string
	PopReceipt string // of this delivery
	// DequeueCount is 1 at the first delivery.
	DequeueCount int
	// Inserted and Expires are when the message came and when it will be
	// dropped; NextVisible is when others would get it if it stayed unhandled.
	Inserted, Expires, NextVisible time.Time
}

// Decode parses the body as JSON into v, with the rules of [json.Unmarshal]. An
// error names the message by its id.
func (m Message) Decode(v any) error {
	if err := json.Unmarshal(m.Body, v); err != nil {
		return fmt.Errorf("message %s: %w", m.ID, err)
	}
	return nil
}

// Queue registers a function that is called once per message of a storage
// queue, for several at a time and in no order (extensions.queues.batchSize of
// host.json).
//
// The message is deleted when the handler has returned without an error and
// the outputs are written. After an error it becomes visible again; when it has
// failed five times (maxDequeueCount), the host moves it to the queue
// NAME-poison.
func (a *App) Queue(name string, t QueueTrigger, handle func(context.Context, Message) error, bindings ...Binding) {
	a.add(name, &queueTrigger{QueueTrigger: t, handler: handle}, Retry{}, handle == nil, bindings)
}

type queueTrigger struct {
	QueueTrigger
	handler func(context.Context, Message) error
}

func (t *queueTrigger) kind() string { return "queueTrigger" }

func (t *queueTrigger) problems() []string {
	if t.Queue == "" {
		return []string{"QueueTrigger needs Queue"}
	}
	return nil
}

// binding asks for bytes, so that a body reaches the handler as it was sent.
func (t *queueTrigger) binding() any {
	return queueBinding{
		Name: "message", Type: t.kind(), Direction: "in", QueueName: t.Queue,
		Connection: or(t.Connection, defaultStorage), DataType: "binary",
	}
}

func (t *queueTrigger) decode(_ context.Context, c *call) (Input, error) {
	in, err := input(c.request, "message")
	if err != nil {
		return nil, err
	}
	m := Message{ID: text(metadata(c.request, "Id")), PopReceipt: text(metadata(c.request, "PopReceipt"))}
	if m.Body, err = body(in); err != nil {
		return nil, err
	}
	if s := text(metadata(c.request, "DequeueCount")); s != "" {
		if m.DequeueCount, err = strconv.Atoi(s); err != nil {
			return nil, fmt.Errorf("DequeueCount: %w", err)
		}
	}
	for name, at := range map[string]*time.Time{"InsertionTime": &m.Inserted, "ExpirationTime": &m.Expires, "NextVisibleTime": &m.NextVisible} {
		if s := text(metadata(c.request, name)); s != "" {
			var when moment
			if err := when.parse(s); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			*at = when.Time
		}
	}
	return m, nil
}

func (t *queueTrigger) handle(ctx context.Context, in Input) error {
	m, ok := in.(Message)
	if !ok {
		return wrongInput(in, Message{})
	}
	return t.handler(ctx, m)
}
