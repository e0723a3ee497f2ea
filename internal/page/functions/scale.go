package functions

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Scale is how an app scales, and how it did in the last hour: GET
// /api/apps/{app}/scale.
type Scale struct {
	Instances int          `json:"instances"` // that it would have on Azure
	Plan      string       `json:"plan"`      // by which they are counted
	Limit     int          `json:"limit"`
	Workers   int          `json:"workers"` // processes that are ready
	Why       string       `json:"why"`     // that there are so many
	Groups    []ScaleGroup `json:"groups"`
	Past      []ScalePoint `json:"past"`
	Crews     []Crew       `json:"crews"`     // of each group, where functions have processes apart
	Processes []Process    `json:"processes"` // by their numbers
}

// Crew is the worker processes of functions that scale apart from others.
type Crew struct {
	Group     string   `json:"group"`
	Functions []string `json:"functions"`
	Workers   int      `json:"workers"` // processes that are ready
	Why       string   `json:"why"`     // that there are so many
}

// Process is a worker process.
type Process struct {
	Number      int    `json:"number"`
	Group       string `json:"group"` // whose functions it runs; "": all
	Language    string `json:"language"`
	State       string `json:"state"`
	Since       int64  `json:"since"`       // unix milliseconds, when it entered the state
	PID         int    `json:"pid"`         // 0: none runs
	Invocations int    `json:"invocations"` // in flight
	Memory      int64  `json:"memory"`      // bytes; 0: it cannot be told
	Starts      int    `json:"starts"`
	Trouble     string `json:"trouble"` // why the last one ended or did not start
}

// ScaleGroup is functions that scale together on Azure.
type ScaleGroup struct {
	Group     string `json:"group"`
	Instances int    `json:"instances"`
	Why       string `json:"why"`
}

// ScalePoint is a moment of the last hour.
type ScalePoint struct {
	At        int64            `json:"at"` // unix milliseconds
	Workers   int              `json:"workers"`
	Instances int              `json:"instances"`
	Backlog   map[string]int64 `json:"backlog"` // by function, where it was known
}

func (p page) getScale(w http.ResponseWriter, r *http.Request) error {
	a, err := p.app(r.PathValue("app"))
	if err != nil {
		return err
	}
	last := a.Host.LastScale()
	out := Scale{
		Instances: last.Instances, Limit: last.Limit, Workers: last.Workers.Ready, Why: last.Workers.Why,
		Groups: []ScaleGroup{}, Past: []ScalePoint{}, Crews: []Crew{}, Processes: []Process{},
	}
	if last.Plan != nil {
		out.Plan = last.Plan.Name
	}
	for _, g := range last.Groups {
		out.Groups = append(out.Groups, ScaleGroup{g.Group, g.Instances, g.Why})
	}
	for _, c := range last.Crews {
		out.Crews = append(out.Crews, Crew{c.Group, c.Functions, c.Ready, c.Why})
	}
	for _, at := range a.Host.ScalePast() {
		out.Past = append(out.Past, ScalePoint{at.At.UnixMilli(), at.Workers, at.Instances, at.Backlog})
	}
	for _, one := range a.Host.Processes() {
		out.Processes = append(out.Processes, Process{
			one.Number, one.Group, one.Language, string(one.State), one.Since.UnixMilli(), one.PID, one.Invocations, one.Memory, one.Starts, one.Trouble,
		})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// scales takes over what was seen of the function.
func (f *Function) scales(r host.ScaleReport) {
	for _, s := range r.Functions {
		if s.Function == f.Name {
			f.Backlog, f.BacklogKnown, f.ScaleTarget, f.Instances, f.ScaleWhy = s.Backlog, s.Unknown == "", s.Target, s.Wants, s.Why
		}
	}
}
