package jobs

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const maxOrder = 4 << 10

// listJobs serves GET /api/jobs: the State of all jobs, now, without rates,
// which only somebody who watches has.
func (p page) listJobs(w http.ResponseWriter, _ *http.Request) error {
	all := p()
	states := make([]State, len(all))
	for i := range all {
		states[i] = all[i].now()
	}
	portal.WriteJSON(w, http.StatusOK, states)
	return nil
}

// now is the job's state without rates.
func (j *Job) now() State { return j.state(func(string, int64) float64 { return 0 }) }

// getJob serves GET /api/jobs/{job}: its query, plan and diagram.
func (p page) getJob(w http.ResponseWriter, r *http.Request) error {
	j, err := p.find(r.PathValue("job"))
	if err != nil {
		return err
	}
	about := j.About()
	about.Name, about.Inputs, about.Outputs = j.Name, j.Inputs, j.Outputs
	portal.WriteJSON(w, http.StatusOK, about)
	return nil
}

// startJob serves POST …/start with {"start": "last"}, or now, all or a time.
// It answers the job's state once it runs.
func (p page) startJob(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Start string `json:"start"`
	}
	return p.order(w, r, &body, func(j *Job) error { return j.Start(r.Context(), body.Start) })
}

// stopJob serves POST …/stop with {}. It answers the job's state after its last
// checkpoint.
func (p page) stopJob(w http.ResponseWriter, r *http.Request) error {
	return p.order(w, r, &struct{}{}, func(j *Job) error { return j.Stop(r.Context()) })
}

func (p page) order(w http.ResponseWriter, r *http.Request, body any, do func(*Job) error) error {
	j, err := p.find(r.PathValue("job"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, body)
	}
	if err == nil {
		err = do(j)
	}
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, j.now())
	return nil
}

func (p page) find(name string) (*Job, error) {
	all := p()
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "stream job "+name, "no such job")
}
