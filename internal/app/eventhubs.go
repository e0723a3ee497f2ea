package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// eventHubs is the Event Hubs namespace behind the AMQP ports.
func eventHubs(e *env) (parts, error) {
	cfg := e.Config.EventHubs
	p := hubParts(e)
	rules, err := sharedAccessRules(cfg.Rules)
	if err != nil {
		return p, err
	}
	var need func(ctx context.Context, hub, group string) error
	if e.Config.HubsAutoCreated() {
		need = eventhubs.Need(e.Exists, e.Storage.namespace)
	}
	log := e.Log.With("component", "eventhubs")
	svc, err := eventhubs.New(eventhubs.Config{
		Hubs:            e.Storage.hubs,
		Log:             log,
		Rules:           rules,
		Need:            need,
		AcceptAnyBearer: cfg.AcceptAny,
		Events:          e.Counts.FromEventHubs,
	})
	if err != nil {
		return p, err
	}
	p.Routes = []door.Route{{
		Type: resource.Namespaces,
		AMQP: func(_ resource.Account, c *amqp.Conn) amqp.ConnHandler { return svc.Conn(c) },
		SASL: func(ctx context.Context, _ resource.Account, init amqp.SASLInit) (any, error) {
			return svc.Authenticate(ctx, init)
		},
	}}
	greeting := svc.Greeting()
	plain := door.Port{Title: "Event Hubs (AMQP)", Key: "eventHubs.amqpPort", Account: e.Storage.namespace, AMQP: &greeting, Log: log}
	if err := e.Doors.open(instance.AMQP, cfg.AMQPPort, plain); err != nil {
		return p, err
	}
	secure := plain
	secure.Title, secure.Key, secure.TLS = "Event Hubs (AMQP over TLS)", "eventHubs.amqpsPort", door.Only
	return p, e.Doors.open(instance.AMQPS, cfg.AMQPSPort, secure)
}

// hubService is the hubs of this process as functions reach them.
func (e *env) hubService() *hub.Local {
	return &hub.Local{Reach: e.reach("Event Hubs"), Find: e.findHub, Hubs: e.Storage.hubs}
}

// findHub finds a hub and its consumer group, which come to be by this if the
// project allows it.
func (e *env) findHub(name, group string) (*broker.Hub, error) {
	if err := eventhubs.Need(e.Exists, e.Storage.namespace)(e.Context, name, group); err != nil {
		return nil, err
	}
	return e.Storage.hubs.Hub(name)
}

// hubParts is what hubs are to the rest of the house.
func hubParts(e *env) parts {
	st, find := e.Storage, e.findHub
	end := hub.End{Hubs: e.hubService(), Checkpoints: st.checkpoints()}
	p := parts{
		Kinds:    eventhubs.Kinds(st.broker, e.hubOnUse),
		Suffixes: []suffix{{"servicebus.windows.net", resource.Namespaces}},
		Triggers: trigger.Table{end.Trigger()},
		Outputs:  output.Table{end.Output()},
		Streams: jobs.Kinds{
			Sources: []jobs.SourceKind{hub.SourceKind(st.hubs, find, e.Counts.FromJobs(st.namespace.ID))},
			Sinks:   []jobs.SinkKind{hub.SinkKind(st.hubs, find)},
		},
		Pages:   e.hubPages(),
		Engines: []part{{name: "broker", run: st.broker.Run}},
		Summary: func(s *Summary) {
			for _, h := range st.hubs.Hubs() {
				s.Hubs = append(s.Hubs, HubSummary{Name: h.Name(), Partitions: h.PartitionCount()})
			}
		},
	}
	for _, name := range slices.Sorted(maps.Keys(e.Config.EventHubs.Hubs)) {
		p.Declared = append(p.Declared, declared{
			path: "eventHubs.hubs." + name, id: resource.ID{Account: st.namespace, Type: resource.Hubs, Name: name},
			properties: hubProperties(e.Config.EventHubs.Hubs[name]).JSON(),
		})
	}
	return p
}

// hubProperties is a hub as the project file wants it, whatever it was before.
func hubProperties(h config.Hub) eventhubs.HubProperties {
	return eventhubs.HubProperties{
		Partitions: int(h.Partitions), Retention: orNoLimit(time.Duration(h.Retention)), RetentionBytes: orNoLimit(h.RetentionMiB.Bytes()),
		ConsumerGroups: h.ConsumerGroups,
	}
}

// orNoLimit is a limit as properties have it, where 0 leaves what is set.
func orNoLimit[T int64 | time.Duration](limit T) T {
	if limit == 0 {
		return -1
	}
	return limit
}

// hubOnUse says whether naming a hub, or HUB/GROUP, is enough to make it.
func (e *env) hubOnUse(account resource.Account, name string) error {
	if e.Config.HubsAutoCreated() {
		return nil
	}
	hub, group, _ := strings.Cut(name, "/")
	if _, err := e.Storage.broker.Namespace(account.ID).Hub(hub); err != nil || group == "" {
		return fault.New(fault.NotFound, "hub "+hub, "it does not exist (declare it under eventHubs.hubs in %s)", config.FileName)
	}
	return fault.New(fault.NotFound, "hub "+hub, "has no consumer group %s; declare it under eventHubs.hubs.%s.consumerGroups in %s", group, hub, config.FileName)
}

func sharedAccessRules(configured []config.SASRule) ([]eventhubs.Rule, error) {
	rules := make([]eventhubs.Rule, len(configured))
	for i, r := range configured {
		rights, err := eventhubs.ParseRights(r.Rights)
		if err != nil {
			return nil, err
		}
		rules[i] = eventhubs.Rule{Name: r.Name, Key: r.Key, Rights: rights, Hub: r.Hub}
	}
	return rules, nil
}
