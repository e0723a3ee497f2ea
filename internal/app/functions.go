package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/function"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/functions"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// keysFolder, in the data folder, held the access keys of each app before they were
// blobs.
const keysFolder = "keys"

// functionApp is one function app: its host, and its HTTP front.
type functionApp struct {
	name    string
	host    *host.Host
	front   *azfunctions.Service
	keys    *azfunctions.Keys // nil where none are asked: all functions are open
	address string            // host:port of the front
	log     *slog.Logger

	trouble func(error)   // remembers the first reason why the app does not run
	failed  chan struct{} // closed by it
	err     error         // that reason; read after failed is closed
}

// declareSites makes the function apps of the project file, with their access
// restrictions.
func (s *dataFolder) declareSites(cfg config.Config) error {
	names := slices.Sorted(maps.Keys(cfg.Functions.Apps))
	_, err := s.declareAccounts(resource.Sites, names, func(a resource.Account, _ json.RawMessage) (json.RawMessage, error) {
		var p azfunctions.SiteProperties
		named := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, a.Name) })
		p.Access, p.Admin = cfg.Functions.Apps[names[named]].Access.Restrictions()
		return p.JSON(), nil
	})
	return err
}

// functionApps are the hosts of all apps that are not disabled, in the order of
// their names, which is the order of their ports.
func functionApps(e *env) (parts, error) {
	cfg := e.Config.Functions
	fronts := map[resource.Account]http.Handler{}
	p := parts{
		Routes: []door.Route{{
			Type: resource.Sites, Restrict: e.restrict(siteRules), Denied: siteDenied,
			HTTP: func(site resource.Account) http.Handler {
				if front, declared := fronts[site]; declared {
					return front
				}
				return e.siteFront(site)
			},
		}},
		Suffixes: []suffix{{domain: "azurewebsites.net", typ: resource.Sites, service: instance.FunctionsPrefix}},
	}
	port := cfg.Port
	for _, name := range slices.Sorted(maps.Keys(cfg.Apps)) {
		spec := cfg.Apps[name]
		if spec.Disabled {
			continue
		}
		site, err := e.Exists.Account(resource.Sites, name)
		if err != nil {
			return p, err
		}
		app, err := e.buildApp(site, spec, port)
		if err != nil {
			return p, fmt.Errorf("functions.apps.%s: %w", name, err)
		}
		fronts[site] = app.front
		p.Apps, p.Work, p.Pending = append(p.Apps, app), append(p.Work, app.part()), append(p.Pending, app.pending)
		if spec.Port == nil && port != 0 {
			port++
		}
	}
	slices.Reverse(p.Work)
	if err := e.openSites(); err != nil {
		return p, err
	}
	p.Resources = append(p.Resources, e.webProvider())
	route, names := e.deploymentDoor()
	p.Routes, p.Suffixes = append(p.Routes, route), append(p.Suffixes, names)
	p.Work, p.Pending = append(p.Work, part{name: "deployed function apps", run: e.Sites.Run}), append(p.Pending, e.sitesPending)
	p.Pages = functions.Pages(functions.Config{Apps: e.appsShown, Counts: e.Counts, Tasks: e.Tasks, Name: e.placeName})
	p.Streams.Sinks = []jobs.SinkKind{function.SinkKind(func(name string) (function.App, error) { return httpFunctions(e.apps(), name) })}
	p.Settled = func(ctx context.Context) bool {
		return !slices.ContainsFunc(p.Apps, func(app *functionApp) bool { return !app.settled(ctx) }) && e.sitesSettled(ctx)
	}
	p.Summary = func(s *Summary) {
		s.Positions = e.positions()
		for _, app := range p.Apps {
			s.Apps = append(s.Apps, app.summary())
		}
		s.Apps = append(s.Apps, e.siteSummaries()...)
	}
	return p, nil
}

// appsShown is the apps as the portal shows them.
func (e *env) appsShown() (all []functions.App) {
	for _, app := range e.apps() {
		shown := functions.App{
			Host: app.host, URL: "http://" + connect.Host(app.address, ""),
			Prefix: app.host.Config().HTTP.RoutePrefix, Dir: app.host.Dir(), Log: app.log,
		}
		if app.keys != nil {
			shown.Keys = app.keys
		}
		all = append(all, shown)
	}
	return all
}

// httpFunctions is where the HTTP functions of an app answer.
func httpFunctions(apps []*functionApp, name string) (function.App, error) {
	for _, app := range apps {
		if app.name != name {
			continue
		}
		out := function.App{URL: strings.TrimSuffix("http://"+app.address+"/"+app.host.Config().HTTP.RoutePrefix, "/")}
		if app.keys != nil {
			out.Key = app.keys.Host
		}
		return out, nil
	}
	return function.App{}, fault.New(fault.Invalid, "function app "+name, "is disabled, so its functions cannot take rows")
}

