package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// openDeclared is the storage of a project with its namespaces and accounts.
func openDeclared(cfg config.Config, fs vfs.FS, log *slog.Logger, events func(broker.Event)) (*dataFolder, error) {
	st, err := openData(cfg, fs, log, events)
	if err != nil {
		return nil, err
	}
	if err := st.declare(cfg, services()); err != nil {
		st.close(log)
		return nil, err
	}
	return st, nil
}

func connection(t testing.TB, service settings.Service, text string) settings.Connection {
	t.Helper()
	c, err := settings.New(map[string]string{"S": text}).Connection(service, "S")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openHouse opens the engines in an empty folder, with what functions and jobs
// reach of them, and runs the broker. No port is open.
func openHouse(t *testing.T, autoCreate bool) (*env, *dataFolder) {
	t.Helper()
	cfg := config.Default(t.TempDir())
	cfg.Data.Folder = filepath.Join(cfg.Dir, "data")
	cfg.HasFile = !autoCreate
	counts := telemetry.New()
	st, err := openDeclared(cfg, vfs.Default, testkit.Discard(), counts.FromBroker)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.broker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("broker: %v", err)
		}
		st.close(testkit.Discard())
	})
	e, err := houseOn(t.Context(), cfg, st, counts)
	if err != nil {
		t.Fatal(err)
	}
	return e, st
}

// houseOn is what functions and jobs reach in a storage, with what the project
// file declares.
func houseOn(ctx context.Context, cfg config.Config, st *dataFolder, counts *telemetry.Counts) (*env, error) {
	e := &env{
		Context: ctx, Config: cfg, Log: testkit.Discard(), Storage: st, Exists: st.exists, Counts: counts, remote: newRemotes(),
		Doors: &doors{addresses: map[string]string{"amqp": "127.0.0.1:50001"}},
	}
	for _, build := range []func(*env) (parts, error){
		func(e *env) (parts, error) { return hubParts(e), nil }, func(e *env) (parts, error) { return containerParts(e, nil), nil },
		withoutRoutes(blobParts), movedState, timers, files,
	} {
		p, err := build(e)
		if err == nil {
			err = e.take(p)
		}
		if err != nil {
			return nil, err
		}
	}
	return e, nil
}

// plainly answers queries of accounts without what ports need.
func plainly(e *env) func(resource.Account) (*cosmos.Service, error) {
	return newPerAccount(func(a resource.Account) (*cosmos.Service, error) {
		return cosmos.New(cosmos.Config{Store: e.Storage.docs.Account(a.ID), Exists: e.Exists, Account: a, Access: e.documentAccess(a), Log: testkit.Discard()})
	}).of
}

