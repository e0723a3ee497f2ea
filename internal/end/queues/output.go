package queues

import (
	"context"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// queueOutput is a queue output binding: see binding.Events for how its value becomes
// messages. A queue that is missing comes to be.
//
// Supported properties: queueName, which may have {placeholders}, and connection. Of
// host.json it heeds extensions.queues.messageEncoding. A message stays for seven
// days, as Azure's do.
type queueOutput struct {
	end    End
	config Config
	conn   settings.Connection
	name   string // of the binding
	text   string // the queue's name as declared
	queue  *expr.Template
}

func newOutput(e End, s output.Setup) (*queueOutput, error) {
	o := &queueOutput{end: e, name: s.Binding.Name, text: s.Binding.Text("queueName")}
	var err error
	if o.config, err = ReadConfig(s.Config); err != nil {
		return nil, err
	}
	if o.queue, err = output.NameTemplate(s.Binding, "queueName"); err != nil {
		return nil, err
	}
	if o.queue.Constant() {
		if o.text, err = queueName(o.name, o.text); err != nil {
			return nil, err
		}
	}
	o.conn, err = s.Settings.StorageConnection(settings.StorageQueues, s.Binding.Text("connection"))
	return o, err
}

// Place is the queue, named as declared.
func (o *queueOutput) Place() trigger.Place {
	return trigger.Place{Host: HostOf(o.conn), Target: o.text}
}

// Write puts the value's messages.
func (o *queueOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	bodies, err := binding.Events(v)
	if err != nil || len(bodies) == 0 {
		return output.Written{}, err
	}
	name, err := o.queue.Expand(values)
	if err == nil {
		name, err = queueName(o.name, name)
	}
	if err != nil {
		return output.Written{}, err
	}
	q, err := o.end.Queues.Need(ctx, o.conn, name, Send)
	if err != nil {
		return output.Written{}, wrap(err, name)
	}
	for i, body := range bodies {
		text := o.config.encode(body)
		if len(text) > MaxText {
			err = fault.New(fault.TooLarge, "queue "+name, "message %d of %d has %d bytes as the queue keeps it; at most %d fit", i+1, len(bodies), len(text), MaxText)
		} else {
			err = q.Put(ctx, text, 0)
		}
		if err != nil {
			return output.Written{Events: i}, err
		}
	}
	return output.Written{Events: len(bodies)}, nil
}
