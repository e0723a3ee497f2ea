package host

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
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
	binding *binding.Binding
	conn    settings.Connection
	hub     *expr.Template
	key     []string // steps of partitionKeyPath; nil: no keys
	sinks   *eventSinks
}

func newEventOutput(b *binding.Binding, all *eventSinks) (*eventOutput, error) {
	o := &eventOutput{binding: b, sinks: all}
	var err error
	if o.conn, err = all.settings.Connection(settings.EventHubs, b.Text("connection")); err != nil {
		return nil, err
	}
	name := firstText(b, "eventHubName", "path")
	if o.conn.EntityPath != "" {
		name = o.conn.EntityPath // as in the SDKs, the connection string wins
	}
	if name == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs eventHubName")
	}
	if o.hub, err = expr.Parse(name); err != nil {
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

func (o *eventOutput) name() string { return o.binding.Name }

// write sends the value's events and returns how many.
func (o *eventOutput) write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (written, error) {
	bodies, err := binding.Events(v)
	if err != nil || len(bodies) == 0 {
		return written{}, err
	}
	events := make([]trigger.OutgoingEvent, len(bodies))
	for i, body := range bodies {
		events[i].Body = body
		if o.key == nil {
			continue
		}
		if events[i].PartitionKey, err = o.keyOf(body); err != nil {
			return written{}, fault.Wrap(fault.Invalid, "output", err, "event %d of %d", i+1, len(bodies))
		}
	}
	hub, err := o.hub.Expand(values)
	if err != nil {
		return written{}, err
	}
	sink, err := o.sinks.open(ctx, o.conn, hub)
	if err != nil {
		return written{}, err
	}
	if err := sink.Send(ctx, events); err != nil {
		o.sinks.forget(o.conn.Setting, hub)
		return written{}, err
	}
	return written{events: len(events)}, nil
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

// eventSinks opens hubs once for all outputs.
type eventSinks struct {
	settings  *settings.Settings
	connector trigger.Connector

	mu     sync.Mutex
	byName map[[2]string]trigger.EventSink // by setting and hub; guarded by mu
}

func newEventSinks(s *settings.Settings, c trigger.Connector) *eventSinks {
	return &eventSinks{settings: s, connector: c, byName: map[[2]string]trigger.EventSink{}}
}

func (s *eventSinks) open(ctx context.Context, conn settings.Connection, hub string) (trigger.EventSink, error) {
	key := [2]string{conn.Setting, hub}
	s.mu.Lock()
	sink, ok := s.byName[key]
	s.mu.Unlock()
	if ok {
		return sink, nil
	}
	sink, err := s.connector.EventSink(ctx, conn, hub)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.byName[key] = sink
	s.mu.Unlock()
	return sink, nil
}

// forget drops a sink after an error: its hub may have been replaced.
func (s *eventSinks) forget(setting, hub string) {
	s.mu.Lock()
	delete(s.byName, [2]string{setting, hub})
	s.mu.Unlock()
}
