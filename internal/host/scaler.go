package host

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
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
	crew    *scale.Controller

	mu   sync.Mutex // guards the fields below
	last ScaleReport
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
	now, setup := time.Now(), s.h.setup()
	if s.setup != setup {
		s.prepare(setup)
	}
	samples := s.h.samples(ctx)
	book := s.book.Decide(now, withTarget(samples, setup.scaling.size.Concurrency.Value))
	r := s.h.scaleReport(now, setup, samples, book)
	if s.crew != nil {
		r.Workers.Why = s.follow(now, samples)
		c := s.h.Workers()
		r.Workers.Wanted, r.Workers.Ready = c.Wanted, c.Ready
	}
	s.remember(r)
	return r
}

// prepare makes the controllers anew, as host.json says now.
func (s *scaler) prepare(setup *setup) {
	c := &setup.scaling
	s.setup, s.crew = setup, nil
	s.book = scale.NewController(c.plan, c.limits)
	if !c.changes() {
		return
	}
	s.crew = scale.NewController(scale.Workers(), scale.Limits{Most: c.most, Least: c.least, IdleToZero: c.idle})
	s.crew.Set(scale.GroupApp, s.h.Workers().Wanted)
}

// follow decides how many worker processes there are, and says why. One that was woken
// from nothing counts.
func (s *scaler) follow(now time.Time, samples []scale.Sample) string {
	was := s.h.Workers().Wanted
	s.crew.Set(scale.GroupApp, was)
	d := s.crew.Decide(now, withTarget(samples, scale.Workers().Sizes[0].Concurrency.Value))
	g := d.Groups[0]
	if g.Instances != was {
		s.h.log.Info("the number of worker processes changes", "from", was, "to", g.Instances, "reason", g.Why())
		s.h.SetWorkers(g.Instances)
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

func (s *scaler) remember(r ScaleReport) {
	p := ScalePoint{At: r.At, Workers: r.Workers.Ready, Instances: r.Instances, Backlog: map[string]int64{}}
	for _, f := range r.Functions {
		if f.Unknown == "" {
			p.Backlog[f.Function] = f.Backlog
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = r
	if n := len(s.past); n > 0 && r.At.Sub(s.past[n-1].At) < scaleRarely-scaleOften/2 {
		return // the past has a point every ten seconds
	}
	if s.past = append(s.past, p); len(s.past) > rememberedScale {
		s.past = s.past[1:]
	}
}

// Scale returns how the app scales, looked at within the last second or now.
func (h *Host) Scale(ctx context.Context) ScaleReport {
	last := h.LastScale()
	if time.Since(last.At) < scaleOften {
		return last
	}
	return h.scaler.look(ctx)
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
