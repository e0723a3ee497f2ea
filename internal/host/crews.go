package host

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// crews are the worker processes of an app. All functions share one pool, unless they
// scale apart, as on a plan that scales per function: then each group has a pool of its
// own, and what one group does with its processes is nothing to the others.
//
// A worker has all functions loaded, of whichever group it is: groups say who is asked.
// The first pool is there before the functions are known, since its first worker tells
// of them. Then it is that of the HTTP functions, or of the first group where there are
// none: new code takes it over without a gap.
type crews struct {
	h       *Host
	first   *worker.Pool
	numbers *worker.Numbers

	mu     sync.Mutex              // guards the fields below
	group  string                  // of first; "" while all functions share it
	beside []string                // the other groups that have functions, sorted
	others map[string]*worker.Pool // also of groups that had functions once
	begin  func(*worker.Pool)      // runs a pool; nil before Run
	ended  bool
}

func newCrews(h *Host, l worker.Launcher, count int) *crews {
	c := &crews{h: h, numbers: &worker.Numbers{}, others: map[string]*worker.Pool{}}
	c.first = worker.NewPool(worker.Options{
		Launcher: l, Count: count, Numbers: c.numbers, OnChange: h.workerChanged, Log: h.log,
	})
	return c
}

// run keeps the workers of all groups until ctx ends.
func (c *crews) run(ctx context.Context) {
	var all sync.WaitGroup
	c.mu.Lock()
	c.begin = func(p *worker.Pool) { all.Go(func() { _ = p.Run(ctx) }) } // always nil
	for _, p := range c.others {
		c.begin(p)
	}
	c.mu.Unlock()
	_ = c.first.Run(ctx) // always nil
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	all.Wait()
}

// assign gives each group of the app's functions its pool, whose workers l starts. Pools
// that there are already get new workers where anew says so; their old ones are the
// caller's to stop.
func (c *crews) assign(l worker.Launcher, anew bool) (old []*worker.Seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil
	}
	if anew {
		for _, p := range c.others {
			old = append(old, p.Renew(l)...)
		}
	}
	all, groups := c.h.grouped()
	c.group, c.beside = leading(groups), nil
	pools := map[*function]*worker.Pool{}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		pool := c.first
		if group != c.group {
			c.beside = append(c.beside, group)
			pool = c.other(group, l)
		}
		for _, f := range groups[group] {
			pools[f] = pool
		}
	}
	for _, f := range all {
		f.crew.Store(pools[f])
	}
	for group, p := range c.others {
		if !slices.Contains(c.beside, group) {
			p.SetCount(0)
		}
	}
	return old
}

// other is the pool of a group that does not have the first. The caller holds mu.
func (c *crews) other(group string, l worker.Launcher) *worker.Pool {
	least, _ := c.h.setup().scaling.between(group)
	if p, ok := c.others[group]; ok {
		p.SetCount(max(least, p.Counts().Wanted))
		return p
	}
	p := worker.NewPool(worker.Options{
		Launcher: l, Count: least, Known: true, Group: group, Numbers: c.numbers,
		OnChange: c.h.workerChanged, Log: c.h.log,
	})
	c.others[group] = p
	if c.begin != nil {
		c.begin(p)
	}
	return p
}

// grouped are all functions, and those that are on by the groups in which they scale
// apart: none where all share their workers. A warm-up function runs in every worker.
func (h *Host) grouped() (all []*function, groups map[string][]*function) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all, groups = slices.Clone(h.functions), map[string][]*function{}
	s := &h.setup().scaling
	for _, f := range all {
		if s.apart && !f.decl.Disabled && f.kind.Type != warmupType {
			group := s.plan.GroupOf(scale.Kind(f.kind.Type), f.decl.Name)
			groups[group] = append(groups[group], f)
		}
	}
	return all, groups
}

// leading is the group that has the first pool.
func leading(groups map[string][]*function) string {
	if _, ok := groups[scale.GroupHTTP]; ok {
		return scale.GroupHTTP
	}
	names := slices.Sorted(maps.Keys(groups))
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// of is the pool whose workers run a function.
func (c *crews) of(f *function) *worker.Pool {
	if p := f.crew.Load(); p != nil {
		return p
	}
	return c.first
}

// each calls do for the pools that have functions, with their groups: first that whose
// group is "" where there are none, then the others in the order of their groups.
func (c *crews) each(do func(group string, p *worker.Pool)) {
	c.mu.Lock()
	group, beside, others := c.group, c.beside, maps.Clone(c.others)
	c.mu.Unlock()
	do(group, c.first)
	for _, name := range beside {
		do(name, others[name])
	}
}

// tidy ends workers that were woken for functions that another pool has by now.
func (c *crews) tidy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for group, p := range c.others {
		if n := p.Counts(); !slices.Contains(c.beside, group) && n.Running+n.Waiting == 0 {
			p.SetCount(0)
		}
	}
}

// replace ends a worker that can no longer be trusted, of whichever pool.
func (c *crews) replace(w *worker.Seat, reason string) {
	c.mu.Lock()
	all := append(slices.Collect(maps.Values(c.others)), c.first)
	c.mu.Unlock()
	for _, p := range all {
		p.Replace(w, reason)
	}
}

// setCount says how many workers each group has.
func (c *crews) setCount(n int) {
	c.each(func(_ string, p *worker.Pool) { p.SetCount(n) })
}

// restart ends the workers of all groups, as Pool.Restart does.
func (c *crews) restart(ctx context.Context, reason string) {
	var all sync.WaitGroup
	c.each(func(_ string, p *worker.Pool) { all.Go(func() { p.Restart(ctx, reason) }) })
	all.Wait()
}

// status is the state of all workers as that of one.
func (c *crews) status() worker.Status {
	var all []worker.Status
	c.each(func(_ string, p *worker.Pool) { all = append(all, p.Status()) })
	return worker.Together(all)
}

// statuses are the states of all workers, in no order.
func (c *crews) statuses() []worker.Status {
	var all []worker.Status
	c.each(func(group string, p *worker.Pool) {
		for _, s := range p.Statuses() {
			s.Group = group
			all = append(all, s)
		}
	})
	return all
}

// counts is how much is in use, of all groups together.
func (c *crews) counts() worker.Counts {
	var all worker.Counts
	c.each(func(_ string, p *worker.Pool) {
		one := p.Counts()
		all.Wanted += one.Wanted
		all.Ready += one.Ready
		all.Starting += one.Starting
		all.Busy += one.Busy
		all.Running += one.Running
		all.Waiting += one.Waiting
		all.Woken += one.Woken
	})
	return all
}

// apart reports whether functions scale apart now.
func (c *crews) apart() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.group != ""
}

// crewOf are the names of the functions that a pool's workers run, where functions scale
// apart.
func (h *Host) crewOf(p *worker.Pool) []string {
	var names []string
	for _, f := range h.snapshot() {
		if f.crew.Load() == p {
			names = append(names, f.decl.Name)
		}
	}
	return names
}

// regroup follows functions that were turned on or off.
func (c *crews) regroup() { c.assign(c.h.launcherOf(c.h.workerPath(), nil), false) }
