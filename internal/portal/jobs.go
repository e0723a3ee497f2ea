package portal

import (
	"net/http"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Job is a stream job, as the Stream jobs page shows it.
type Job struct {
	Name    string   `json:"name"`
	Query   string   `json:"query"`
	Explain string   `json:"explain"`
	Inputs  []JobEnd `json:"inputs"`
	Outputs []JobEnd `json:"outputs"`
	// Numbers reads the job's counters. It is called once a second.
	Numbers func() JobNumbers `json:"-"`
}

// JobEnd is an input or output: its name in the query and what it is bound to.
type JobEnd struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`   // hub, container, function, dataset or file
	Target string `json:"target"` // a hub, database/container, app/route, a dataset, a path
}

// JobNumbers are a job's counters since it started.
type JobNumbers struct {
	In, Out          int64
	Backlog          int64
	DelayMs          float64 // of the watermark behind the clock
	Late, Early      int64
	OutOfOrder       int64
	Dropped          int64
	Malformed        int64
	ConversionErrors int64
	RuntimeErrors    int64
	OutputErrors     int64
	LastError        string
	Blocked          map[string]string // outputs that do not take rows, and why
	Failed           string            // why the job does not run, or ""
}

// JobState is a job in a Snapshot.
type JobState struct {
	Name      string            `json:"name"`
	Inputs    []JobEnd          `json:"inputs"`
	Outputs   []JobEnd          `json:"outputs"`
	In        float64           `json:"in"`  // rate
	Out       float64           `json:"out"` // rate
	DelayMs   float64           `json:"delayMs"`
	Backlog   int64             `json:"backlog"`
	Counts    map[string]int64  `json:"counts"` // events by what became of them
	LastError string            `json:"lastError,omitempty"`
	Blocked   map[string]string `json:"blocked,omitempty"`
	Failed    string            `json:"failed,omitempty"`
}

// SetJobs says which stream jobs there are. It comes before Run: jobs may
// write to the portal's datasets, so they are made after it.
func (s *Server) SetJobs(jobs []Job) { s.jobs = slices.Clone(jobs) }

func (s *Server) jobState(j *Job) JobState {
	n := j.Numbers()
	key := "job/" + j.Name
	return JobState{
		Name: j.Name, Inputs: j.Inputs, Outputs: j.Outputs,
		In: s.rates.rate(key+"/in", n.In), Out: s.rates.rate(key+"/out", n.Out),
		DelayMs: n.DelayMs, Backlog: n.Backlog, LastError: n.LastError, Blocked: n.Blocked, Failed: n.Failed,
		Counts: map[string]int64{
			"in": n.In, "out": n.Out, "late": n.Late, "early": n.Early, "outOfOrder": n.OutOfOrder, "dropped": n.Dropped,
			"malformed": n.Malformed, "conversion": n.ConversionErrors, "runtime": n.RuntimeErrors, "output": n.OutputErrors,
		},
	}
}

// getJob serves GET /api/jobs/{job}: its query and plan.
func (s *Server) getJob(w http.ResponseWriter, r *http.Request) {
	for i := range s.jobs {
		if s.jobs[i].Name == r.PathValue("job") {
			writeJSON(w, http.StatusOK, s.jobs[i])
			return
		}
	}
	s.fail(w, r, fault.New(fault.NotFound, "stream job "+r.PathValue("job"), "no such job"))
}
