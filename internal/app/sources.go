package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// sources opens what functions' bindings name. A connection that points at
// this process leads straight into the engines; one that points elsewhere is
// refused by the name of its setting.
type sources struct {
	broker    *broker.Broker
	docs      *docstore.Store
	cfg       config.Config
	addresses map[string]string // service -> host:port, as in instance.Info
}

// newSources returns the sources of a project. addresses are the ports that
// are really open.
func newSources(cfg config.Config, st *storage, addresses map[string]string) *sources {
	return &sources{broker: st.broker, docs: st.docs, cfg: cfg, addresses: addresses}
}

// wellKnownPorts are those that the official emulators listen on: connection
// strings copied from their documentation mean this process, wherever its
// ports are.
var wellKnownPorts = []string{"", "5671", "5672", "8081"}

// local reports whether a connection points at this process.
func (s *sources) local(c settings.Connection) bool {
	if c.Emulator {
		return true
	}
	if c.Endpoint == nil || !isLoopback(c.Host()) {
		return false
	}
	port := c.Endpoint.Port()
	for _, known := range wellKnownPorts {
		if port == known {
			return true
		}
	}
	for _, address := range s.addresses {
		if _, open, err := net.SplitHostPort(address); err == nil && open == port {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *sources) check(c settings.Connection, service string) error {
	if s.local(c) {
		return nil
	}
	return fault.New(fault.Invalid, "setting "+c.Setting,
		"it points at %s, which is not this process; functions can use only the %s served here", c.Host(), service)
}

// EventHub opens a hub of this process. A hub or group that does not exist is
// created when the project allows it.
func (s *sources) EventHub(_ context.Context, c settings.Connection, name, group string) (trigger.EventHub, error) {
	if err := s.check(c, "Event Hubs"); err != nil {
		return nil, err
	}
	hub, err := s.hub(name, group)
	if err != nil {
		return nil, err
	}
	return &localHub{hub: hub, namespace: namespaceOf(c)}, nil
}

func (s *sources) hub(name, group string) (*broker.Hub, error) {
	hub, err := s.broker.Hub(name)
	if fault.Is(err, fault.NotFound) && s.cfg.HubsAutoCreated() {
		return s.broker.EnsureHub(broker.HubConfig{
			Name: name, Partitions: config.DefaultPartitions, Retention: time.Duration(config.DefaultRetention),
			ConsumerGroups: groups(group),
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%w (declare it under eventHubs.hubs in %s)", err, config.FileName)
	}
	if !hub.HasGroup(group) {
		if !s.cfg.HubsAutoCreated() {
			return nil, fault.New(fault.NotFound, "hub "+name, "has no consumer group %s; declare it under eventHubs.hubs.%s.consumerGroups in %s", group, name, config.FileName)
		}
		if err := hub.AddGroup(group); err != nil {
			return nil, err
		}
	}
	return hub, nil
}

func groups(group string) []string {
	if group == broker.DefaultGroup {
		return nil
	}
	return []string{group}
}

func namespaceOf(c settings.Connection) string {
	if host := c.Host(); host != "" {
		return host
	}
	return "localhost"
}

// ChangeFeed opens the change feed of a container of this process.
func (s *sources) ChangeFeed(ctx context.Context, c settings.Connection, database, container string) (trigger.ChangeFeed, error) {
	if err := s.check(c, "Cosmos DB"); err != nil {
		return nil, err
	}
	coll, err := s.container(ctx, database, container, "")
	if err != nil {
		return nil, err
	}
	return newLocalFeed(coll, namespaceOf(c)), nil
}

// Leases opens a container for lease documents.
func (s *sources) Leases(ctx context.Context, c settings.Connection, database, container string, create bool) (trigger.Leases, error) {
	if err := s.check(c, "Cosmos DB"); err != nil {
		return nil, err
	}
	key := ""
	if create {
		key = "/id"
	}
	coll, err := s.container(ctx, database, container, key)
	if err != nil {
		return nil, err
	}
	return newLocalLeases(coll)
}

// Documents opens a container for writing.
func (s *sources) Documents(ctx context.Context, c settings.Connection, database, container, createWithKey string) (trigger.DocumentSink, error) {
	if err := s.check(c, "Cosmos DB"); err != nil {
		return nil, err
	}
	if _, err := s.container(ctx, database, container, createWithKey); err != nil {
		return nil, err
	}
	return &localSink{sources: s, database: database, container: container}, nil
}

// container finds a container, and creates it and its database with the key
// path when the binding asked for it or the project creates what is named.
func (s *sources) container(ctx context.Context, database, container, createWithKey string) (*docstore.Container, error) {
	coll, err := s.find(database, container)
	if !fault.Is(err, fault.NotFound) {
		return coll, err
	}
	if createWithKey == "" && !s.cfg.ContainersAutoCreated() {
		return nil, fmt.Errorf("%w (declare it under cosmos.databases.%s.containers in %s)", err, database, config.FileName)
	}
	if createWithKey == "" {
		createWithKey = "/id"
	}
	db, err := s.docs.Database(database)
	if fault.Is(err, fault.NotFound) {
		db, err = s.docs.CreateDatabase(ctx, docstore.DatabaseSpec{ID: database})
	}
	if err != nil && !fault.Is(err, fault.Conflict) {
		return nil, err
	}
	if db == nil {
		if db, err = s.docs.Database(database); err != nil {
			return nil, err
		}
	}
	_, err = db.CreateContainer(ctx, docstore.ContainerSpec{
		ID: container, PartitionKey: docstore.PartitionKeySpec{Paths: []string{createWithKey}, Version: 2},
	})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return nil, err
	}
	return s.find(database, container)
}

func (s *sources) find(database, container string) (*docstore.Container, error) {
	db, err := s.docs.Database(database)
	if err != nil {
		return nil, err
	}
	return db.Container(container)
}
