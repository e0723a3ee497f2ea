package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/remote/packages"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// sitesFolder, in the data folder, has the function apps that come and go at run time.
const sitesFolder = "sites"

// siteStore keeps sites as what is known of their accounts, and gives each its port and
// its name.
type siteStore struct{ e *env }

// openSites opens the function apps that were made at run time.
func (e *env) openSites() error {
	blobs := packages.New(packages.Options{Dial: e.dialBlobs, Authorities: e.authorities(), Token: e.siteToken})
	var err error
	e.Sites, err = site.Open(site.Options{
		Dir: filepath.Join(e.Config.DataDir(), sitesFolder), Store: siteStore{e}, Blobs: blobs,
		Make: e.makeSite, Build: e.buildSite, Sooner: e.accessChanged(), Log: e.Log.With("component", "functions"),
	})
	if err != nil {
		return err
	}
	for _, name := range e.Sites.Names() {
		a, err := e.Exists.Account(resource.Sites, name)
		if err != nil {
			return err
		}
		if err := e.openSiteDoor(a); err != nil {
			return err
		}
	}
	return nil
}

// All implements site.Store.
func (s siteStore) All() (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, a := range s.e.Exists.Accounts(resource.Sites) {
		p, err := azfunctions.ReadSite(s.e.Exists.Properties(a))
		if err != nil {
			return nil, err
		}
		if p.Site != nil {
			all[a.Name] = p.Site
		}
	}
	return all, nil
}

// Save implements site.Store.
func (s siteStore) Save(_ context.Context, name string, spec site.Spec, text json.RawMessage) error {
	if s.e.declaredApp(name) {
		return fault.New(fault.Conflict, "site "+name, "%s declares a function app of this name, whose code is in the project; choose another name", config.FileName)
	}
	change := func(_ resource.Account, old json.RawMessage) (json.RawMessage, error) {
		p, err := azfunctions.ReadSite(old)
		p.Access, p.Admin, p.SCM, p.Site = spec.Access, spec.Access, spec.SCM, text
		return p.JSON(), err
	}
	made, err := s.e.Exists.DeclareAccountIn(resource.Account{Type: resource.Sites, Name: name}, groupOf(spec.Group), change)
	if err != nil {
		return err
	}
	return s.e.openSiteDoor(made)
}

// Remove implements site.Store.
func (s siteStore) Remove(ctx context.Context, name string) error {
	a, err := s.e.Exists.Account(resource.Sites, name)
	if err != nil {
		return err
	}
	s.e.Doors.shut(instance.FunctionsPrefix + a.Name)
	return s.e.Exists.RemoveAccount(ctx, a)
}

func (e *env) declaredApp(name string) bool {
	for declared := range e.Config.Functions.Apps {
		if strings.EqualFold(declared, name) {
			return true
		}
	}
	return false
}

// openSiteDoor opens a site's port: the next free one after those of the project's own
// apps.
func (e *env) openSiteDoor(a resource.Account) error {
	service := instance.FunctionsPrefix + a.Name
	if e.Doors.address(service) != "" {
		return nil
	}
	port := e.Config.Functions.Port
	if port != 0 {
		port += config.Port(len(e.Config.Functions.Apps))
	}
	return e.Doors.openLater(service, port, door.Port{
		Title: "function app " + a.Name, Key: "functions.port", TLS: door.Either, Quick: true, Account: a,
		Log: e.Log.With("component", "functions", "app", a.Name),
	})
}

// apps are all function apps that run now.
func (e *env) apps() []*functionApp {
	all := slices.Clone(e.Given.Apps)
	if e.Sites == nil {
		return all
	}
	for _, name := range e.Sites.Names() {
		if app := e.siteApp(name); app != nil {
			all = append(all, app)
		}
	}
	return all
}

// siteApp is the app of a site that runs; nil otherwise.
func (e *env) siteApp(name string) *functionApp {
	if e.Sites == nil {
		return nil
	}
	st, _ := e.Sites.State(name)
	app, _ := st.App.(*functionApp)
	return app
}

