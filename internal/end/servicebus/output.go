package servicebus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// messageOutput is a serviceBus output binding: see binding.Events for what its value
// may be. Text is sent as text/plain, bytes as application/octet-stream and JSON as
// application/json, as the vendor's extension does.
//
// Supported properties: queueName or topicName (which may have {placeholders}),
// connection.
type messageOutput struct {
	end    End
	conn   settings.Connection
	text   string // the name as declared
	name   *expr.Template
	opened *output.Opened[sinkKey, *sink]
}

// sinkKey tells senders apart.
type sinkKey struct{ host, setting, name string }

// sink is a sender, with the client that it belongs to.
type sink struct {
	client *azservicebus.Client
	sender *azservicebus.Sender
}

func newOutput(e End, s output.Setup, opened *output.Opened[sinkKey, *sink]) (*messageOutput, error) {
	b := s.Binding
	o := &messageOutput{end: e, opened: opened, text: output.FirstText(b, "queueName", "topicName")}
	if b.Text("queueName") != "" && b.Text("topicName") != "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "has both queueName and topicName: give one of them")
	}
	b.Ignored("subscriptionName", "messages are sent to a topic, which hands them to its subscriptions")
	b.Ignored("accessRights", "what is missing comes to be on no account, so that no more than the right to send is needed")
	var err error
	if o.name, err = output.NameTemplate(b, "queueName", "topicName"); err != nil {
		return nil, err
	}
	o.conn, err = connectionOf(s.Settings, b.Text("connection"))
	return o, err
}

// Place is the queue or topic, named as declared.
func (o *messageOutput) Place() trigger.Place {
	return trigger.Place{Host: o.conn.Host(), Target: o.text}
}

// Write sends the value's messages, together as far as they fit.
func (o *messageOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	bodies, err := binding.Events(v)
	if err != nil || len(bodies) == 0 {
		return output.Written{}, err
	}
	name, err := o.name.Expand(values)
	if err != nil {
		return output.Written{}, err
	}
	kind := contentType(v)
	all := make([]*azservicebus.Message, len(bodies))
	for i, body := range bodies {
		of := kind
		if kind == jsonType && !strings.HasPrefix(string(body), "{") {
			of = textType // an element of a list that is a text
		}
		all[i] = &azservicebus.Message{Body: body, ContentType: &of}
	}
	open := func(context.Context) (*sink, error) { return o.open(name) }
	if err := o.opened.Use(ctx, sinkKey{o.conn.Host(), o.conn.Setting, name}, open, func(s *sink) error { return s.send(ctx, all) }); err != nil {
		return output.Written{}, fmt.Errorf("send to %s: %w", name, reason(err))
	}
	return output.Written{Events: len(all)}, nil
}

// The content types of messages.
const (
	textType  = "text/plain"
	bytesType = "application/octet-stream"
	jsonType  = "application/json"
)

func contentType(v *funcrpc.TypedData) string {
	switch v.GetData().(type) {
	case *funcrpc.TypedData_Bytes, *funcrpc.TypedData_CollectionBytes:
		return bytesType
	case *funcrpc.TypedData_Json:
		return jsonType
	}
	return textType
}

func (o *messageOutput) open(name string) (*sink, error) {
	client, err := o.end.open(o.conn)
	if err != nil {
		return nil, err
	}
	sender, err := client.NewSender(name, nil)
	return &sink{client, sender}, err
}

// send sends batches, each as large as the service takes.
func (s *sink) send(ctx context.Context, all []*azservicebus.Message) error {
	if len(all) == 1 {
		return s.sender.SendMessage(ctx, all[0], nil)
	}
	for len(all) > 0 {
		batch, err := s.sender.NewMessageBatch(ctx, nil)
		if err != nil {
			return err
		}
		n := 0
		for ; n < len(all); n++ {
			if err = batch.AddMessage(all[n], nil); err != nil {
				break
			}
		}
		if err != nil && (n == 0 || !errors.Is(err, azservicebus.ErrMessageTooLarge)) {
			return err
		}
		if err := s.sender.SendMessageBatch(ctx, batch, nil); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}
