package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/insights"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
	"github.com/lazuli-dev/lazuli/internal/telemetry/report"
	"github.com/lazuli-dev/lazuli/internal/telemetry/store"
)

// telemetryStores are the components with their stores: those of the project file, and
// those that Resource Manager made, which are opened when they are first used. It is
// what the wire asks.
type telemetryStores struct {
	e     *env
	log   *slog.Logger
	token string                        // opens all data, to our commands
	work  chan *openComponent           // stores to be run
	seen  atomic.Pointer[componentBook] // the components as they were a moment ago
	first atomic.Pointer[openComponent] // the default one
	apps  sync.Map                      // function app -> its *host.Host, once it has reported

	mu     sync.Mutex // guards the fields below
	open   map[string]*openComponent
	closed bool
}

// openComponent is a component and its store.
type openComponent struct {
	insights.Component
	id    string // in Resource Manager
	store *store.Store
	own   *report.Own
}

// put takes what our own engines report.
func (c *openComponent) put(items ...*item.Item) {
	c.own.Saw(items...)
	c.Put(items...)
}

// componentFacts are what a component is, wherever it came from.
type componentFacts struct {
	componentProperties
	name      string
	id        string // in Resource Manager
	workspace string // GUID, or ""
	place     string // location; "" of the project file's
	age       time.Duration
	size      int64
}

// componentBook is the components at a moment.
type componentBook struct {
	at    time.Time
	facts []componentFacts
	byKey map[string]int // instrumentation key, in lower case -> index
	byApp map[string]int
}

// bookAge is how long a change of components may go unseen by what knows them already.
const bookAge = time.Second

// book is the components as they were a moment ago.
func (t *telemetryStores) book() (*componentBook, error) {
	if b := t.seen.Load(); b != nil && time.Since(b.at) < bookAge {
		return b, nil
	}
	return t.look()
}

// look is the components as they are. Of those with one key the first counts: those of
// the project file stand first.
func (t *telemetryStores) look() (*componentBook, error) {
	b := &componentBook{at: time.Now(), byKey: map[string]int{}, byApp: map[string]int{}}
	for _, a := range t.e.Exists.Accounts(resource.Components) {
		p, err := readComponent(t.e.Exists.Properties(a))
		if err != nil {
			return nil, err
		}
		spec := t.specOf(a.Name)
		b.add(componentFacts{componentProperties: p, name: a.Name, id: t.e.Who.Scope(resource.Components, a.Name), age: spec.Kept(), size: spec.Size()})
	}
	if err := t.managed(b); err != nil {
		return nil, err
	}
	t.seen.Store(b)
	return b, nil
}

func (b *componentBook) add(f componentFacts) {
	f.Key, f.AppID = strings.ToLower(f.Key), strings.ToLower(f.AppID)
	if _, taken := b.byApp[f.AppID]; taken || f.AppID == "" || f.Key == "" {
		return
	}
	if _, taken := b.byKey[f.Key]; !taken {
		b.byKey[f.Key] = len(b.facts)
	}
	b.byApp[f.AppID] = len(b.facts)
	b.facts = append(b.facts, f)
}

// specOf is what the project file says of a component; what it has let go of keeps the
// defaults.
func (t *telemetryStores) specOf(name string) config.Component {
	for _, c := range t.e.Config.Insights.All() {
		if strings.EqualFold(c.Name, name) {
			return c.Component
		}
	}
	return config.Component{}
}

// opened is the component, opened if it is not yet.
func (t *telemetryStores) opened(f *componentFacts) (*openComponent, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.open[f.AppID]; c != nil {
		return c, nil
	}
	if t.closed {
		return nil, fault.New(fault.Unavailable, "telemetry", "lazuli stops")
	}
	s, err := store.Open(store.Options{
		FS: t.e.Storage.fs, Dir: filepath.Join(t.e.Config.DataDir(), telemetryFolder, f.AppID), MaxAge: f.age, MaxBytes: f.size, Log: t.log.With("name", f.name),
		Component: store.Component{AppID: f.AppID, AppName: f.name, IKey: f.Key, ResourceID: f.id, SubscriptionID: t.e.Who.Subscription(), WorkspaceID: f.workspace},
	})
	if err != nil {
		return nil, err
	}
	app := f.AppID
	metrics := &live.Component{}
	c := &openComponent{id: f.id, store: s, Component: insights.Component{
		Name: f.name, AppID: app, Key: f.Key, Put: s.Put, Live: metrics, TokensOnly: func() bool { return t.tokensOnly(app) },
		Tables: func() kql.Tables { return store.Tables(s) },
	}}
	c.own = report.NewOwn(metrics, func() map[string][]int { return t.processes(c) })
	select {
	case t.work <- c:
	default:
		s.Close()
		return nil, fault.New(fault.Throttled, "telemetry", "many components come at once")
	}
	t.open[app] = c
	if f.name == resource.Default {
		t.first.CompareAndSwap(nil, c)
	}
	return c, nil
}

