package host

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// ScaleReport is how an app scales at one moment: what waits, how many worker processes
// there are, and how many instances there would be on Azure.
type ScaleReport struct {
	At        time.Time
	Workers   ScaleWorkers
	Crews     []ScaleCrew // of each group, where functions scale apart; else none
	Plan      *scale.Plan // by which instances are counted
	Size      scale.Size
	Limit     int // of instances
	Instances int
	Groups    []ScaleGroup
	Functions []ScaleFunction // those that scale, in the order of their declaration
	// Dynamic: concurrency is found out as the app runs; Throttles are why it takes
	// nothing new now, if so.
	Dynamic   bool
	Throttles []string
}

// ScaleWorkers is an app's worker processes.
type ScaleWorkers struct {
	Wanted, Ready int
	Least, Most   int    // they are the same where their number does not change by itself
	Why           string // "" where they scale apart: see ScaleReport.Crews
}

// ScaleCrew is the worker processes of functions that scale together, apart from others.
type ScaleCrew struct {
	Group     string
	Functions []string
	ScaleWorkers
}

// ScaleGroup is functions that scale together, as they would on Azure.
type ScaleGroup struct {
	Group     string
	Instances int
	Wanted    int // if no limit and no pause were in the way
	Why       string
}

// ScaleFunction is what waits for a function, and what follows from it.
type ScaleFunction struct {
	Function string
	Kind     scale.Kind
	Group    string
	Backlog  int64
	Unknown  string // why the backlog cannot be told; "" when it is known
	Target   int    // of it, what an instance is to have
	Limit    int    // instances that are of use at most; 0: any number
	Wants    int    // instances
	Most     int    // invocations at a time now, where concurrency is dynamic; else 0
	Why      string
}

// ScalePoint is a moment of the past.
type ScalePoint struct {
	At        time.Time
	Workers   int // that were ready
	Instances int
	Backlog   map[string]int64 // by function, where it was known
}

func (h *Host) scaleReport(now time.Time, s *setup, samples []scale.Sample, d scale.Decision) ScaleReport {
	counts := h.Workers()
	r := ScaleReport{
		At: now, Plan: s.scaling.plan, Size: s.scaling.size, Limit: s.scaling.limits.Most, Instances: d.Instances,
		Workers: ScaleWorkers{Wanted: counts.Wanted, Ready: counts.Ready, Least: s.scaling.least, Most: s.scaling.most},
		Dynamic: h.dynamic != nil,
	}
	if h.dynamic != nil {
		r.Throttles = h.dynamic.Throttles()
	}
	votes := map[string]ScaleFunction{}
	for _, g := range d.Groups {
		r.Groups = append(r.Groups, ScaleGroup{g.Group, g.Instances, g.Wanted, g.Why()})
		for _, v := range g.Votes {
			votes[v.Function] = ScaleFunction{
				Function: v.Function, Kind: v.Kind, Group: g.Group, Backlog: v.Length, Unknown: v.Unknown,
				Target: v.Target, Limit: v.Partitions, Wants: v.Wants, Most: h.mostOf(v.Function), Why: v.Why(),
			}
		}
	}
	for _, sample := range samples {
		r.Functions = append(r.Functions, votes[sample.Function])
	}
	return r
}

// mostOf is how many invocations of a function may run at a time, where that is found
// out as it runs.
func (h *Host) mostOf(function string) int {
	if h.dynamic == nil {
		return 0
	}
	return h.dynamic.Known(state.FunctionID(function))
}
