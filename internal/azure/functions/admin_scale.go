package functions

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
)

// scaleReport is GET /admin/host/scale, which Azure does not have.
type scaleReport struct {
	At        int64           `json:"at"` // unix milliseconds
	Workers   scaleWorkers    `json:"workers"`
	Plan      string          `json:"plan"`
	Size      string          `json:"size"`
	Limit     int             `json:"limit"` // of instances
	Instances int             `json:"instances"`
	Groups    []scaleGroup    `json:"groups"`
	Functions []scaleFunction `json:"functions"`
	Dynamic   bool            `json:"dynamicConcurrency"`
	Throttles []string        `json:"throttles"`
}

type scaleWorkers struct {
	Wanted int    `json:"wanted"`
	Ready  int    `json:"ready"`
	Least  int    `json:"min"`
	Most   int    `json:"max"`
	Why    string `json:"why,omitempty"`

	// Groups are those of functions that have processes apart from others, where the app
	// scales so.
	Groups    []workerGroup   `json:"groups"`
	Processes []workerProcess `json:"processes"`
}

type workerGroup struct {
	Group     string   `json:"group"`
	Functions []string `json:"functions"`
	Wanted    int      `json:"wanted"`
	Ready     int      `json:"ready"`
	Least     int      `json:"min"`
	Most      int      `json:"max"`
	Why       string   `json:"why,omitempty"`
}

type workerProcess struct {
	Number      int    `json:"number"`
	Group       string `json:"group,omitempty"` // whose functions it runs, where groups have processes apart
	Language    string `json:"language"`
	State       string `json:"state"`
	Since       int64  `json:"since"` // unix milliseconds, when it entered the state
	PID         int    `json:"pid,omitempty"`
	Invocations int    `json:"invocations"`      // in flight
	Memory      int64  `json:"memory,omitempty"` // bytes
	Starts      int    `json:"starts"`
	Trouble     string `json:"trouble,omitempty"` // why the last one ended or did not start
}

type scaleGroup struct {
	Group     string `json:"group"`
	Instances int    `json:"instances"`
	Wanted    int    `json:"wanted"`
	Why       string `json:"why"`
}

type scaleFunction struct {
	Function    string `json:"function"`
	Trigger     string `json:"trigger"`
	Group       string `json:"group"`
	Backlog     *int64 `json:"backlog"` // null: it cannot be told
	Target      int    `json:"target"`
	Instances   int    `json:"instances"` // that it asks for
	Concurrency int    `json:"concurrency,omitempty"`
	Why         string `json:"why"`
}

func (s *Service) scale(w http.ResponseWriter, r *http.Request) {
	out := scaleOf(s.host.Scale(r.Context()))
	for _, p := range s.host.Processes() {
		out.Workers.Processes = append(out.Workers.Processes, workerProcess{
			p.Number, p.Group, p.Language, string(p.State), p.Since.UnixMilli(), p.PID, p.Invocations, p.Memory, p.Starts, p.Trouble,
		})
	}
	writeJSON(w, http.StatusOK, out)
}

func scaleOf(r host.ScaleReport) scaleReport {
	out := scaleReport{
		At: r.At.UnixMilli(), Workers: scaleWorkers{r.Workers.Wanted, r.Workers.Ready, r.Workers.Least, r.Workers.Most, r.Workers.Why, []workerGroup{}, []workerProcess{}},
		Plan: r.Plan.Name, Size: r.Size.Name, Limit: r.Limit, Instances: r.Instances, Dynamic: r.Dynamic,
		Groups: []scaleGroup{}, Functions: []scaleFunction{}, Throttles: append([]string{}, r.Throttles...),
	}
	for _, c := range r.Crews {
		out.Workers.Groups = append(out.Workers.Groups, workerGroup{c.Group, c.Functions, c.Wanted, c.Ready, c.Least, c.Most, c.Why})
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, scaleGroup(g))
	}
	for _, f := range r.Functions {
		one := scaleFunction{Function: f.Function, Trigger: string(f.Kind), Group: f.Group, Target: f.Target, Instances: f.Wants, Concurrency: f.Most, Why: f.Why}
		if f.Unknown == "" {
			one.Backlog = &f.Backlog
		}
		out.Functions = append(out.Functions, one)
	}
	return out
}

// Votes of a scale status, by the vendor's ScaleVote.
const (
	scaleNone = 0
	scaleIn   = -1
	scaleOut  = 1
)

// scaleStatus answers what a scale controller asks an app that watches its own triggers
// (POST /admin/host/scale/status): whether there should be more instances than workerCount,
// or fewer, and how many.
func (s *Service) scaleStatus(w http.ResponseWriter, r *http.Request) {
	var in struct{ WorkerCount int }
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		writeError(w, fault.New(fault.Invalid, "request", `the body must be {"workerCount": NUMBER}`))
		return
	}
	target := 0
	for _, f := range s.host.Scale(r.Context()).Functions {
		target = max(target, f.Wants) // as the vendor's ScaleManager
	}
	vote := scaleNone
	switch {
	case target > in.WorkerCount:
		vote = scaleOut
	case target < in.WorkerCount:
		vote = scaleIn
	}
	writeJSON(w, http.StatusOK, map[string]int{"vote": vote, "targetWorkerCount": target})
}