// tokensOnly reports whether a component takes tokens alone; one that is gone takes
// nothing else either.
func (t *telemetryStores) tokensOnly(app string) bool {
	b, err := t.book()
	if err != nil {
		return true
	}
	n, there := b.byApp[app]
	return !there || b.facts[n].DisableLocalAuth
}

// run runs the stores until ctx ends, and removes those of components that are gone.
func (t *telemetryStores) run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	ended, look := make(chan *openComponent), time.NewTicker(sweepEvery)
	defer look.Stop()
	for {
		select {
		case c := <-t.work:
			all.Go(func() {
				reporting, end := context.WithCancel(ctx)
				all.Go(func() { c.own.Run(reporting) })
				defer end()
				if err := c.store.Run(ctx); err != nil {
					t.log.Error("telemetry is not kept any more", "name", c.Name, "error", err)
				}
				select {
				case ended <- c:
				case <-ctx.Done():
				}
			})
		case c := <-ended:
			t.mu.Lock()
			delete(t.open, c.AppID)
			t.mu.Unlock()
		case <-look.C:
			if err := t.sweep(); err != nil {
				t.log.Warn("telemetry of components that are gone is still there", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// Close implements io.Closer: nothing is opened from now on.
func (t *telemetryStores) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, c := range t.open {
		c.store.Close()
	}
	return nil
}

// Default implements insights.Components.
func (t *telemetryStores) Default() (*insights.Component, bool) {
	if c := t.of(""); c != nil {
		return &c.Component, true
	}
	return nil, false
}

// ByKey implements insights.Components. A key that is not known may have come this
// moment.
func (t *telemetryStores) ByKey(key string) (*insights.Component, bool) {
	b, err := t.book()
	if err != nil {
		return nil, false
	}
	n, there := b.byKey[key]
	if !there {
		if b, err = t.look(); err != nil {
			return nil, false
		}
		if n, there = b.byKey[key]; !there {
			return nil, false
		}
	}
	c, err := t.opened(&b.facts[n])
	if err != nil {
		t.log.Error("the component takes no telemetry", "name", b.facts[n].name, "error", err)
		return nil, false
	}
	return &c.Component, true
}

// known is ByKey for what may not wait: of the components that are open.
func (t *telemetryStores) known(key string) (*openComponent, bool) {
	b := t.seen.Load()
	if b == nil {
		return nil, false
	}
	n, there := b.byKey[key]
	if !there {
		return nil, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.open[b.facts[n].AppID]
	return c, c != nil
}

// At implements insights.Components.
func (t *telemetryStores) At(place string) ([]*insights.Component, error) {
	at, ok := insights.PlaceOf(place)
	if !ok {
		return nil, fault.New(fault.NotFound, "", "there is no component at %s", place)
	}
	b, err := t.look()
	if err != nil {
		return nil, err
	}
	var found []*insights.Component
	var names []string
	for n := range b.facts {
		f := &b.facts[n]
		names = append(names, f.name)
		if !f.is(at) {
			continue
		}
		c, err := t.opened(f)
		if err != nil {
			return nil, err
		}
		found = append(found, &c.Component)
		if at.Workspace == "" {
			break // the first of a name
		}
	}
	if found == nil {
		return nil, fault.New(fault.NotFound, "", "there is no component at %s; there are %s", place, strings.Join(names, ", "))
	}
	return found, nil
}

// is reports whether a place means the component.
func (f *componentFacts) is(at insights.Place) bool {
	switch {
	case at.App != "":
		return strings.EqualFold(at.App, f.AppID) || strings.EqualFold(at.App, f.name)
	case at.Workspace != "":
		return strings.EqualFold(at.Workspace, f.AppID) || strings.EqualFold(at.Workspace, f.name) || f.workspace != "" && strings.EqualFold(at.Workspace, f.workspace)
	}
	return strings.EqualFold(at.Resource, f.id)
}
