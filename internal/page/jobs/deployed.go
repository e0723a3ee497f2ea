package jobs

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// OfSet shows a job of a set: it is built when somebody wants more than its state.
// spec is its definition as it is now.
func OfSet(set *jobs.Set, name string, spec func() (jobs.Spec, error), s Setup) Job {
	var shown Job
	if j := set.Job(name); j != nil {
		shown = Of(j, s)
	} else {
		shown = unbuilt(set, name, spec, s)
	}
	numbers, trouble := shown.Numbers, shown.Trouble
	shown.Numbers = func() Numbers {
		n := numbers()
		if status := set.Status(name); n.Failed == "" {
			n.State, n.Failed = status.State, status.Failed
		}
		return n
	}
	shown.Trouble = func() string {
		if why := trouble(); why != "" {
			return why
		}
		return set.Status(name).Failed
	}
	shown.Start = func(ctx context.Context, start string) error { return set.Start(ctx, name, start) }
	shown.Stop = func(ctx context.Context) error { return set.Stop(ctx, name) }
	return shown
}

// unbuilt shows a job that stands.
func unbuilt(set *jobs.Set, name string, spec func() (jobs.Spec, error), s Setup) Job {
	shown := Job{
		Name: name, Policy: stream.DefaultTimePolicy(),
		Numbers: func() Numbers { return Numbers{State: jobs.Stopped} },
		Totals:  func() (time.Time, int64, int64) { return time.Time{}, 0, 0 },
		Trouble: func() string { return "" }, Warned: func() Warned { return Warned{} },
		About: func() About { return aboutUnbuilt(set, name) }, Editing: editingUnbuilt(set, name, s.Try),
	}
	what, err := spec()
	if err == nil {
		shown.Policy = what.Policy
	}
	shown.Inputs, shown.Outputs = endsOf(what, s)
	return shown
}

func aboutUnbuilt(set *jobs.Set, name string) About {
	j, err := set.Build(context.Background(), name)
	if err != nil {
		return About{Explain: err.Error(), Diagram: Diagram{Nodes: []Node{}, Edges: []Edge{}}}
	}
	return AboutOf(j)
}

func editingUnbuilt(set *jobs.Set, name string, command []string) Editing {
	build := func(ctx context.Context) (Editing, error) {
		j, err := set.Build(ctx, name)
		if err != nil {
			return Editing{}, err
		}
		return editingOf(j, command), nil
	}
	return Editing{
		File: func() (jobs.File, error) {
			e, err := build(context.Background())
			if err != nil {
				return jobs.File{}, err
			}
			return e.File()
		},
		Check: func(text string) (jobs.Checked, error) {
			e, err := build(context.Background())
			if err != nil {
				return jobs.Checked{}, err
			}
			return e.Check(text)
		},
		Try: func(ctx context.Context, text string) (jobs.Tried, error) {
			e, err := build(ctx)
			if err != nil {
				return jobs.Tried{}, err
			}
			return e.Try(ctx, text)
		},
		Save: func(ctx context.Context, etag, text, start string) (jobs.File, error) {
			e, err := build(ctx)
			if err != nil {
				return jobs.File{}, err
			}
			return e.Save(ctx, etag, text, start)
		},
	}
}
