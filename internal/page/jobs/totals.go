package jobs

import (
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// totals adds up what jobs did since the start of the process. A job's own
// counters begin anew with each run.
type totals struct {
	jobs func() []Job
	mu   sync.Mutex      // guards runs
	runs map[string]*run // by the job's name; those of jobs that went stay counted
}

// run is the newest run of a job, and what the runs before it did.
type run struct {
	began                  time.Time
	in, failed             int64
	inBefore, failedBefore int64
}

func (t *totals) add(add func(name string, total int64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read()
	for _, r := range t.runs {
		add("items", r.inBefore+r.in)
		add("failures", r.failedBefore+r.failed)
	}
}

// metrics are what each job did.
func (t *totals) metrics(emit func(portal.Metric)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read()
	for name, r := range t.runs {
		emit(portal.Metric{Name: "lazuli_streamanalytics_input_events_total", Help: "Events that a job has read.", Labels: []string{"job", name}, Value: float64(r.inBefore + r.in)})
		emit(portal.Metric{Name: "lazuli_streamanalytics_errors_total", Help: "Rows that a job could not work out or write.", Labels: []string{"job", name}, Value: float64(r.failedBefore + r.failed)})
	}
}

// read brings the runs up to date. The caller holds mu.
func (t *totals) read() {
	for _, j := range t.jobs() {
		began, in, failed := j.Totals()
		r := t.runs[j.Name]
		if r == nil {
			r = &run{}
			t.runs[j.Name] = r
		}
		if !began.Equal(r.began) || in < r.in {
			r.inBefore, r.failedBefore = r.inBefore+r.in, r.failedBefore+r.failed
		}
		r.began, r.in, r.failed = began, in, failed
	}
}

func totalsOf(j *jobs.Job) (began time.Time, in, failed int64) {
	s := j.Status()
	if s.Job == nil {
		return s.StartedAt, 0, 0
	}
	m := s.Job.Metrics()
	return s.StartedAt, m.InputEvents, m.RuntimeErrors + m.OutputErrors
}
