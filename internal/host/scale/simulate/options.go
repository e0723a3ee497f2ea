package simulate

import (
	"fmt"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Options are what is played.
type Options struct {
	Profile Profile
	Plan    *scale.Plan
	Size    scale.Size
	Limits  scale.Limits
	// Work is what functions do, by name. Those that are missing do what is usual for
	// their kind; see DefaultWork.
	Work map[string]Work
	// MemoryMB is what a function uses of its instance, where the plan asks: on
	// Consumption.
	MemoryMB int
	Every    time.Duration // between two points of the result, in whole seconds
}

// DefaultWork is what functions of the profile do if nobody says otherwise.
func (o *Options) DefaultWork(l *Load) Work { return defaultWork(l.Kind, o.Size) }

// check says what is impossible.
func (o *Options) check() error {
	if o.Every < time.Second || o.Every%time.Second != 0 {
		return fmt.Errorf("points every %v: it must be whole seconds", o.Every)
	}
	if len(o.Profile.Loads) == 0 || o.Profile.Length <= 0 {
		return fmt.Errorf("profile %s holds nothing", o.Profile.Name)
	}
	if most := o.Plan.Most.Value; o.Limits.Most > most {
		return fmt.Errorf("%d instances: plan %s has at most %d (%s)", o.Limits.Most, o.Plan.Name, most, o.Plan.Most.Source)
	}
	for i := range o.Profile.Loads {
		l := &o.Profile.Loads[i]
		w := o.workOf(l)
		longest := time.Duration(w.millis(int64(w.Batch))) * time.Millisecond
		if limit := o.Plan.MostTimeout.Value; limit != scale.Unbounded && longest > limit {
			return fmt.Errorf("function %s: an invocation takes %v, and plan %s ends it after %v at the latest", l.Function, longest, o.Plan.Name, limit)
		}
		if l.Kind == scale.HTTP && longest > scale.HTTPLimit {
			return fmt.Errorf("function %s: an invocation takes %v, and Azure's front end cuts HTTP requests off after %v", l.Function, longest, scale.HTTPLimit)
		}
	}
	return nil
}

func (o *Options) workOf(l *Load) Work {
	if w, ok := o.Work[l.Function]; ok {
		return w
	}
	return o.DefaultWork(l)
}
