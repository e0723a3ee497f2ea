// Package functions is the portal's page of function apps: what each function
// listens to, how it fares, its latest runs with their failures, inputs and
// logs, and how to run one by hand, turn it off, and manage its keys.
package functions

import (
	"context"
	"log/slog"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Host is what the page needs of a *host.Host.
type Host interface {
	Name() string
	Functions() []host.FunctionInfo
	Status() host.Status
	LastScale() host.ScaleReport
	ScalePast() []host.ScalePoint
	Processes() []host.WorkerProcess
	RunByHand(ctx context.Context, function, input string, batch bool) (id string, err error)
	Switch(function string, on bool) error
	Restart()
	DeadLetters(ctx context.Context, function string, q host.LetterQuery, see func(*letter.Letter)) (letter.Place, error)
	Redrive(ctx context.Context, function string, q host.LetterQuery, tell func(host.Redriven)) error
}

// Keys are the access keys of an app, by their place: host, system, or
// function:NAME.
type Keys interface {
	Names(place string) ([]string, error)
	Reveal(place, name string) (string, error)
	Renew(ctx context.Context, place, name string) error
	Remove(ctx context.Context, place, name string) error
}

// App is a function app and where its HTTP functions answer.
type App struct {
	Host   Host
	URL    string
	Prefix string // of routes: "api"
	Dir    string // its folder
	Keys   Keys   // nil: keys are off, and every function is open
	Log    *slog.Logger
}

// Config is what the page shows.
type Config struct {
	// Apps are those that run now.
	Apps   func() []App
	Counts *telemetry.Counts
	Tasks  *portal.Tasks // what outlives a request
	// Name is what a binding of a type leads to, as the lists of hubs and containers
	// name it: NAMESPACE/HUB and ACCOUNT/DATABASE/CONTAINER, or only HUB and
	// DATABASE/CONTAINER in the default one.
	Name func(binding string, at trigger.Place) string
}

type page struct {
	Config
	watch *watch
}

// Pages returns the list of apps and that of functions.
func Pages(c Config) []portal.Page {
	p := page{c, &watch{}}
	one := "/api/apps/{app}/functions/{function}/"
	return []portal.Page{{
		Kind: "apps", Rows: p.apps, Count: func() int { return len(c.Apps()) },
		Failing: p.appsFailing, Troubles: p.appTroubles,
		Routes: []portal.Route{{Pattern: "POST /api/apps/{app}/restart", Serve: p.restart}, {Pattern: "GET /api/apps/{app}/scale", Serve: p.getScale}},
	}, {
		Kind: "functions", Item: "function", Rows: p.functions, Count: p.count, Detail: p.detail,
		Failing: func() int { return len(p.failing()) }, Troubles: p.troubles,
		Totals: func(add func(string, int64)) {
			c.Counts.Functions(func(_, _ string, f *telemetry.Function) {
				add("items", f.Items.Load())
				add("failures", f.Failures.Load())
				add("letters", f.Letters.Load())
				add("opened", f.Opened.Load())
			})
		},
		Metrics: p.metrics,
		Routes: []portal.Route{
			{Pattern: "GET " + one + "past", Serve: p.getPast},
			{Pattern: "GET " + one + "failures", Serve: p.getFailures},
			{Pattern: "GET " + one + "runs", Serve: p.getRuns},
			{Pattern: "GET " + one + "runs/{run}", Serve: p.getRun},
			{Pattern: "POST " + one + "run", Serve: p.try},
			{Pattern: "POST " + one + "switch", Serve: p.turn},
			{Pattern: "GET " + one + "letters", Serve: p.getLetters},
			{Pattern: "POST " + one + "redrive", Serve: p.redrive},
			{Pattern: "GET " + one + "keys", Serve: p.getKeys},
			{Pattern: "POST " + one + "keys/{order}", Serve: p.changeKey},
		},
	}}
}

func (p page) count() (n int) {
	for _, a := range p.Apps() {
		n += len(a.Host.Functions())
	}
	return n
}

// app finds an app.
func (p page) app(name string) (App, error) {
	for _, a := range p.Apps() {
		if a.Host.Name() == name {
			return a, nil
		}
	}
	return App{}, fault.New(fault.NotFound, "function app "+name, "no such app")
}

// find finds a function.
func (p page) find(app, name string) (App, host.FunctionInfo, error) {
	a, err := p.app(app)
	if err != nil {
		return App{}, host.FunctionInfo{}, err
	}
	for _, f := range a.Host.Functions() {
		if f.Name == name {
			return a, f, nil
		}
	}
	return App{}, host.FunctionInfo{}, fault.New(fault.NotFound, "function "+name, "app %s has no such function", app)
}
