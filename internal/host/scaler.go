package host

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// How often it is looked how much waits: where that decides how many worker processes
// there are, and where it is only told.
const (
	scaleOften  = time.Second
	scaleRarely = 10 * time.Second
	// backlogPatience bounds how long a trigger may take to tell its backlog.
	backlogPatience = 5 * time.Second
	// rememberedScale is how many looks are remembered.
	rememberedScale = 360
)

// scaler looks at what waits for the functions and decides how many worker processes
// there are, and how many instances there would be on Azure.
type scaler struct {
	h *Host

	looking sync.Mutex // held while it looks; guards the fields below
	setup   *setup     // what the controllers were made for
	book    *scale.Controller
	crews   map[string]*scale.Controller // of worker processes, by the groups that have them apart; nil: their number stays

	mu   sync.Mutex // guards the fields below
	last ScaleReport
	of   uint64 // the generation of functions that last is of
	past []ScalePoint
}

// run looks again and again until ctx ends.
func (s *scaler) run(ctx context.Context) {
	for {
		often := scaleRarely
		if s.h.setup().scaling.changes() {
			often = scaleOften
		}
		t := time.NewTimer(often)
		select {
		case <-t.C:
			s.look(ctx)
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// look asks all triggers, decides, and follows the decision.
func (s *scaler) look(ctx context.Context) ScaleReport {
	s.looking.Lock()
	defer s.looking.Unlock()
	now, of, setup := time.Now(), s.h.Generation(), s.h.setup()
	if s.setup != setup {
		s.prepare(setup)
	}
	samples := s.h.samples(ctx)
	book := s.book.Decide(now, withTarget(samples, setup.scaling.size.Concurrency.Value))
	r := s.h.scaleReport(now, setup, samples, book)
	s.follow(now, samples, &r)
	s.remember(r, of)
	return r
}

// prepare makes the controllers anew, as host.json says now.
func (s *scaler) prepare(setup *setup) {
	c := &setup.scaling
	s.setup, s.crews = setup, nil
	s.book = scale.NewController(c.plan, c.limits)
	if c.changes() {
		s.crews = map[string]*scale.Controller{}
	}
}

// follow decides how many worker processes there are, and tells it and why.
func (s *scaler) follow(now time.Time, samples []scale.Sample, r *ScaleReport) {
	apart := s.h.crews.apart()
	if apart { // the sum of the groups
		r.Workers.Least, r.Workers.Most = 0, 0
	}
	s.h.crews.tidy()
	s.h.crews.each(func(group string, p *worker.Pool) {
		crew, waits := ScaleCrew{Group: group}, samples
		if apart {
			crew.Functions = s.h.crewOf(p)
			waits = slices.DeleteFunc(slices.Clone(samples), func(s scale.Sample) bool { return !slices.Contains(crew.Functions, s.Function) })
		}
		if apart == (len(crew.Functions) == 0) {
			return // it is another's since
		}
		crew.Least, crew.Most = s.setup.scaling.between(group)
		if s.crews != nil {
			crew.Why = s.decide(now, crew, p, waits)
		}
		c := p.Counts()
		if crew.Wanted, crew.Ready = c.Wanted, c.Ready; apart {
			r.Crews = append(r.Crews, crew)
			r.Workers.Least += crew.Least
			r.Workers.Most += crew.Most
			return
		}
		r.Workers.Why = crew.Why
	})
	c := s.h.Workers()
	r.Workers.Wanted, r.Workers.Ready = c.Wanted, c.Ready
}

// decide decides how many worker processes a group has, and says why. One that was woken
// from nothing counts.
func (s *scaler) decide(now time.Time, crew ScaleCrew, p *worker.Pool, samples []scale.Sample) string {
	c, ok := s.crews[crew.Group]
	if !ok {
		c = scale.NewController(scale.Workers(), scale.Limits{Most: crew.Most, Least: crew.Least, IdleToZero: s.setup.scaling.idle})
		s.crews[crew.Group] = c
	}
	was := p.Counts().Wanted
	c.Set(scale.GroupApp, was)
	g := c.Decide(now, withTarget(samples, scale.Workers().Sizes[0].Concurrency.Value)).Groups[0]
	if g.Instances != was {
		log := s.h.log
		if crew.Functions != nil {
			log = log.With("group", crew.Group)
		}
		log.Info("the number of worker processes changes", "from", was, "to", g.Instances, "reason", g.Why())
		p.SetCount(g.Instances)
	}
	return g.Why()
}

// withTarget are the samples with the target of HTTP functions, which is the plan's.
func withTarget(samples []scale.Sample, target int) []scale.Sample {
	out := make([]scale.Sample, len(samples))
	for i, s := range samples {
		if s.Kind == scale.HTTP {
			s.Target = target
		}
		out[i] = s
	}
	return out
}

// samples asks what waits for each function that is on. Those of kinds without a formula
// have no part in it.
func (h *Host) samples(ctx context.Context) []scale.Sample {
	fs := h.enabled()
	out := make([]*scale.Sample, len(fs))
	var asking sync.WaitGroup
	for i, f := range fs {
		if f.httpTrigger() != nil {
			out[i] = &scale.Sample{Function: f.decl.Name, Backlog: scale.Backlog{Kind: scale.HTTP, Length: f.requests.Load()}}
			continue
		}
		b, ok := f.starts.(trigger.Backlogger)
		if !ok {
			continue
		}
		asking.Go(func() {
			limited, cancel := context.WithTimeout(ctx, backlogPatience)
			defer cancel()
			s := scale.Sample{Function: f.decl.Name}
			var err error
			if s.Backlog, err = b.Backlog(limited); err != nil {
				s.Unknown = err.Error()
			}
			out[i] = &s
		})
	}
	asking.Wait()
	var all []scale.Sample
	for _, s := range out {
		if s != nil {
			all = append(all, *s)
		}
	}
	return all
}

// count notes a request to the function until done is called.
func (f *function) count() (done func()) {
	f.requests.Add(1)
	return func() { f.requests.Add(-1) }
}

func (s *scaler) remember(r ScaleReport, of uint64) {
	p := ScalePoint{At: r.At, Workers: r.Workers.Ready, Instances: r.Instances, Backlog: map[string]int64{}}
	for _, f := range r.Functions {
		if f.Unknown == "" {
			p.Backlog[f.Function] = f.Backlog
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.of = r, of
	if n := len(s.past); n > 0 && r.At.Sub(s.past[n-1].At) < scaleRarely-scaleOften/2 {
		return // the past has a point every ten seconds
	}
	if s.past = append(s.past, p); len(s.past) > rememberedScale {
		s.past = s.past[1:]
	}
}

// Scale returns how the app scales: what waits as it was within the last second, and the
// worker processes as they are now.
func (h *Host) Scale(ctx context.Context) ScaleReport {
	h.scaler.mu.Lock()
	last, of := h.scaler.last, h.scaler.of
	h.scaler.mu.Unlock()
	if time.Since(last.At) >= scaleOften || of != h.Generation() {
		return h.scaler.look(ctx)
	}
	c := h.Workers()
	last.Workers.Wanted, last.Workers.Ready = c.Wanted, c.Ready
	last.Crews = slices.Clone(last.Crews)
	h.crews.each(func(group string, p *worker.Pool) {
		if i := slices.IndexFunc(last.Crews, func(c ScaleCrew) bool { return c.Group == group }); i >= 0 {
			c := p.Counts()
			last.Crews[i].Wanted, last.Crews[i].Ready = c.Wanted, c.Ready
		}
	})
	return last
}

// LastScale returns how the app scaled when that was looked at last; the zero report
// before.
func (h *Host) LastScale() ScaleReport {
	h.scaler.mu.Lock()
	defer h.scaler.mu.Unlock()
	return h.scaler.last
}

// ScalePast returns how the app scaled in the last hour, in the order of time.
func (h *Host) ScalePast() []ScalePoint {
	h.scaler.mu.Lock()
	defer h.scaler.mu.Unlock()
	out := make([]ScalePoint, len(h.scaler.past))
	for i, p := range h.scaler.past {
		p.Backlog = maps.Clone(p.Backlog)
		out[i] = p
	}
	return out
}
