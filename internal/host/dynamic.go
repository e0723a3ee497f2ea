package host

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// newDynamic is the manager of dynamic concurrency; nil when host.json does not ask for
// it.
func (h *Host) newDynamic() *concurrency.Manager {
	c := h.setup().dynamic
	if !c.Dynamic {
		return nil
	}
	h.starved = concurrency.NewStarvation()
	cores := runtime.GOMAXPROCS(0)
	return concurrency.New(concurrency.Options{
		Config: c, Cores: cores, HostID: h.hostID, Owner: h.owner, Log: h.log.With("component", "concurrency"),
		Throttles: []concurrency.Throttle{concurrency.CPU(h.cpu(), cores, c.CPU), h.starved},
		Store:     h.stateBlobs,
		Known: func(id string) bool {
			return h.find(strings.TrimPrefix(id, state.FunctionID(""))) != nil
		},
	})
}

// stateBlobs are the blobs in which the app keeps what it remembers.
func (h *Host) stateBlobs() (state.Blobs, error) {
	if h.o.State == nil {
		return nil, fault.New(fault.Unavailable, "function app "+h.o.Name, "it has no place for what it remembers")
	}
	return h.o.State(h.setup().settings)
}

// limitOf is the limit of a function, for triggers that heed one; nil where concurrency
// is static.
func (h *Host) limitOf(function string) func() trigger.Limit {
	if h.dynamic == nil {
		return nil
	}
	return func() trigger.Limit { return h.dynamic.Limit(state.FunctionID(function)) }
}

// loadPatience bounds how long an app waits for what was learned before.
const loadPatience = 5 * time.Second

// beginDynamic adjusts concurrency until ctx ends, from where it was before.
func (h *Host) beginDynamic(ctx context.Context, parts *sync.WaitGroup) {
	if h.dynamic == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, loadPatience)
	defer cancel()
	h.dynamic.Load(limited)
	parts.Go(func() { h.starved.Run(ctx) })
	parts.Go(func() { h.dynamic.Run(ctx) })
}

// cpu tells how much time the host and its workers have spent on cores so far. What a
// worker spent that has ended since is kept, so that the sum never goes back.
func (h *Host) cpu() func() time.Duration {
	used := map[int]time.Duration{}
	return func() time.Duration {
		used[0] = concurrency.OwnCPU()
		for _, s := range h.crews.statuses() {
			if s.State != worker.Running || s.Info.PID == 0 {
				continue
			}
			if spent, err := concurrency.ProcessCPU(s.Info.PID); err == nil {
				used[s.Info.PID] = max(used[s.Info.PID], spent)
			}
		}
		total := time.Duration(0)
		for _, spent := range used {
			total += spent
		}
		return total
	}
}