// TestEndsKeepTheContracts runs the suites that every service passes on the
// engines themselves, as this program plugs them in.
func TestEndsKeepTheContracts(t *testing.T) {
	testkit.NoLeaks(t)
	endtest.Hubs(t, func(t *testing.T) endtest.HubService {
		s, st := openHouse(t, true)
		grow := func(t *testing.T, partitions int) {
			if _, err := st.hubs.EnsureHub(broker.HubConfig{Name: "contract", Partitions: partitions, Retention: time.Hour}); err != nil {
				t.Fatal(err)
			}
		}
		grow(t, 2)
		hubs := s.localHubs()
		return endtest.HubService{
			Service: hubs, Conn: connection(t, settings.EventHubs, "Endpoint=sb://localhost;UseDevelopmentEmulator=true"),
			Send: func(t *testing.T, partition int, bodies ...string) {
				send(t, st.hubs, "contract", partition, bodies...)
			},
			Grow: func(t *testing.T) { grow(t, 3) },
		}
	})
	endtest.Containers(t, func(t *testing.T) endtest.ContainerService {
		s, _ := openHouse(t, true)
		containers := s.localContainers(plainly(s))
		return endtest.ContainerService{
			Service: containers, Conn: connection(t, settings.CosmosDB, "AccountEndpoint=https://localhost:8081/;AccountKey=x"),
		}
	})
	endtest.State(t, func(t *testing.T) state.Blobs {
		s, _ := openHouse(t, true)
		b, err := s.hostState(settings.New())
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func send(t *testing.T, b broker.Namespace, hub string, partition int, bodies ...string) {
	h, err := b.Hub(hub)
	if err != nil {
		t.Error(err)
		return
	}
	p, err := h.Partition(partition)
	if err != nil {
		t.Error(err)
		return
	}
	var records [][]byte
	for _, body := range bodies {
		records = append(records, amqp.AppendDataSection(nil, []byte(body)))
	}
	done := make(chan broker.AppendResult, 1)
	p.Append(broker.Append{Records: records}, func(r broker.AppendResult) { done <- r })
	if r := <-done; r.Err != nil {
		t.Error(r.Err)
	}
}

// TestWhatIsLocal tells connections to this process, and to which of its
// namespaces, from others.
func TestWhatIsLocal(t *testing.T) {
	testkit.NoLeaks(t)
	s, _ := openHouse(t, false)
	if _, err := s.Exists.EnsureAccount(resource.Namespaces, "contoso-evhns"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=v":              "default",
		"Endpoint=sb://emulator;UseDevelopmentEmulator=true":                           "default",
		"Endpoint=sb://127.0.0.1:5672":                                                 "default",
		"Endpoint=sb://localhost:50001":                                                "default",
		"Endpoint=sb://localhost:50002":                                                "",
		"Endpoint=sb://ns.servicebus.windows.net;SharedAccessKey=v":                    "",
		"Endpoint=sb://localhost.evil.example;SharedAccessKeyName=k;SharedAccessKey=v": "",
		"Endpoint=sb://Contoso-evhns.servicebus.windows.net/;SharedAccessKey=v":        "contoso-evhns",
		"Endpoint=sb://contoso-evhns.localhost:50001;UseDevelopmentEmulator=true":      "contoso-evhns",
		"Endpoint=sb://other.localhost:50001;UseDevelopmentEmulator=true":              "",
		"Endpoint=sb://localhost:50002;UseDevelopmentEmulator=true":                    "",
		"Endpoint=sb://another-machine:5672;UseDevelopmentEmulator=true":               "",
	} {
		a, err := s.reach(resource.Namespaces, "Event Hubs")(connection(t, settings.EventHubs, text))
		if a.Name != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q %v", text, a.Name, err)
		}
	}
}

// TestRefusals: what is elsewhere or missing is refused by name.
func TestRefusals(t *testing.T) {
	testkit.NoLeaks(t)
	s, _ := openHouse(t, false)
	hubs, containers := s.localHubs(), s.localContainers(plainly(s))
	remote := connection(t, settings.EventHubs, "Endpoint=sb://ns.servicebus.windows.net;SharedAccessKey=secret")
	_, err := hubs.Open(t.Context(), remote, "h", hub.Consumer{Group: "$Default"})
	if err == nil || !strings.Contains(err.Error(), "setting S") || strings.Contains(err.Error(), "secret") {
		t.Errorf("remote: %v", err)
	}
	here := connection(t, settings.EventHubs, "Endpoint=sb://localhost")
	if _, err := hubs.Open(t.Context(), here, "h", hub.Consumer{Group: "$Default"}); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "eventHubs.hubs") {
		t.Errorf("missing hub: %v", err)
	}
	docs := connection(t, settings.CosmosDB, "AccountEndpoint=https://localhost:8081/")
	if _, err := containers.Feed(t.Context(), docs, "db", "c"); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "cosmos.databases") {
		t.Errorf("missing container: %v", err)
	}
	if _, err := containers.Sink(t.Context(), docs, "db", "c", "/pk"); err != nil {
		t.Errorf("a container that the binding asked to create: %v", err)
	}
}

// withoutRoutes is a service where there are no doors.
func withoutRoutes(build func(*env) (parts, error)) func(*env) (parts, error) {
	return func(e *env) (parts, error) {
		p, err := build(e)
		p.Routes = nil
		return p, err
	}
}
