package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// functionApp is one function app: its host, and the port of its HTTP front.
type functionApp struct {
	name     string
	host     *host.Host
	front    *azfunctions.Service
	listener net.Listener
	log      *slog.Logger

	trouble func(error)   // remembers the first reason why the app does not run
	failed  chan struct{} // closed by it
	err     error         // that reason; read after failed is closed
}

// buildApps builds the hosts of all apps that are not disabled, in the order
// of their names, which is the order of their ports.
func buildApps(cfg config.Config, st *storage, sources *sources, version string, log *slog.Logger, meter *portal.Meter) (apps []*functionApp, err error) {
	port := cfg.Functions.Port
	for _, name := range slices.Sorted(maps.Keys(cfg.Functions.Apps)) {
		spec := cfg.Functions.Apps[name]
		if spec.Disabled {
			continue
		}
		app, err := buildApp(cfg, name, spec, port, st, sources, version, log, meter)
		if err != nil {
			return apps, fmt.Errorf("functions.apps.%s: %w", name, err)
		}
		apps = append(apps, app)
		if spec.Port == nil && port != 0 {
			port++
		}
	}
	return apps, nil
}

func buildApp(cfg config.Config, name string, spec config.App, port config.Port, st *storage, sources *sources, version string, log *slog.Logger, meter *portal.Meter) (*functionApp, error) {
	key := "functions.port"
	if spec.Port != nil {
		port, key = *spec.Port, "functions.apps."+name+".port"
	}
	l, err := listen(cfg.Listen, port, "function app "+name, key)
	if err != nil {
		return nil, err
	}
	app := &functionApp{name: name, listener: l, failed: make(chan struct{}), log: log.With("component", "functions", "app", name)}
	var once sync.Once
	app.trouble = func(err error) { once.Do(func() { app.err = err; close(app.failed) }) }
	app.host, err = host.New(host.Options{
		Name:        name,
		Dir:         cfg.AppDir(spec),
		Binary:      cfg.AppBinary(spec),
		BuildDir:    filepath.Join(cfg.DataDir(), "apps", name),
		Settings:    spec.Settings,
		HTTPAddress: l.Addr().String(),
		Connector:   sources,
		Checkpoints: watchedCheckpoints{st.checkpoints(), meter},
		Listeners:   []host.Listener{app.watchWorker, meter.App(name)},
		Log:         log.With("component", "functions"),
		Version:     version,
	})
	if err == nil {
		app.front, err = azfunctions.New(azfunctions.Config{Host: app.host, Log: app.log})
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return app, nil
}

// watchWorker notices that the worker does not come up.
func (a *functionApp) watchWorker(e host.Event) {
	changed, ok := e.(host.WorkerChanged)
	if ok && (changed.Status.State == worker.Waiting || changed.Status.State == worker.Failing) {
		a.trouble(fault.New(fault.Unavailable, "", "%s", changed.Status.LastError))
	}
}

// settled waits until the app runs or it is clear that it does not; it is
// false when ctx ended before.
func (a *functionApp) settled(ctx context.Context) bool {
	select {
	case <-a.host.Ready():
		return true
	case <-a.failed:
		return true
	case <-ctx.Done():
		return false
	}
}

// parts are the HTTP front and the host. An app that cannot be built leaves
// the other services running: they are of use without it.
func (a *functionApp) parts() []part {
	return []part{
		{name: "HTTP front of " + a.name, run: func(ctx context.Context) error {
			return serveHTTP(ctx, &http.Server{
				Handler:           a.front,
				ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
				ReadHeaderTimeout: 10 * time.Second,
				IdleTimeout:       4 * time.Minute,
				MaxHeaderBytes:    64 << 10,
			}, a.listener)
		}},
		{name: "function app " + a.name, run: func(ctx context.Context) error {
			if err := a.host.Run(ctx); err != nil {
				a.log.Error("the function app does not run", "error", err)
				a.trouble(err)
				<-ctx.Done()
			}
			return nil
		}},
	}
}

func (a *functionApp) summary() AppSummary {
	s := AppSummary{Name: a.name, URL: "http://" + clientHost(a.listener.Addr().String(), "")}
	select {
	case <-a.host.Ready():
	default:
		s.Err = a.err
		return s
	}
	for _, f := range a.host.Functions() {
		s.Functions = append(s.Functions, functionSummary(f, a.host.Config().HTTP.RoutePrefix))
	}
	for _, b := range a.host.Status().Broken {
		s.Functions = append(s.Functions, FunctionSummary{Name: b.Name, Err: b.Err})
	}
	return s
}

func functionSummary(f host.FunctionInfo, prefix string) FunctionSummary {
	s := FunctionSummary{Name: f.Name, Trigger: f.Trigger, On: f.Target, Err: f.Err}
	switch {
	case f.HTTP != nil:
		methods := "any method"
		if len(f.HTTP.Methods) > 0 {
			methods = strings.Join(f.HTTP.Methods, ", ")
		}
		s.Trigger, s.On = TriggerHTTP, methods+" "+"/"+strings.TrimPrefix(prefix+"/"+f.HTTP.Route, "/")
	case strings.EqualFold(f.Trigger, "eventHubTrigger"):
		s.Trigger = TriggerEventHub
	case strings.EqualFold(f.Trigger, "cosmosDBTrigger"):
		s.Trigger = TriggerCosmos
	case strings.EqualFold(f.Trigger, "timerTrigger"):
		s.Trigger = TriggerTimer
	}
	if f.Disabled {
		s.On += " (disabled)"
	}
	return s
}

var _ trigger.Connector = (*sources)(nil)
