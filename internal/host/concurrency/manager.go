package concurrency

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// Options are what a manager is made of.
type Options struct {
	Config    Config
	Cores     int // that this process may use
	Throttles []Throttle
	// Store returns where what was learned is kept, and HostID under which name.
	Store  func() (state.Blobs, error)
	HostID string
	Owner  string // who of the hosts that share the id this is
	// Known reports whether a function is still there: what others learned is forgotten.
	Known func(id string) bool
	Log   *slog.Logger
}

// Manager keeps the limits of all functions of a host.
type Manager struct {
	o Options

	mu      sync.Mutex // guards the fields below
	limits  map[string]*Limit
	learned map[string]int // of functions that nobody asked for yet, by id in lower case
	health  health
	changed chan struct{} // closed and replaced when limits may have grown
}

// New returns a manager; its Run must run.
func New(o Options) *Manager {
	o.Cores = max(1, o.Cores)
	return &Manager{o: o, limits: map[string]*Limit{}, learned: map[string]int{}, changed: make(chan struct{})}
}

// Limit returns the limit of a function, by its id; see state.FunctionID.
func (m *Manager) Limit(id string) *Limit {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.limits[id]
	if !ok {
		l = &Limit{m: m, current: max(1, m.learned[strings.ToLower(id)]), adjusted: time.Now()}
		m.limits[id] = l
	}
	return l
}

// Known is how many invocations of a function may run at a time; 0 for one that has no
// limit.
func (m *Manager) Known(id string) int {
	m.mu.Lock()
	l := m.limits[id]
	m.mu.Unlock()
	if l == nil {
		return 0
	}
	return l.Most()
}

// throttled reports whether no work is to be begun, and when that may change.
func (m *Manager) throttled() (bool, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.health.state == Unwell, m.changed
}

// Throttles are the names of those that say the machine is not well.
func (m *Manager) Throttles() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.health.on)
}

// saveEvery is how often what was learned is kept, if it has changed.
const saveEvery = 10 * time.Second

// Run adjusts limits until ctx ends. Load comes before, so that what was learned is
// there when triggers begin.
func (m *Manager) Run(ctx context.Context) {
	var saving sync.WaitGroup
	defer saving.Wait()
	if m.o.Config.Snapshot {
		saving.Go(func() { m.keep(ctx) })
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			m.look(now)
		case <-ctx.Done():
			return
		}
	}
}

// look asks the throttles and adjusts every limit.
func (m *Manager) look(now time.Time) {
	m.mu.Lock()
	before := m.health
	m.mu.Unlock()
	h := before.next(m.o.Throttles)
	m.mu.Lock()
	m.health = h
	limits := maps.Clone(m.limits)
	m.mu.Unlock()
	if before.state != Unwell && h.state == Unwell {
		m.o.Log.Info("the machine is busy: functions with dynamic concurrency begin nothing new", "throttles", strings.Join(h.on, ", "))
	}
	grown := before.state == Unwell && h.state != Unwell
	for id, l := range limits {
		was := l.Most()
		if !l.adjust(now, h, m.o.Config.Most) {
			continue
		}
		is := l.Most()
		m.o.Log.Debug("concurrency changed", "function", id, "from", was, "to", is)
		grown = grown || is > was
	}
	if !grown {
		return
	}
	m.mu.Lock()
	close(m.changed)
	m.changed = make(chan struct{})
	m.mu.Unlock()
}
