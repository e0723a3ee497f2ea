package portal

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const maxJobOrder = 4 << 10

// listJobs serves GET /api/jobs: all jobs as a Snapshot has them, now, without
// rates, which only a stream of snapshots has.
func (s *Server) listJobs(w http.ResponseWriter, _ *http.Request) {
	states := make([]JobState, len(s.jobs))
	for i := range s.jobs {
		states[i] = s.jobs[i].now()
	}
	writeJSON(w, http.StatusOK, states)
}

// now is the job's state without rates.
func (j *Job) now() JobState { return j.state(func(string, int64) float64 { return 0 }) }

// getJob serves GET /api/jobs/{job}: its query, plan and diagram.
func (s *Server) getJob(w http.ResponseWriter, r *http.Request) {
	j, err := s.job(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	about := j.About()
	about.Name, about.Inputs, about.Outputs = j.Name, j.Inputs, j.Outputs
	writeJSON(w, http.StatusOK, about)
}

// startJob serves POST …/start with {"start": "last"}, or now, all or a time.
// It answers the job's state once it runs.
func (s *Server) startJob(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Start string `json:"start"`
	}
	j, err := s.job(r)
	if err == nil {
		err = readJSON(w, r, maxJobOrder, &body)
	}
	if err == nil {
		err = j.Start(r.Context(), body.Start)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, j.now())
}

// stopJob serves POST …/stop with {}. It answers the job's state after its last
// checkpoint.
func (s *Server) stopJob(w http.ResponseWriter, r *http.Request) {
	j, err := s.job(r)
	if err == nil {
		err = readJSON(w, r, maxJobOrder, &struct{}{})
	}
	if err == nil {
		err = j.Stop(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, j.now())
}

func (s *Server) job(r *http.Request) (*Job, error) {
	name := r.PathValue("job")
	for i := range s.jobs {
		if s.jobs[i].Name == name {
			return &s.jobs[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "stream job "+name, "no such job")
}
