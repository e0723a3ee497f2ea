package concurrency

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// snapshot is what was learned, as Azure's host writes it.
type snapshot struct {
	Timestamp         time.Time
	NumberOfCores     int
	FunctionSnapshots map[string]functionSnapshot // by function id
}

type functionSnapshot struct{ Concurrency int }

// blob is where the snapshot is, in the container of hosts.
func (m *Manager) blob() string { return "concurrency/" + m.o.HostID + "/concurrencyStatus.json" }

// Load begins with what was learned before, by this host or another of its id. One that
// cannot be read is told, and is no reason not to run.
func (m *Manager) Load(ctx context.Context) {
	if !m.o.Config.Snapshot {
		return
	}
	s, err := m.read(ctx)
	switch {
	case fault.Is(err, fault.NotFound), ctx.Err() != nil:
	case err != nil:
		m.o.Log.Warn("what was learned about concurrency cannot be read; functions begin with one at a time", "error", err)
	default:
		m.apply(s)
	}
}

func (m *Manager) read(ctx context.Context) (s snapshot, err error) {
	store, err := m.o.Store()
	if err != nil {
		return s, err
	}
	text, _, err := store.Text(ctx, state.Hosts, m.blob())
	if err != nil {
		return s, err
	}
	return decode(text, m.blob())
}

// decode reads a snapshot that anybody may have written.
func decode(text []byte, name string) (s snapshot, err error) {
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fault.Wrap(fault.Invalid, "blob "+state.Hosts+"/"+name, err, "it is no snapshot of concurrency; delete it to begin anew")
	}
	return s, nil
}

// apply raises limits to what was learned, scaled to the cores that there are.
func (m *Manager) apply(s snapshot) {
	for id, f := range s.FunctionSnapshots {
		n := scaled(f.Concurrency, s.NumberOfCores, m.o.Cores)
		if most := m.o.Config.Most; n < 1 || most >= 0 && n > most {
			continue // as the vendor's host: what is beyond the limit is not taken over
		}
		m.mu.Lock()
		m.learned[strings.ToLower(id)] = n
		var l *Limit
		for known, limit := range m.limits {
			if strings.EqualFold(known, id) {
				l = limit
			}
		}
		m.mu.Unlock()
		if l != nil {
			l.raise(n)
		}
	}
}

// scaled is a concurrency that was learned with other cores.
func scaled(n, cores, here int) int {
	if cores <= 0 || cores == here {
		return n
	}
	return max(1, int(float64(n)/float64(cores)*float64(here)))
}

// taken is what has been learned by now.
func (m *Manager) taken(now time.Time) snapshot {
	s := snapshot{Timestamp: now.UTC(), NumberOfCores: m.o.Cores, FunctionSnapshots: map[string]functionSnapshot{}}
	m.mu.Lock()
	limits := maps.Clone(m.limits)
	m.mu.Unlock()
	for id, l := range limits {
		if m.o.Known == nil || m.o.Known(id) {
			s.FunctionSnapshots[id] = functionSnapshot{l.Most()}
		}
	}
	return s
}

// same: nothing but the time is another.
func (s snapshot) same(other snapshot) bool {
	return s.NumberOfCores == other.NumberOfCores && maps.Equal(s.FunctionSnapshots, other.FunctionSnapshots)
}

// saveAtEnd bounds the last write of what was learned.
const saveAtEnd = 3 * time.Second

// keep writes what was learned, again and again until ctx ends, and once more then: of the hosts that share
// the id, the one that has the lock of Azure's primary host.
func (m *Manager) keep(ctx context.Context) {
	b := run.Backoff{First: saveEvery, Longest: time.Minute}
	for ctx.Err() == nil {
		err := m.keepWith(ctx)
		if ctx.Err() != nil {
			return
		}
		m.o.Log.Warn("what was learned about concurrency is not kept; it is tried again", "error", err)
		_ = b.Wait(ctx) // the loop looks at ctx
	}
}

func (m *Manager) keepWith(ctx context.Context) error {
	store, err := m.o.Store()
	if err != nil {
		return err
	}
	primary := state.Lock{Leases: store, Host: m.o.HostID, Name: "host", Owner: m.o.Owner, Log: m.o.Log}
	return primary.Hold(ctx, func(held context.Context) error {
		var kept snapshot
		for run.Pause(held, saveEvery) == nil {
			now := m.taken(time.Now())
			if now.same(kept) {
				continue
			}
			if err := m.write(held, store, now); err != nil {
				return err
			}
			kept = now
		}
		if last := m.taken(time.Now()); ctx.Err() != nil && !last.same(kept) {
			m.writeLast(ctx, store, last)
		}
		return held.Err()
	})
}

// writeLast writes what was learned since the last time, at the end of the host.
func (m *Manager) writeLast(ctx context.Context, store state.Blobs, s snapshot) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveAtEnd)
	defer cancel()
	if err := m.write(limited, store, s); err != nil {
		m.o.Log.Warn("what was learned about concurrency of late is not kept", "error", err)
	}
}

func (m *Manager) write(ctx context.Context, store state.Blobs, s snapshot) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if _, err := store.SetText(ctx, state.Hosts, m.blob(), text, state.Any); err != nil {
		return fmt.Errorf("write %s: %w", m.blob(), err)
	}
	return nil
}
