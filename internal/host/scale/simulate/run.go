package simulate

import (
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// run is a simulation under way. Times are seconds from its beginning.
type run struct {
	o         Options
	control   *scale.Controller
	functions []*function
	groups    []*group // by name
	samples   []scale.Sample
	bill      bill
	result    *Result
}

// function is one function under way.
type function struct {
	load    *Load
	work    Work
	group   *group
	step    int
	part    int64 // thousandths of an item that have come
	waiting line
	short   int64 // items of short invocations that the last second had under way
	long    []ending
	running int64 // long invocations
	items   int64 // of those

	starts  int64 // this second's invocations
	batch   int64 // and how many items each has at most
	millis  int64 // and how long each runs
	atOnce  int64 // and how many ran at a time, in thousandths
	latency latencies
	lately  latencies // since the last point
	point   FunctionPoint

	arrived, done, failed, executed int64
	most, mostAt                    int64 // waiting items, and the second
}

// ending is long invocations that end in one second.
type ending struct{ second, invocations, items int64 }

// group is instances that scale together.
type group struct {
	name     string
	least    int
	ready    int
	starting []ending // by when they work; invocations are instances
	debt     int64    // what invocations still need of the cores; see function.cores
	spare    int      // prewarmed instances that are ready
	refill   int64    // when spare ones are ready again
	point    GroupPoint
}

func (g *group) count() int {
	n := g.ready
	for _, s := range g.starting {
		n += int(s.invocations)
	}
	return n
}

// Run plays a load. The result holds on to the options.
func Run(o Options) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	r := &run{o: o, control: scale.NewController(o.Plan, o.Limits), result: &Result{Options: o}}
	r.bill.o = &r.o
	for i := range o.Profile.Loads {
		l := &o.Profile.Loads[i]
		w := o.workOf(l)
		r.functions = append(r.functions, &function{load: l, work: w, group: r.groupOf(o.Plan.GroupOf(l.Kind, l.Function))})
		r.samples = append(r.samples, scale.Sample{
			Function: l.Function, Backlog: scale.Backlog{Kind: l.Kind, Target: w.Target, Partitions: w.Partitions},
		})
	}
	every, length := int64(o.Every/time.Second), int64(o.Profile.Length/time.Second)
	r.begin()
	for second := range length {
		r.tick(second)
		if (second+1)%every == 0 || second+1 == length {
			r.mark(second + 1)
		}
	}
	r.end()
	return r.result, nil
}

func (r *run) groupOf(name string) *group {
	at, found := slices.BinarySearchFunc(r.groups, name, func(g *group, name string) int { return strings.Compare(g.name, name) })
	if !found {
		r.groups = slices.Insert(r.groups, at, &group{name: name, point: GroupPoint{Group: name}, spare: r.o.Plan.Prewarmed.Value})
	}
	return r.groups[at]
}

// begin has what is always ready ready.
func (r *run) begin() {
	for _, d := range r.control.Decide(time.Unix(0, 0), nil).Groups {
		g := r.groupOf(d.Group)
		g.ready, g.least = d.Instances, d.Least
	}
}

// tick is one second.
func (r *run) tick(second int64) {
	for i, f := range r.functions {
		f.finish(second)
		// What comes in this second is under way or done within it, so the sample is of
		// before; but the first that come for an app at zero are noticed at once.
		before := f.waiting.length
		f.arrive(second)
		if f.group.count() == 0 {
			before = f.waiting.length
		}
		r.samples[i].Length = before + f.short + f.items
	}
	r.decide(second)
	for _, g := range r.groups {
		g.wake(second)
		r.serve(g, second)
		g.point.Ready = g.ready
	}
	total := 0
	for _, g := range r.groups {
		total += g.count()
	}
	r.result.Most = max(r.result.Most, total)
}

// arrive is what comes in a second. Requests that waited longer than the front end does
// are given up.
func (f *function) arrive(second int64) {
	var rate Rate
	rate, f.step = f.load.at(time.Duration(second)*time.Second, f.step)
	f.part += int64(rate)
	n := f.part / 1000
	f.part %= 1000
	f.waiting.add(second, n)
	f.arrived, f.point.Arrived = f.arrived+n, f.point.Arrived+n
	if f.load.Kind == scale.HTTP {
		gone := f.waiting.drop(second - int64(scale.HTTPLimit/time.Second))
		f.failed, f.point.Failed = f.failed+gone, f.point.Failed+gone
	}
}

// finish lets long invocations end whose time has come.
func (f *function) finish(second int64) {
	for len(f.long) > 0 && f.long[0].second <= second {
		f.running -= f.long[0].invocations
		f.items -= f.long[0].items
		f.long = f.long[1:]
	}
}

// decide asks the controller and follows it.
func (r *run) decide(second int64) {
	d := r.control.Decide(time.Unix(second, 0), r.samples)
	for i := range d.Groups {
		now := &d.Groups[i]
		if now.Instances != now.Was {
			g := r.groupOf(now.Group)
			r.result.Started += g.resize(second, now.Instances, r.o.Plan)
			r.result.Changes = append(r.result.Changes, Change{time.Duration(second) * time.Second, now.Group, now.Was, now.Instances, now.Why()})
		}
	}
	for _, g := range r.groups {
		g.point.Instances = max(g.point.Instances, g.count())
	}
}

// resize starts instances or lets some go, first those that do not work yet. It returns
// how many it started.
func (g *group) resize(second int64, to int, p *scale.Plan) (started int) {
	add := to - g.count()
	for ; add < 0 && len(g.starting) > 0; add++ {
		last := &g.starting[len(g.starting)-1]
		if last.invocations--; last.invocations == 0 {
			g.starting = g.starting[:len(g.starting)-1]
		}
	}
	if add < 0 {
		g.ready += add
		return 0
	}
	cold := int64((p.ColdStart.Value + time.Second - 1) / time.Second)
	if second >= g.refill {
		g.spare = p.Prewarmed.Value
	}
	if warm := min(g.spare, add); warm > 0 {
		g.ready, g.spare, add, started = g.ready+warm, g.spare-warm, add-warm, warm
		g.refill = second + cold
	}
	if add > 0 {
		g.starting = append(g.starting, ending{second: second + cold, invocations: int64(add)})
	}
	return started + add
}

// wake lets instances work that have started.
func (g *group) wake(second int64) {
	for len(g.starting) > 0 && g.starting[0].second <= second {
		g.ready += int(g.starting[0].invocations)
		g.starting = g.starting[1:]
	}
}