// makeSite makes the app of a site.
func (e *env) makeSite(name string, spec site.Spec, at site.Place) (site.App, error) {
	o, log := e.siteOptions(name, spec, at)
	app := &functionApp{name: name, address: e.Doors.address(instance.FunctionsPrefix + name), failed: make(chan struct{}), log: log}
	var once sync.Once
	app.trouble = func(err error) { once.Do(func() { app.err = err; close(app.failed) }) }
	o.Listeners = []host.Listener{app.watchWorker, e.Counts.FromHost(name, e.namespaceID), e.appTelemetry(name, func() *host.Host { return app.host })}
	var err error
	if app.keys, err = e.siteKeys(name, spec); err != nil {
		return nil, err
	}
	e.Doors.give(instance.FunctionsPrefix+name, app.keys.Own())
	if app.host, err = host.New(o); err != nil {
		return nil, err
	}
	app.front, err = azfunctions.New(azfunctions.Config{Host: app.host, Keys: app.keys, CORS: spec.CORS, Log: log})
	return app, err
}

// siteOptions are those of a site's host.
func (e *env) siteOptions(name string, spec site.Spec, at site.Place) (host.Options, *slog.Logger) {
	log := e.Log.With("component", "functions", "app", name)
	own := e.siteSettings(name, spec)
	return host.Options{
		Name: name, Dir: at.Code, BuildDir: at.Build, Defaults: e.insightsSettings(), Settings: own, Environ: siteEnviron(os.Environ(), own),
		HTTPAddress: e.Doors.address(instance.FunctionsPrefix + name), Changed: e.accessChanged(), State: e.hostState, Listen: door.Loopback,
		Deployed: &host.Deployed{HostName: strings.ToLower(name) + ".azurewebsites.net", Home: at.Home},
		Triggers: e.Given.Triggers, Inputs: e.Given.Inputs, Outputs: e.Given.Outputs, Letters: e.Given.Letters, Unreached: azfunctions.Unreached,
		Log: log, Version: e.Version,
	}, log
}

// buildSite makes what a package needs that it does not bring.
func (e *env) buildSite(ctx context.Context, name string, spec site.Spec, at site.Place, say func(string)) error {
	o, _ := e.siteOptions(name, spec, at)
	o.Listeners = []host.Listener{func(ev host.Event) {
		if b, ok := ev.(host.BuildChanged); ok && b.Build.Doing != "" {
			say(b.Build.Doing)
		}
	}}
	return host.Prepare(ctx, o)
}

// Run implements site.App.
func (a *functionApp) Run(ctx context.Context) error {
	err := a.host.Run(ctx)
	if err != nil {
		a.trouble(err)
	}
	return err
}

// siteSettings are a site's settings, with what Azure's platform tells an app and where
// it gets tokens as itself. What the site's settings say wins.
func (e *env) siteSettings(name string, spec site.Spec) map[string]string {
	all := map[string]string{
		"WEBSITE_SITE_NAME": name, "WEBSITE_SLOT_NAME": "Production", "WEBSITE_RESOURCE_GROUP": spec.Group, "FUNCTIONS_EXTENSION_VERSION": "~4",
	}
	if e.Who != nil {
		all["WEBSITE_OWNER_NAME"] = e.Who.Subscription() + "+" + spec.Group
	}
	if e.Issuer != nil && !spec.Identity.None() {
		all["IDENTITY_ENDPOINT"] = managedEndpoint(e.Doors.address(instance.Identity))
		all["IDENTITY_HEADER"] = e.Issuer.Header(identity.FunctionApp.Named(name))
	}
	maps.Copy(all, spec.Environment())
	e.insightsHere(all)
	return all
}

