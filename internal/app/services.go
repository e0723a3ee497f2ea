package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/localca"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// services are the wire contracts with their open ports.
type services struct {
	hubs      *eventhubs.Service
	account   *cosmos.Service
	listening []listening
	addresses map[string]string // service -> host:port, as in instance.Info
	ca        *localca.CA
}

// listening is one open port and what serves it.
type listening struct {
	name     string
	listener net.Listener
	serve    func(context.Context, net.Listener) error
}

// buildServices takes the ports and builds what answers on them.
func buildServices(cfg config.Config, st *storage, log *slog.Logger, meter *portal.Meter) (_ *services, err error) {
	s := &services{addresses: map[string]string{}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	tlsConfig, err := s.openTLS(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.addEventHubs(cfg, st, tlsConfig, log, meter); err != nil {
		return nil, err
	}
	if err := s.addCosmos(cfg, st, tlsConfig, log, meter); err != nil {
		return nil, err
	}
	return s, nil
}

// openTLS loads or makes the local authority and a certificate for the names
// that clients on this machine use.
func (s *services) openTLS(cfg config.Config) (*tls.Config, error) {
	ca, err := localca.Open(filepath.Join(cfg.DataDir(), "tls"))
	if err != nil {
		return nil, err
	}
	names := []string{"localhost", "127.0.0.1", "::1"}
	if cfg.Listen != "127.0.0.1" && cfg.Listen != "::1" {
		names = append(names, cfg.Listen)
	}
	cert, err := ca.Server(names)
	if err != nil {
		return nil, err
	}
	s.ca = ca
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

func (s *services) addEventHubs(cfg config.Config, st *storage, tlsConfig *tls.Config, log *slog.Logger, meter *portal.Meter) error {
	rules := make([]eventhubs.Rule, len(cfg.EventHubs.Rules))
	for i, r := range cfg.EventHubs.Rules {
		rights, err := eventhubs.ParseRights(r.Rights)
		if err != nil {
			return err
		}
		rules[i] = eventhubs.Rule{Name: r.Name, Key: r.Key, Rights: rights, Hub: r.Hub}
	}
	var err error
	s.hubs, err = eventhubs.New(eventhubs.Config{
		Broker:          st.broker,
		Log:             log.With("component", "eventhubs"),
		Rules:           rules,
		AutoCreate:      cfg.HubsAutoCreated(),
		NewHub:          broker.HubConfig{Partitions: config.DefaultPartitions, Retention: time.Duration(config.DefaultRetention)},
		AcceptAnyBearer: cfg.EventHubs.AcceptAny,
		Events:          meterHub(meter),
	})
	if err != nil {
		return err
	}
	if err := s.open(cfg, instance.AMQP, "Event Hubs (AMQP)", cfg.EventHubs.AMQPPort, "eventHubs.amqpPort", nil, s.hubs.Serve); err != nil {
		return err
	}
	withTLS := func(l net.Listener) net.Listener { return tls.NewListener(l, tlsConfig) }
	return s.open(cfg, instance.AMQPS, "Event Hubs (AMQP over TLS)", cfg.EventHubs.AMQPSPort, "eventHubs.amqpsPort", withTLS, s.hubs.Serve)
}

func (s *services) addCosmos(cfg config.Config, st *storage, tlsConfig *tls.Config, log *slog.Logger, meter *portal.Meter) error {
	httpTLS := tlsConfig.Clone()
	httpTLS.NextProtos = []string{"h2", "http/1.1"}
	dual := func(l net.Listener) net.Listener { return newDualListener(l, httpTLS) }
	log = log.With("component", "cosmos")
	authority, err := os.ReadFile(s.ca.Path())
	if err != nil {
		return err
	}
	account := cosmos.Config{
		Store:         st.docs,
		Log:           log,
		Keys:          []string{cfg.Cosmos.Key},
		StrictGateway: cfg.Cosmos.StrictGateway,
		Consistency:   cfg.Cosmos.Consistency,
		Authority:     authority,

		AdvertisedEndpoint: cfg.Cosmos.Endpoint,
		OnRequest:          func(e cosmos.RequestDone) { meter.Request(e.Status, e.Charge) },
	}
	svc, serve, err := cosmosServer(account, log)
	if err != nil {
		return err
	}
	s.account = svc
	if err := s.open(cfg, instance.Cosmos, "Cosmos DB", cfg.Cosmos.Port, "cosmos.port", dual, serve); err != nil {
		return err
	}
	if cfg.Cosmos.ComputePort == nil {
		return nil
	}
	account.StrictGateway, account.AdvertisedEndpoint = false, ""
	if _, serve, err = cosmosServer(account, log); err != nil {
		return err
	}
	return s.open(cfg, instance.CosmosCompute, "Cosmos DB (compute gateway)", *cfg.Cosmos.ComputePort, "cosmos.computePort", dual, serve)
}

func cosmosServer(c cosmos.Config, log *slog.Logger) (*cosmos.Service, func(context.Context, net.Listener) error, error) {
	svc, err := cosmos.New(c)
	if err != nil {
		return nil, nil, err
	}
	return svc, func(ctx context.Context, l net.Listener) error {
		return serveHTTP(ctx, cosmos.NewHTTPServer(svc, log), l)
	}, nil
}

// open takes the port and records its address. wrap may be nil.
func (s *services) open(cfg config.Config, service, title string, port config.Port, key string,
	wrap func(net.Listener) net.Listener, serve func(context.Context, net.Listener) error,
) error {
	l, err := listen(cfg.Listen, port, title, key)
	if err != nil {
		return err
	}
	s.addresses[service] = l.Addr().String()
	if wrap != nil {
		l = wrap(l)
	}
	s.listening = append(s.listening, listening{title, l, serve})
	return nil
}

func (s *services) parts() []part {
	var parts []part
	for _, l := range s.listening {
		parts = append(parts, part{name: l.name, run: func(ctx context.Context) error { return l.serve(ctx, l.listener) }})
	}
	return parts
}

// close closes the ports, when nothing serves them yet.
func (s *services) close() {
	for _, l := range s.listening {
		l.listener.Close()
	}
}

// drainLimit bounds how long a request under way may take once stopping began.
const drainLimit = 5 * time.Second

// serveHTTP serves l until ctx ends, then lets requests under way finish.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener) error {
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		defer cancel()
		if srv.Shutdown(limited) != nil {
			srv.Close()
		}
	})
	err := srv.Serve(l)
	if stop() {
		return err // it ended by itself
	}
	<-drained
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
