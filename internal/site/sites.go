package site

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Store keeps the specs. What it returns is durable.
type Store interface {
	// All are the sites that there are, by name.
	All() (map[string]json.RawMessage, error)
	// Save makes a site, or replaces its spec.
	Save(ctx context.Context, name string, spec Spec, text json.RawMessage) error
	// Remove takes a site away.
	Remove(ctx context.Context, name string) error
}

// App is an app that was made over a folder.
type App interface {
	// Run runs it until ctx ends, and drains it then. An error says why it ended
	// before.
	Run(ctx context.Context) error
}

// Options configure Open.
type Options struct {
	Dir   string // folder of all sites
	Store Store
	// Make makes an app of a site's folder. Nothing of it runs yet.
	Make func(name string, spec Spec, at Place) (App, error)
	// Build makes what a package needs that it does not bring, as a deployment with
	// a build does: packages of its language. say tells progress.
	Build func(ctx context.Context, name string, spec Spec, at Place, say func(string)) error
	// Blobs reads and writes blobs as the site, or as nobody.
	Blobs Blobs
	// Sooner is closed when what failed may go better: a role was given. May be nil.
	Sooner func() <-chan struct{}
	Log    *slog.Logger
}

// Place is where a site's app is on disk.
type Place struct {
	Home  string // of the site; it stays
	Code  string // what was unpacked of the package that runs
	Build string // what is made of it
}

// Sites are all sites. It is safe for concurrent use.
type Sites struct {
	o Options

	change sync.Mutex // held while a site is made, changed or removed

	mu      sync.Mutex         // guards the fields below
	all     map[string]*keeper // by name, in lower case
	running context.Context    // nil: Run does not run
	work    sync.WaitGroup     // keepers and deployments
	moved   chan struct{}      // closed at the next change of what Changed tells of
}

// Open reads the sites that there are. What a crash left of others goes, and
// deployments that it cut off have failed.
func Open(o Options) (*Sites, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sites{o: o, all: map[string]*keeper{}, moved: make(chan struct{})}
	specs, err := o.Store.All()
	if err != nil {
		return nil, err
	}
	for name, text := range specs {
		var spec Spec
		if err := json.Unmarshal(text, &spec); err != nil {
			return nil, fault.Wrap(fault.Internal, "site "+name, err, "its description is damaged")
		}
		k := newKeeper(s, name, spec)
		if err := k.cutOff(); err != nil {
			return nil, err
		}
		s.all[strings.ToLower(name)] = k
	}
	return s, s.sweep()
}

// sweep removes folders of sites that are not there.
func (s *Sites) sweep() error {
	folders, err := os.ReadDir(s.o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Unavailable, s.o.Dir, err, "read the folder of sites")
	}
	for _, f := range folders {
		if s.all[f.Name()] == nil {
			if err := removeAll(filepath.Join(s.o.Dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Run keeps all sites until ctx ends, and returns when their apps have stopped.
func (s *Sites) Run(ctx context.Context) error {
	s.mu.Lock()
	s.running = ctx
	for _, k := range s.all {
		s.start(k)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.running = nil
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

// start begins to keep a site. The caller holds mu.
func (s *Sites) start(k *keeper) {
	if s.running == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.running)
	k.ctx, k.cancel, k.ended = ctx, cancel, make(chan struct{})
	s.work.Go(func() {
		defer close(k.ended)
		defer cancel()
		k.run(ctx)
	})
}

// Put makes a site, or changes one: change gets what it should be now, or the zero Spec.
// It returns when that is durable; the app follows.
func (s *Sites) Put(ctx context.Context, name string, change func(spec *Spec, made bool) error) (Spec, error) {
	if err := CheckName(name); err != nil {
		return Spec{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	k := s.find(name)
	var spec Spec
	if k != nil {
		spec, name = k.spec().Clone(), k.name
	}
	if err := change(&spec, k == nil); err != nil {
		return spec, err
	}
	if k == nil {
		if err := removeAll(s.home(name)); err != nil { // of one whose removal was cut off
			return spec, err
		}
	}
	if err := s.o.Store.Save(ctx, name, spec, spec.json()); err != nil {
		return spec, err
	}
	if k != nil {
		k.become(spec)
		return spec, nil
	}
	s.mu.Lock()
	k = newKeeper(s, name, spec)
	s.all[strings.ToLower(name)] = k
	s.start(k)
	s.mu.Unlock()
	s.tell()
	return spec, nil
}

// Remove takes a site away, with all that is on disk of it. It is fault.NotFound when
// there is none.
func (s *Sites) Remove(ctx context.Context, name string) error {
	s.change.Lock()
	defer s.change.Unlock()
	k := s.find(name)
	if k == nil {
		return noSite(name)
	}
	k.stop()
	if err := s.o.Store.Remove(ctx, k.name); err != nil {
		s.mu.Lock()
		s.start(k)
		s.mu.Unlock()
		return err
	}
	s.mu.Lock()
	delete(s.all, strings.ToLower(name))
	s.mu.Unlock()
	s.tell()
	return removeAll(s.home(name))
}

// Restart begins the site's app anew, from its package as it is now.
func (s *Sites) Restart(name string) error {
	k, err := s.keeper(name)
	if err == nil {
		k.again()
	}
	return err
}

// Get is what a site should be.
func (s *Sites) Get(name string) (Spec, bool) {
	k := s.find(name)
	if k == nil {
		return Spec{}, false
	}
	return k.spec().Clone(), true
}

// State is how a site is; false: there is none of the name.
func (s *Sites) State(name string) (State, bool) {
	k := s.find(name)
	if k == nil {
		return State{}, false
	}
	return k.state(), true
}

// Names are all sites, in order.
func (s *Sites) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, key := range slices.Sorted(maps.Keys(s.all)) {
		names = append(names, s.all[key].name)
	}
	return names
}

// Changed is closed when a site next comes, goes or becomes another State. Ask for it
// before looking, so that no change is missed.
func (s *Sites) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved
}

func (s *Sites) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.moved)
	s.moved = make(chan struct{})
}

func (s *Sites) find(name string) *keeper {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[strings.ToLower(name)]
}

func (s *Sites) keeper(name string) (*keeper, error) {
	if k := s.find(name); k != nil {
		return k, nil
	}
	return nil, noSite(name)
}

func noSite(name string) error {
	return fault.New(fault.NotFound, "site "+name, "there is no such function app")
}

func (s *Sites) home(name string) string { return filepath.Join(s.o.Dir, strings.ToLower(name)) }

// removeAll removes a folder, also one that has folders without write permission.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fault.Wrap(fault.Unavailable, dir, err, "remove it")
	}
	return nil
}