// notOfSites begin names of variables of this process that a deployed app must not see:
// who runs the project is somebody else, and its settings are its own.
var notOfSites = []string{
	"AZURE_", "ARM_", "AZUREWEBJOBS", "FUNCTIONS_", "WEBSITE_", "IDENTITY_", "MSI_", "LAZULI_", "CUSTOMCONNSTR_", "VIRTUAL_ENV",
	"APPLICATIONINSIGHTS_", "CONTAINER_", "PYTHONPATH", "PYTHONHOME", "NODE_OPTIONS",
}

// siteEnviron is the environment of this process as a deployed app may see it: what says
// where programs and certificates are, without what its settings say.
func siteEnviron(environ []string, own map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		if slices.ContainsFunc(notOfSites, func(p string) bool { return strings.HasPrefix(strings.ToUpper(name), p) }) {
			return true
		}
		for set := range own {
			if strings.EqualFold(set, name) {
				return true
			}
		}
		return false
	})
}

// siteKeys are the keys of a site, whether its app runs or not.
func (e *env) siteKeys(name string, spec site.Spec) (*azfunctions.Keys, error) {
	if app := e.siteApp(name); app != nil {
		return app.keys, nil
	}
	s := settings.New(e.siteSettings(name, spec)).Of(name)
	at, err := e.statePlace(s)
	if err != nil && !fault.Is(err, fault.Forbidden) { // the platform keeps keys, whatever the app may
		return nil, err
	}
	return e.openKeys(azfunctions.KeyStore{Host: state.HostID(s, name), Name: strings.ToLower(name) + ".azurewebsites.net"}, at)
}

// sitesSettled waits until each site runs, or it is clear that it does not.
func (e *env) sitesSettled(ctx context.Context) bool {
	for _, name := range e.Sites.Names() {
		if !e.siteSettled(ctx, name) {
			return false
		}
	}
	return true
}

func (e *env) siteSettled(ctx context.Context, name string) bool {
	for {
		changed := e.Sites.Changed()
		st, there := e.Sites.State(name)
		if !there || st.Phase != site.Loading && st.Phase != site.Running {
			return true
		}
		if app, ok := st.App.(*functionApp); ok && app.settled(ctx) {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// sitesPending is what the first site that is waited for waits for.
func (e *env) sitesPending() (Pending, bool) {
	for _, name := range e.Sites.Names() {
		st, _ := e.Sites.State(name)
		if app, runs := st.App.(*functionApp); runs {
			if p, waits := app.pending(); waits {
				return p, true
			}
			continue
		}
		if st.Phase == site.Loading {
			return Pending{What: "loading function app " + name, Since: st.Since}, true
		}
	}
	return Pending{}, false
}

// siteSummaries are the sites' lines of the start screen.
func (e *env) siteSummaries() (all []AppSummary) {
	for _, name := range e.Sites.Names() {
		st, _ := e.Sites.State(name)
		if app, runs := st.App.(*functionApp); runs {
			all = append(all, app.summary())
			continue
		}
		s := AppSummary{Name: name, URL: "http://" + e.Doors.address(instance.FunctionsPrefix+name), Err: st.Err}
		if s.Err == nil {
			s.Err = fmt.Errorf("the function app is %s", phaseWords[st.Phase])
		}
		all = append(all, s)
	}
	return all
}

var phaseWords = map[site.Phase]string{
	site.Stopped: "stopped", site.Empty: "empty: nothing was deployed to it yet", site.Loading: "loading its package", site.Failed: "failing", site.Running: "running",
}

// siteToken is a token of a site as its managed identity gets it.
func (e *env) siteToken(ctx context.Context, as site.As, res string) (string, time.Time, error) {
	return e.managedToken(ctx, identity.FunctionApp.Named(as.Site), as.Identity, res)
}

// sitesChanged is closed when a site comes, goes or is otherwise than before; nil where
// there are none.
func (e *env) sitesChanged() <-chan struct{} {
	if e.Sites == nil {
		return nil
	}
	return e.Sites.Changed()
}
