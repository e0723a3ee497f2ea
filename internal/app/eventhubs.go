package app

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/arm"
	armhubs "github.com/lazuli-dev/lazuli/internal/arm/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// eventHubs is the Event Hubs namespaces behind the AMQP ports.
func eventHubs(e *env) (parts, error) {
	cfg := e.Config.EventHubs
	p := hubParts(e)
	log := e.Log.With("component", "eventhubs")
	services := newPerAccount(func(a resource.Account) (*eventhubs.Service, error) { return e.namespaceService(a, log) })
	first, err := services.of(e.Storage.namespace)
	if err != nil {
		return p, err
	}
	p.Routes = []door.Route{{
		Type: resource.Namespaces, Restrict: e.restrict(namespaceRules), Denied: namespaceDenied, Changed: e.Exists.WatchAccounts,
		AMQP: e.hubConnections(services),
		SASL: func(ctx context.Context, a resource.Account, init amqp.SASLInit) (any, error) {
			svc, err := services.of(a)
			if err != nil {
				return nil, err
			}
			return svc.Authenticate(ctx, init)
		},
	}}
	greeting := first.Greeting()
	plain := door.Port{Title: "Event Hubs (AMQP)", Key: "eventHubs.amqpPort", Account: e.Storage.namespace, AMQP: &greeting, Log: log}
	if err := e.Doors.open(instance.AMQP, cfg.AMQPPort, plain); err != nil {
		return p, err
	}
	secure := plain
	secure.Title, secure.Key, secure.TLS = "Event Hubs (AMQP over TLS)", "eventHubs.amqpsPort", door.Only
	return p, e.Doors.open(instance.AMQPS, cfg.AMQPSPort, secure)
}

// hubConnections answers the connections to namespaces.
func (e *env) hubConnections(services *perAccount[*eventhubs.Service]) func(resource.Account, *amqp.Conn, door.Way) amqp.ConnHandler {
	return func(a resource.Account, c *amqp.Conn, way door.Way) amqp.ConnHandler {
		own, err := services.of(a)
		if err != nil {
			e.noService(a, err)
			return nil
		}
		return own.Conn(c, func(host string) (*eventhubs.Service, error) {
			other, err := way(host)
			if err != nil {
				return nil, err
			}
			return services.of(other)
		})
	}
}

// namespaceService answers for a namespace.
func (e *env) namespaceService(a resource.Account, log *slog.Logger) (*eventhubs.Service, error) {
	c := eventhubs.Config{Hubs: e.Storage.broker.Namespace(a.ID), Log: log, Access: e.hubAccess(a)}
	c.Events = newTurnedAway(a, log).fromEventHubs(e.Counts.FromEventHubs)
	c.Elsewhere = func(host string) string {
		host, _, _ = strings.Cut(strings.ToLower(host), ":")
		if other, meaning := e.find(host, resource.Namespaces); meaning == door.Known && other.ID != a.ID {
			return other.Name
		}
		return ""
	}
	if a != e.Storage.namespace {
		c.Log, c.Namespace = log.With("namespace", a.Name), a.Name+namespaceSuffix
	}
	if e.Config.HubsAutoCreated(a.Name) {
		c.Need = eventhubs.Need(e.Exists, a)
	}
	return eventhubs.New(c)
}

// namespaceSuffix is what follows a namespace's name in its host names.
const namespaceSuffix = ".servicebus.windows.net"

// hubsOf is a namespace as functions and stream jobs reach it.
func (e *env) hubsOf(a resource.Account) hub.Namespace {
	hubs := e.Storage.broker.Namespace(a.ID)
	return hub.Namespace{
		Hubs: hubs, Delivered: e.Counts.FromJobs(a.ID),
		Find: func(name, group string) (*broker.Hub, error) {
			if err := eventhubs.Need(e.Exists, a)(e.Context, name, group); err != nil {
				return nil, err
			}
			return hubs.Hub(name)
		},
	}
}

// localHubs is the hubs of this process as functions reach them.
func (e *env) localHubs() *hub.Local {
	at := e.reach(resource.Namespaces, "Event Hubs")
	return &hub.Local{At: func(c settings.Connection) (hub.Namespace, error) {
		a, err := at(c)
		if err != nil {
			return hub.Namespace{}, err
		}
		namespace := e.hubsOf(a)
		namespace.May = e.hubUse(c, a)
		return namespace, nil
	}}
}

