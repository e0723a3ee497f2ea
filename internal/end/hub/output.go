package hub

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// eventOutput is an eventHub output binding: see binding.Events for what its
// value may be.
//
// Supported properties: eventHubName (or path), connection; the name may have
// {placeholders}. Azure's binding has no way to give a plain value a partition
// key. Ours has one more property, which Azure ignores: partitionKeyPath, the
// path of a text in each event (a JSON object), such as /plantId, that is its
// key. An event without that text fails the invocation: sent without a key it
// would lose its order silently.
type eventOutput struct {
	conn   settings.Connection
	text   string // the hub's name as declared
	hub    *expr.Template
	key    []string // steps of partitionKeyPath; nil: no keys
	hubs   Service
	opened *output.Opened[sinkKey, Sink]
}

// sinkKey tells sinks apart: two apps may have settings of one name that lead to
// different namespaces.
type sinkKey struct{ host, setting, hub string }

func newOutput(s output.Setup, hubs Service, opened *output.Opened[sinkKey, Sink]) (*eventOutput, error) {
	b := s.Binding
	o := &eventOutput{hubs: hubs, opened: opened}
	var err error
	if o.conn, err = s.Settings.Connection(settings.EventHubs, b.Text("connection")); err != nil {
		return nil, err
	}
	o.text = output.FirstText(b, "eventHubName", "path")
	if o.conn.EntityPath != "" {
		o.text = o.conn.EntityPath // as in the SDKs, the connection string wins
	}
	if o.text == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs eventHubName")
	}
	if o.hub, err = expr.Parse(o.text); err != nil {
		return nil, err
	}
	if path := b.Text("partitionKeyPath"); path != "" {
		if len(path) < 2 || path[0] != '/' {
			return nil, fault.New(fault.Invalid, "binding "+b.Name, "partitionKeyPath must be a path such as /deviceId, is %q", path)
		}
		o.key = strings.Split(path[1:], "/")
	}
	return o, nil
}

// Place is the hub, named as declared.
func (o *eventOutput) Place() trigger.Place {
	return trigger.Place{Host: o.hubs.Host(o.conn), Target: o.text}
}

// Write sends the value's events.
func (o *eventOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	bodies, err := binding.Events(v)
	if err != nil || len(bodies) == 0 {
		return output.Written{}, err
	}
	events, properties := make([]Outgoing, len(bodies)), contextOf(ctx)
	for i, body := range bodies {
		events[i].Body, events[i].Properties = body, properties
		if o.key == nil {
			continue
		}
		if events[i].Key, err = o.keyOf(body); err != nil {
			return output.Written{}, fault.Wrap(fault.Invalid, "output", err, "event %d of %d", i+1, len(bodies))
		}
	}
	hub, err := o.hub.Expand(values)
	if err != nil {
		return output.Written{}, err
	}
	open := func(ctx context.Context) (Sink, error) { return o.hubs.Sink(ctx, o.conn, hub) }
	err = o.opened.Use(ctx, sinkKey{o.hubs.Host(o.conn), o.conn.Setting, hub}, open, func(s Sink) error { return s.Send(ctx, events) })
	if err != nil {
		return output.Written{}, err
	}
	return output.Written{Events: len(events)}, nil
}

// contextOf is the trace context of an invocation as events carry it, under the old and
// the new name. All events of one value name the one call that sends them.
func contextOf(ctx context.Context) amqp.Map {
	trace := output.TraceOf(ctx)
	if trace == "" {
		return nil
	}
	return amqp.Map{{Key: "Diagnostic-Id", Value: trace}, {Key: "traceparent", Value: trace}}
}

// keyOf finds the partition key in an event. Names are compared exactly.
func (o *eventOutput) keyOf(body []byte) (string, error) {
	raw := json.RawMessage(body)
	for _, step := range o.key {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return "", fault.New(fault.Invalid, "", "is not an object with %s", strings.Join(o.key, "."))
		}
		raw = object[step]
	}
	var key string
	if json.Unmarshal(raw, &key) != nil || key == "" {
		return "", fault.New(fault.Invalid, "", "has no text at %s, which is to be its partition key", strings.Join(o.key, "."))
	}
	return key, nil
}
