package scale

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Limits are what people set beyond a plan.
type Limits struct {
	Most  int // instances of the app; 0: as the plan has it
	Least int // instances of an app that scales as a whole; those of Dedicated; 0: as the plan has it
	// AlwaysReady is how many instances of a group are always there, by the names of
	// GroupOf.
	AlwaysReady map[string]int
	// IdleToZero replaces the plan's, when it is not 0.
	IdleToZero time.Duration
}

// Controller turns samples into decisions. It is used by one goroutine.
type Controller struct {
	plan      *Plan
	most      int
	idle      time.Duration
	ready     map[string]int
	functions map[string]*past
	groups    map[string]*group
	order     []string // names of groups
}

// group is instances that scale together.
type group struct {
	name     string
	count    int
	least    int
	addedAt  time.Time // when an instance was added, last
	lessFrom time.Time // since when its functions ask for less; zero: they do not
	idleFrom time.Time // since when nothing waits; zero: something does

	votes []Vote
	asked int // to be added
	next  GroupDecision
}

// NewController returns a controller of an app in a plan, at its least instances.
func NewController(p *Plan, l Limits) *Controller {
	c := &Controller{
		plan: p, most: cmp.Or(l.Most, p.Default.Value), idle: cmp.Or(l.IdleToZero, p.IdleToZero.Value),
		ready: maps.Clone(l.AlwaysReady), functions: map[string]*past{}, groups: map[string]*group{},
	}
	if c.ready == nil {
		c.ready = map[string]int{}
	}
	if !p.PerFunction {
		c.ready[GroupApp] = max(c.ready[GroupApp], l.Least, p.Least.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(c.ready)) {
		c.groupOf(name)
	}
	return c
}

func (c *Controller) groupOf(name string) *group {
	g, ok := c.groups[name]
	if !ok {
		g = &group{name: name, least: c.ready[name], count: c.ready[name]}
		c.groups[name] = g
		at, _ := slices.BinarySearch(c.order, name)
		c.order = slices.Insert(c.order, at, name)
	}
	return g
}

// Set tells that a group has another number of instances than the controller decided,
// as when they could not be started.
func (c *Controller) Set(group string, instances int) { c.groupOf(group).count = instances }

// Decide is the decision for now. It is to be followed at once: the next one begins
// where it ends. Times never go back.
func (c *Controller) Decide(now time.Time, samples []Sample) Decision {
	for _, g := range c.groups {
		g.votes, g.asked = nil, 0
	}
	for _, s := range samples {
		g := c.groupOf(c.plan.GroupOf(s.Kind, s.Function))
		p, ok := c.functions[s.Function]
		if !ok {
			p = &past{}
			c.functions[s.Function] = p
		}
		g.votes = append(g.votes, p.vote(now, s, g.count))
	}
	total := 0
	for _, name := range c.order {
		g := c.groups[name]
		g.consider(c, now)
		total += g.next.Instances
	}
	c.share(now, c.most-total)
	d := Decision{At: now, Groups: make([]GroupDecision, 0, len(c.order))}
	for _, name := range c.order {
		g := c.groups[name]
		g.count = g.next.Instances
		d.Instances += g.count
		d.Wanted += g.next.Wanted
		d.Groups = append(d.Groups, g.next)
	}
	return d
}

// consider finds out what the group's votes mean: how many instances it may do
// without, or how many more it asks for.
func (g *group) consider(c *Controller, now time.Time) {
	d := GroupDecision{Group: g.name, Votes: g.votes, Was: g.count, Instances: g.count, Least: g.least}
	more, due, most := 0, 0, g.least
	for _, v := range g.votes {
		most = max(most, v.Wants)
		if extra := v.Wants - g.count; extra > 0 {
			more += extra
			if now.Sub(g.addedAt) >= c.every(v.Kind) {
				due += extra
			}
		}
	}
	g.rest(now, most <= g.least && !g.busy())
	d.Wanted = most
	if more > 0 {
		d.Wanted = g.count + more
	}
	switch {
	case !c.plan.Events:
		d.Reason = ByHand
	case more > 0:
		g.lessFrom, d.Reason = time.Time{}, Waits
		if due > 0 {
			d.Reason, g.asked = Out, min(due, c.plan.Step.Value)
			if due > g.asked {
				d.Reason = OutStep
			}
		}
	case most >= g.count:
		g.lessFrom, d.Instances = time.Time{}, most // more only up to what is always there
	default:
		g.less(c, now, most, &d)
	}
	g.next = d
}

// busy reports whether anything waits or runs.
func (g *group) busy() bool {
	return slices.ContainsFunc(g.votes, func(v Vote) bool { return v.Length > 0 || v.Unknown != "" })
}

// rest notes since when the group has been idle.
func (g *group) rest(now time.Time, idle bool) {
	switch {
	case !idle:
		g.idleFrom = time.Time{}
	case g.idleFrom.IsZero():
		g.idleFrom = now
	}
}

// less takes instances away that no function asks for, when they have not been asked
// for for long enough, and the last one only from an app that is idle.
func (g *group) less(c *Controller, now time.Time, most int, d *GroupDecision) {
	if g.lessFrom.IsZero() {
		g.lessFrom = now
	}
	last := most == 0 && g.count == 1 // of which idleness decides
	if now.Sub(g.lessFrom) < c.plan.ScaleInWait.Value && !last {
		d.Reason, d.Left = InWaits, c.plan.ScaleInWait.Value-now.Sub(g.lessFrom)
		return
	}
	left := c.idle - now.Sub(g.idleFrom)
	switch {
	case most > 0:
		d.Instances, d.Reason = most, In
	case !c.plan.ToZero || g.idleFrom.IsZero() || left > 0:
		d.Instances, d.Reason, d.Left = 1, Idle, left
	default:
		d.Instances, d.Reason = 0, Zero
	}
	if most := max(c.plan.Step.Value, g.count*c.plan.ScaleIn.Value/100); g.count-d.Instances > most {
		d.Instances, d.Reason = g.count-most, InStep
	}
	if d.Instances < g.count {
		g.lessFrom = time.Time{} // the next ones go when they too have been too many for a while
	}
}

// every is how often instances are added for functions of a kind.
func (c *Controller) every(k Kind) time.Duration {
	if k == HTTP {
		return c.plan.EveryHTTP.Value
	}
	return c.plan.EveryEvent.Value
}

// share gives each group what it asks for, one instance after the other, as long as
// the app's limit has room.
func (c *Controller) share(now time.Time, room int) {
	for given := true; given && room > 0; {
		given = false
		for _, name := range c.order {
			g := c.groups[name]
			if g.asked == 0 || room == 0 {
				continue
			}
			g.asked--
			g.next.Instances++
			g.addedAt, given = now, true
			room--
		}
	}
	for _, g := range c.groups {
		if g.asked > 0 {
			g.next.Reason, g.next.Limit = AtLimit, c.most
		}
	}
}
