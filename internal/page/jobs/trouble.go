package jobs

import (
	"maps"
	"net/url"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// troubleOf is why a job does not run, or what an output says that takes no
// rows.
func troubleOf(j *jobs.Job) string {
	s := j.Status()
	if s.Failed != "" || s.Job == nil {
		return s.Failed
	}
	blocked := s.Job.Metrics().Blocked
	for _, name := range slices.Sorted(maps.Keys(blocked)) {
		return "output " + name + ": " + blocked[name]
	}
	return ""
}

// failing counts the jobs that fail now.
func (p page) failing() (n int) {
	all := p()
	for i := range all {
		if all[i].trouble() != "" {
			n++
		}
	}
	return n
}

func (j *Job) trouble() string {
	if j.Trouble == nil {
		return ""
	}
	return j.Trouble()
}

// troublesOf reports the jobs that fail now, and what is wrong with the events of
// the others.
func (p page) troublesOf(w *warnings) func(report func(portal.Trouble)) {
	return func(report func(portal.Trouble)) {
		all := p()
		for i := range all {
			if why := all[i].trouble(); why != "" {
				report(portal.Trouble{Kind: "job-failed", Subject: all[i].Name, Detail: why, To: "/jobs/" + url.PathEscape(all[i].Name) + "/overview", State: "bad"})
			}
		}
		w.report(report)
	}
}
