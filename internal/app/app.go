// Package app is the composition root: it opens storage, builds engines and
// services from a configuration, plugs one engine into another's interface,
// runs everything, and stops it in reverse order.
//
// It is the only room that knows all others. There is no logic of the pipeline
// here; what looks like some belongs into an engine.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
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
}

// App is a built application: storage is open and recovered, every port is
// taken, nothing runs yet.
type App struct {
	opts    Options
	log     *slog.Logger
	storage *storage
	doors   *doors
	account *cosmos.Service
	apps    []*functionApp
	portal  *portal.Server
	signIn  *signin.Keeper // nil where the portal asks nobody
	counts  *telemetry.Counts
	boards  *dashboard.Set
	jobs    []*jobs.Job
	helpers []*process
}

// Build opens storage and ports and builds all services. When it fails it
// leaves nothing open. Run must follow.
func Build(ctx context.Context, o Options) (*App, error) {
	if o.Begin.IsZero() {
		o.Begin = time.Now()
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	a := &App{opts: o, log: o.Log}
	if err := a.build(ctx); err != nil {
		a.close()
		return nil, withRemedy(err)
	}
	return a, nil
}

func (a *App) build(ctx context.Context) error {
	cfg := a.opts.Config
	a.counts = telemetry.New()
	var err error
	if a.storage, err = openStorage(cfg, a.opts.FS, a.log, a.counts.FromBroker); err != nil {
		return err
	}
	if err := a.storage.ensureResources(ctx, cfg); err != nil {
		return err
	}
	if a.doors, err = openDoors(a); err != nil {
		return err
	}
	if err := errors.Join(a.addEventHubs(), a.addCosmos()); err != nil {
		return err
	}
	sources := newSources(cfg, a.storage, maps.Clone(a.doors.addresses))
	if err := a.addFunctions(sources); err != nil {
		return err
	}
	if err := a.addDashboards(); err != nil {
		return err
	}
	a.helpers = buildProcesses(cfg, a.log)
	if err := a.buildJobs(ctx, sources); err != nil {
		return err
	}
	return a.addPortal()
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
	return runParts(ctx, a.log, a.layers(info))
}

// layers is what runs, from what depends on everything to storage, with each
// layer's share of the 30 s that stopping may take. A function app has 10 s to
// drain and 5 s of grace, a door 5 s for requests under way.
func (a *App) layers(info instance.Info) []layer {
	work := []part{{name: "announcement", run: func(ctx context.Context) error { return a.announce(ctx, info) }}}
	for _, helper := range a.helpers {
		work = append(work, helper.part())
	}
	for _, job := range a.jobs {
		work = append(work, part{name: job.String(), run: job.Run})
	}
	for _, app := range a.apps {
		work = append(work, app.part())
	}
	st := a.storage
	return []layer{
		{17 * time.Second, work},
		{6 * time.Second, []part{{name: "doors", run: a.doors.Run}}},
		{2 * time.Second, []part{{name: "portal state", run: a.portal.Run}, {name: "documents", run: st.docs.Run}, {name: "broker", run: st.broker.Run}}},
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
	for _, app := range a.apps {
		if !app.settled(ctx) {
			return nil
		}
	}
	for _, job := range a.jobs {
		if !job.Settled(ctx) {
			return nil
		}
	}
	info.Ready = true
	if err := a.publish(info); err != nil {
		return fmt.Errorf("publish the instance: %w", err)
	}
	if a.opts.Ready != nil {
		a.opts.Ready(a.summary(info))
	}
	<-ctx.Done()
	return nil
}

func (a *App) info() instance.Info {
	cfg := a.opts.Config
	return instance.Info{
		PID:       os.Getpid(),
		Version:   a.opts.Version,
		Name:      cfg.Name,
		Dir:       cfg.Dir,
		DataDir:   cfg.DataDir(),
		StartedAt: a.opts.Begin.UTC(),
		Addresses: maps.Clone(a.doors.addresses),
		Tokens:    maps.Clone(a.doors.tokens),
		CAFile:    a.doors.ca.Path(),
		CABundle:  a.doors.ca.BundlePath(),
	}
}

func (a *App) summary(info instance.Info) Summary {
	cfg := a.opts.Config
	s := Summary{
		Info:       info,
		Connection: Connections(cfg, info.Addresses),
		Sync:       cfg.Data.Sync,
		Took:       time.Since(a.opts.Begin),
		AutoCreate: cfg.HubsAutoCreated(),
		Access:     a.access(),
	}
	for _, h := range a.storage.hubs.Hubs() {
		s.Hubs = append(s.Hubs, HubSummary{Name: h.Name(), Partitions: h.PartitionCount()})
	}
	for _, d := range a.storage.account.Databases() {
		db := DatabaseSummary{Name: d.ID()}
		for _, c := range d.Containers() {
			db.Containers = append(db.Containers, c.ID())
		}
		s.Databases = append(s.Databases, db)
	}
	for _, app := range a.apps {
		s.Apps = append(s.Apps, app.summary())
	}
	for _, job := range a.jobs {
		s.Jobs = append(s.Jobs, jobSummary(job))
	}
	return s
}
