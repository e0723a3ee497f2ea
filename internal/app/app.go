// Package app is the composition root: it opens storage, builds engines and
// services from a configuration, plugs one engine into another's interface,
// runs everything, and stops it in reverse order.
//
// It is the only room that knows all others. There is no logic of the pipeline
// here; what looks like some belongs into an engine.
package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"runtime"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure Build.
type Options struct {
	Config  config.Config
	Log     *slog.Logger
	Version string
	// StreamStart starts all stream jobs, also those that were stopped, there:
	// last, now, all or an RFC 3339 time. "" leaves them as they were.
	StreamStart string
	FS          vfs.FS        // of hubs and documents; default the operating system's
	Begin       time.Time     // when the command began, for the start-up time; default now
	Ready       func(Summary) // called once when everything runs; may be nil
	Notes       []string      // what lies in the project's folder and is not served; see Adopt
	Trial       []string      // the command that runs a stream query for a look (stream/trial); none: they are refused
}

// App is a built application: storage is open and recovered, every port is
// taken, nothing runs yet.
type App struct {
	opts    Options
	log     *slog.Logger
	storage *dataFolder
	doors   *doors
	house   *env // what the services were given, and gave

	telling   sync.Mutex    // guards published
	published instance.Info // what commands were told last; none before everything runs
}

// Build opens storage and ports and builds all services. When it fails it
// leaves nothing open. Run must follow.
func Build(ctx context.Context, o Options) (*App, error) { return build(ctx, o, services()) }

