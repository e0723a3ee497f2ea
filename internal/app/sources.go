package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/end/timer"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// sources opens what functions' bindings name. A connection that points at
// this process leads straight into the engines; one that points elsewhere is
// refused by the name of its setting.
type sources struct {
	broker    broker.Namespace
	docs      docstore.Account
	cfg       config.Config
	addresses map[string]string // service -> host:port, as in instance.Info
}

// newSources returns the sources of a project. addresses are the ports that
// are really open.
func newSources(cfg config.Config, st *storage, addresses map[string]string) *sources {
	return &sources{broker: st.hubs, docs: st.account, cfg: cfg, addresses: addresses}
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

// reach refuses a connection that does not lead here. service is what functions
// could use here.
func (s *sources) reach(service string) func(settings.Connection) error {
	return func(c settings.Connection) error {
		if s.local(c) {
			return nil
		}
		return fault.New(fault.Invalid, "setting "+c.Setting,
			"it points at %s, which is not this process; functions can use only the %s served here", c.Host(), service)
	}
}

// services are the hubs and containers of this process.
func (s *sources) services() (*hub.Local, *container.Local) {
	return &hub.Local{Reach: s.reach("Event Hubs"), Find: s.hub, Hubs: s.broker},
		&container.Local{Reach: s.reach("Cosmos DB"), Find: s.container}
}

// ends are the kinds of triggers and outputs that functions may have. positions
// keeps what triggers remember.
func (s *sources) ends(positions trigger.MetadataStore) (trigger.Table, output.Table) {
	hubService, containerService := s.services()
	hubs := hub.End{Hubs: hubService, Checkpoints: positions}
	containers := container.End{Containers: containerService}
	return trigger.Table{hubs.Trigger(), containers.Trigger(), timer.End{Status: positions}.Trigger()},
		output.Table{containers.Output(), hubs.Output()}
}

func (s *sources) hub(name, group string) (*broker.Hub, error) {
	h, err := s.broker.Hub(name)
	if fault.Is(err, fault.NotFound) && s.cfg.HubsAutoCreated() {
		return s.broker.EnsureHub(broker.HubConfig{
			Name: name, Partitions: config.DefaultPartitions, Retention: time.Duration(config.DefaultRetention),
			ConsumerGroups: groups(group),
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%w (declare it under eventHubs.hubs in %s)", err, config.FileName)
	}
	if !h.HasGroup(group) {
		if !s.cfg.HubsAutoCreated() {
			return nil, fault.New(fault.NotFound, "hub "+name, "has no consumer group %s; declare it under eventHubs.hubs.%s.consumerGroups in %s", group, name, config.FileName)
		}
		if err := h.AddGroup(group); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func groups(group string) []string {
	if group == broker.DefaultGroup {
		return nil
	}
	return []string{group}
}

// container finds a container, and creates it and its database with the key
// path when the binding asked for it or the project creates what is named.
func (s *sources) container(ctx context.Context, database, name, createWithKey string) (*docstore.Container, error) {
	coll, err := s.find(database, name)
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
		ID: name, PartitionKey: docstore.PartitionKeySpec{Paths: []string{createWithKey}, Version: 2},
	})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return nil, err
	}
	return s.find(database, name)
}

func (s *sources) find(database, name string) (*docstore.Container, error) {
	db, err := s.docs.Database(database)
	if err != nil {
		return nil, err
	}
	return db.Container(name)
}