// buildApp takes the app's port and builds what answers there.
func (e *env) buildApp(site resource.Account, spec config.App, port config.Port) (*functionApp, error) {
	cfg := e.Config
	port, key, err := appPort(site.Name, cfg.AppDir(spec), spec.Port, port)
	if err != nil {
		return nil, err
	}
	log := e.Log.With("component", "functions", "app", site.Name)
	service := instance.FunctionsPrefix + site.Name
	if err := e.Doors.open(service, port, door.Port{Title: "function app " + site.Name, Key: key, TLS: door.Either, Quick: true, Account: site, Log: log}); err != nil {
		return nil, err
	}
	app := &functionApp{name: site.Name, address: e.Doors.addresses[service], failed: make(chan struct{}), log: log}
	var once sync.Once
	app.trouble = func(err error) { once.Do(func() { app.err = err; close(app.failed) }) }
	app.host, err = host.New(host.Options{
		Name:        site.Name,
		Dir:         cfg.AppDir(spec),
		Binary:      cfg.AppBinary(spec),
		BuildDir:    filepath.Join(cfg.DataDir(), "apps", site.Name),
		Defaults:    e.insightsSettings(),
		Settings:    e.identitySettings(site.Name, spec.Settings),
		HTTPAddress: app.address,
		Watch:       cfg.CodeWatched(),
		Changed:     e.accessChanged(),
		State:       e.hostState,
		Listen:      door.Loopback,
		Triggers:    e.Given.Triggers,
		Inputs:      e.Given.Inputs,
		Outputs:     e.Given.Outputs,
		Letters:     e.Given.Letters,
		Unreached:   azfunctions.Unreached,
		Listeners:   []host.Listener{app.watchWorker, e.Counts.FromHost(site.Name, e.namespaceID), e.appTelemetry(site.Name, func() *host.Host { return app.host })},
		Log:         app.log,
		Version:     e.Version,
	})
	if err == nil {
		err = e.openAppState(app, site, spec.EnableAuth)
	}
	var asked *azfunctions.Authentication
	if err == nil {
		asked, err = e.authentication(spec.Authentication)
	}
	if err == nil {
		app.front, err = azfunctions.New(azfunctions.Config{Host: app.host, Keys: app.keys, Authentication: asked, Log: app.log})
	}
	if err != nil {
		return nil, err
	}
	return app, nil
}

// appPort is the app's port and where it is set: in the project file, else in
// local.settings.json, where Azure's tools look for it, else next in turn.
func appPort(app, dir string, own *config.Port, next config.Port) (port config.Port, key string, err error) {
	if own != nil {
		return *own, "functions.apps." + app + ".port", nil
	}
	local, err := settings.ReadLocal(filepath.Join(dir, settings.LocalFile))
	if err != nil {
		return 0, "", err
	}
	if given := local.Host.LocalHTTPPort; given > 0 {
		return config.Port(given), "Host.LocalHttpPort in " + settings.LocalFile + ", or functions.apps." + app + ".port", nil
	}
	return next, "functions.port", nil
}

// watchWorker notices that the program does not build, or the worker not come up.
func (a *functionApp) watchWorker(e host.Event) {
	switch e := e.(type) {
	case host.BuildChanged:
		if e.Build.Err != nil {
			a.trouble(e.Build.Err)
		}
	case host.WorkerChanged:
		if e.Status.State == worker.Waiting || e.Status.State == worker.Failing {
			a.trouble(fault.New(fault.Unavailable, "", "%s", e.Status.LastError))
		}
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

// part is the host. An app that cannot be built leaves the other services
// running: they are of use without it.
func (a *functionApp) part() part {
	return part{name: "function app " + a.name, run: func(ctx context.Context) error {
		if err := a.host.Run(ctx); err != nil {
			a.log.Error("the function app does not run", "error", err)
			a.trouble(err)
			<-ctx.Done()
		}
		return nil
	}}
}

func (a *functionApp) summary() AppSummary {
	s := AppSummary{Name: a.name, URL: "http://" + connect.Host(a.address, "")}
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
	s := FunctionSummary{Name: f.Name, Trigger: f.Title, On: f.Source.Target, Host: f.Source.Host, Err: f.Err}
	if f.HTTP != nil {
		methods := "any method"
		if len(f.HTTP.Methods) > 0 {
			methods = strings.Join(f.HTTP.Methods, ", ")
		}
		s.On = methods + " " + "/" + strings.TrimPrefix(prefix+"/"+f.HTTP.Route, "/")
	}
	if f.Disabled {
		s.On += " (disabled)"
	}
	return s
}