func build(ctx context.Context, o Options, list []service) (*App, error) {
	if o.Begin.IsZero() {
		o.Begin = time.Now()
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	a := &App{opts: o, log: o.Log}
	if err := a.build(ctx, list); err != nil {
		a.close()
		return nil, withOwner(withRemedy(err))
	}
	return a, nil
}

func (a *App) build(ctx context.Context, list []service) error {
	cfg := a.opts.Config
	counts := telemetry.New()
	a.log = slog.New(counts.Logs.Handler(a.log.Handler()))
	var err error
	if a.storage, err = openData(cfg, a.opts.FS, a.log, counts.FromBroker); err != nil {
		return err
	}
	if err = a.storage.declare(cfg, list); err != nil {
		return err
	}
	e := &env{
		Context: ctx, Config: cfg, Log: a.log, Version: a.opts.Version, Force: a.opts.StreamStart, Trial: a.opts.Trial,
		Storage: a.storage, Exists: a.storage.exists, Counts: counts, remote: newRemotes(),
		Tasks: &portal.Tasks{}, Notices: &portal.Notices{},
	}
	a.house, e.Publish = e, a.publishNow
	if a.doors, err = openDoors(cfg, a.log, e.find); err != nil {
		return err
	}
	e.Doors = a.doors
	for _, s := range list {
		p, err := s.build(e)
		if err != nil {
			return err
		}
		if err := e.take(p); err != nil {
			return err
		}
	}
	return e.rememberDeclared()
}

// close releases what Build opened, when Run will not.
func (a *App) close() {
	if a.doors != nil {
		a.doors.Close()
	}
	if a.storage != nil {
		a.storage.close(a.log)
	}
}

// Run serves until ctx ends, then drains and stops layer by layer: function
// apps and jobs, doors, engines, storage. It returns
// nil after an orderly stop.
func (a *App) Run(ctx context.Context) error {
	info := a.info()
	if err := a.publish(info); err != nil {
		a.close()
		return fmt.Errorf("publish the instance: %w", err)
	}
	defer runtime.KeepAlive(giveRoom())
	return runParts(ctx, a.log, a.layers(info))
}

// layers is what runs, from what depends on everything to storage, with each
// layer's share of the 30 s that stopping may take. A function app has 10 s to
// drain and 5 s of grace, a door 5 s for requests under way.
func (a *App) layers(info instance.Info) []layer {
	given, st := a.house.Given, a.storage
	work := append([]part{{name: "announcement", run: func(ctx context.Context) error { return a.announce(ctx, info) }}}, given.Work...)
	return []layer{
		{17 * time.Second, work},
		{6 * time.Second, []part{{name: "doors", run: a.doors.Run}}},
		{2 * time.Second, given.Engines},
		{time.Second, []part{{name: "key-value store", run: st.kv.Run}}},
		{4 * time.Second, []part{{name: "storage", close: func() error { st.close(a.log); return nil }}}},
		{0, []part{{name: "instance", close: func() error { return instance.Remove(info) }}}},
	}
}

// publish lets commands find this instance. A full disk is no reason not to
// serve what needs no room.
func (a *App) publish(info instance.Info) error {
	err := instance.Write(info)
	if vfs.NoRoom(err) {
		a.log.Warn("the disk is full: commands like status may not find this instance", "error", err)
		return nil
	}
	return err
}

// announce waits until the function apps and the stream jobs have started or
// failed to, then says that everything runs: events that come later are read.
func (a *App) announce(ctx context.Context, info instance.Info) error {
	if settled := a.house.Given.Settled; settled != nil && !settled(ctx) {
		return nil
	}
	info.Ready = true
	if err := a.publish(info); err != nil {
		return fmt.Errorf("publish the instance: %w", err)
	}
	if a.opts.Ready != nil {
		a.opts.Ready(a.summary(info))
	}
	return a.follow(ctx, info)
}

// follow publishes the accounts and their keys anew whenever they change.
func (a *App) follow(ctx context.Context, info instance.Info) error {
	a.telling.Lock()
	a.published = info
	a.telling.Unlock()
	for {
		changed, sites := a.storage.exists.WatchAccounts(), a.house.sitesChanged()
		a.publishNow()
		select {
		case <-changed:
		case <-sites:
		case <-ctx.Done():
			return nil
		}
	}
}

// publishNow publishes the accounts and their doors as they are now, where they are
// others than commands were told last.
func (a *App) publishNow() {
	a.telling.Lock()
	defer a.telling.Unlock()
	now := a.published
	if now.PID == 0 {
		return
	}
	now.Accounts = a.house.publicAccounts()
	now.Addresses, now.Tokens = a.doors.everything()
	now.Telemetry = a.house.telemetry.hosts()
	if reflect.DeepEqual(now, a.published) {
		return
	}
	a.published = now
	if err := a.publish(now); err != nil {
		a.log.Error("the instance could not be published anew; commands see old keys", "error", err)
	}
}

func (a *App) info() instance.Info {
	cfg := a.opts.Config
	addresses, tokens := a.doors.everything()
	i := instance.Info{
		PID:       os.Getpid(),
		Version:   a.opts.Version,
		Name:      cfg.Name,
		Dir:       cfg.Dir,
		DataDir:   cfg.DataDir(),
		StartedAt: a.opts.Begin.UTC(),
		Addresses: addresses,
		Tokens:    tokens,
		Accounts:  a.house.publicAccounts(),
		Private:   cfg.PrivateListen,
		Telemetry: a.house.telemetry.hosts(),
		CAFile:    a.doors.ca.Path(),
		CABundle:  a.doors.ca.BundlePath(),
	}
	if cfg.ResourceManager() {
		i.Subscription, i.Tenant = a.house.Who.Subscription(), a.house.Who.Tenant()
	}
	return i
}

func (a *App) summary(info instance.Info) Summary {
	cfg := a.opts.Config
	own, err := connect.Of(info, connect.Choice{})
	if err != nil {
		a.log.Error("what clients need is not known", "error", err) // there is always a default
	}
	s := Summary{
		Info:       info,
		Connection: own,
		Sync:       cfg.Data.Sync,
		Took:       time.Since(a.opts.Begin),
		AutoCreate: cfg.HubsAutoCreated(resource.Default),
		Access:     a.access(),
		Notes:      a.opts.Notes,
	}
	if lines := a.house.Given.Summary; lines != nil {
		lines(&s)
	}
	return s
}