// namespaceID is the id of the namespace that a host name of functions means.
func (e *env) namespaceID(host string) uint64 {
	if a, meaning := e.find(host, resource.Namespaces); meaning == door.Known {
		return a.ID
	}
	return e.Storage.namespace.ID
}

// findNamespace finds a namespace by name for stream jobs.
func (e *env) findNamespace(name string) (hub.Namespace, error) {
	a, err := e.Exists.Account(resource.Namespaces, cmp.Or(name, resource.Default))
	if err != nil {
		return hub.Namespace{}, fault.New(fault.NotFound, "namespace "+name, "there is none; there are %s", e.accountNames(resource.Namespaces))
	}
	return e.hubsOf(a), nil
}

// hubParts is what hubs are to the rest of the house.
func hubParts(e *env) parts {
	st := e.Storage
	hubs, closeHubs := e.hubService()
	end := hub.End{Hubs: hubs, State: e.hostState}
	p := parts{
		Accounts: []accountKind{namespaceKind(e.Config.EventHubs)},
		Kinds:    eventhubs.Kinds(st.broker, e.hubOnUse),
		Suffixes: []suffix{{domain: strings.TrimPrefix(namespaceSuffix, "."), typ: resource.Namespaces, service: instance.AMQPS}},
		Leads:    []leads{{hub.Kind, resource.Namespaces}, {end.Trigger().Type, resource.Namespaces}, {end.Output().Type, resource.Namespaces}},
		Triggers: trigger.Table{end.Trigger()},
		Letters:  letter.Table{end.Letters()},
		Outputs:  output.Table{end.Output()},
		Streams: jobs.Kinds{
			Sources: []jobs.SourceKind{hub.SourceKind(e.findNamespace)},
			Sinks:   []jobs.SinkKind{hub.SinkKind(e.findNamespace)},
		},
		Pages:     e.hubPages(),
		Resources: []arm.Provider{armhubs.New(armhubs.Config{Accounts: e.armAccounts(), Broker: st.broker, People: e.Who})},
		Engines:   []part{{name: "broker", run: st.broker.Run}, {name: "event hubs of other processes", close: closeHubs}},
		Summary:   e.hubSummaries,
	}
	for _, n := range e.Config.EventHubs.All() {
		account, err := e.Exists.Account(resource.Namespaces, n.Name)
		if err != nil {
			panic(err) // all that the file names were declared
		}
		for _, name := range slices.Sorted(maps.Keys(n.Hubs)) {
			p.Declared = append(p.Declared, declared{
				path: n.Path + ".hubs." + name, id: resource.ID{Account: account, Type: resource.Hubs, Name: name},
				properties: hubProperties(n.Hubs[name]).JSON(),
			})
		}
	}
	return p
}

// hubSummaries are the lines of the start screen.
func (e *env) hubSummaries(s *Summary) {
	for _, a := range e.Exists.Accounts(resource.Namespaces) {
		for _, h := range e.Storage.broker.Namespace(a.ID).Hubs() {
			s.Hubs = append(s.Hubs, HubSummary{Namespace: notDefault(a), Name: h.Name(), Partitions: h.PartitionCount()})
		}
	}
}

// notDefault is the account's name where it must be told.
func notDefault(a resource.Account) string {
	if a.Name == resource.Default || a.Type == resource.StorageAccounts && a.Name == resource.DefaultStorage {
		return ""
	}
	return a.Name
}

// ofAccount is a log whose lines name the account where it must be told.
func ofAccount(log *slog.Logger, a resource.Account) *slog.Logger {
	if name := notDefault(a); name != "" {
		return log.With("account", name)
	}
	return log
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
	if e.Config.HubsAutoCreated(account.Name) {
		return nil
	}
	section := "eventHubs"
	if in := notDefault(account); in != "" {
		section = "eventHubs.namespaces." + in
	}
	hub, group, _ := strings.Cut(name, "/")
	if _, err := e.Storage.broker.Namespace(account.ID).Hub(hub); err != nil || group == "" {
		return fault.New(fault.NotFound, "hub "+hub, "it does not exist (declare it under %s.hubs in %s)", section, config.FileName)
	}
	return fault.New(fault.NotFound, "hub "+hub, "has no consumer group %s; declare it under %s.hubs.%s.consumerGroups in %s", group, section, hub, config.FileName)
}
