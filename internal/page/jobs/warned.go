package jobs

import (
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// warnedFor is how long after the last event that something happened to a
// person is told of it.
const warnedFor = 10 * time.Minute

// Warned is what is wrong with what a job reads and writes, since its run began.
type Warned struct {
	Began       time.Time
	Late, Early int64 // events
	Left        int64 // events and rows that were left out, but for those
	Why         string
	Warnings    []Warning // of senders' clocks and keys, of retention, of reference data and blobs
}

func warnedOf(j *jobs.Job) Warned {
	s := j.Status()
	if s.Job == nil {
		return Warned{}
	}
	m := s.Job.Metrics()
	w := Warned{
		Began: s.StartedAt, Late: m.LateEvents, Early: m.EarlyEvents, Warnings: warningsOf(j, s.Job),
		Left: m.DeserializationErrors + m.RuntimeErrors + max(m.DroppedEvents-m.LateEvents-m.EarlyEvents, 0),
	}
	if len(m.DataErrors) > 0 {
		w.Why = m.DataErrors[0].Kind + ": " + m.DataErrors[0].Last
	} else {
		w.Why = m.LastError
	}
	return w
}

func warningsOf(j *jobs.Job, run *stream.Job) (all []Warning) {
	for _, w := range run.Warnings() {
		all = append(all, jobWarning(w))
	}
	for _, w := range run.KeyWarnings() {
		all = append(all, Warning{
			Kind: "partitionKey", Input: w.Input, Events: w.Events, Example: w.Value, At: w.At.UnixMilli(), Text: w.String(),
		})
	}
	for _, w := range run.ReferenceWarnings() {
		all = append(all, Warning{Kind: "reference", Input: w.Input, At: w.At.UnixMilli(), Text: w.Text + "; it stays as it was"})
	}
	for _, w := range j.Warnings() {
		all = append(all, Warning{Kind: w.Kind, Input: w.Input, Events: w.Events, At: w.At.UnixMilli(), Text: w.Text})
	}
	return all
}

// warnings remember when the counters of jobs last grew.
type warnings struct {
	jobs func() []Job
	mu   sync.Mutex // guards seen
	seen map[string]*grown
}

// grown is a counter that begins anew with each run of a job.
type grown struct {
	began time.Time
	last  int64     // of this run
	all   int64     // since a person was told first
	at    time.Time // when it grew
}

// look takes the counter's value, and says whether it grew lately, by how much
// since it was quiet.
func (g *grown) look(began time.Time, n int64, now time.Time) (int64, bool) {
	if !g.began.Equal(began) {
		g.began, g.last = began, 0
	}
	if now.Sub(g.at) >= warnedFor {
		g.all = 0
	}
	if n > g.last {
		g.all, g.at = g.all+n-g.last, now
	}
	g.last = n
	return g.all, g.all > 0
}

// report tells what a person can mend.
func (w *warnings) report(report func(portal.Trouble)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	all := w.jobs()
	for i := range all {
		if all[i].Warned != nil {
			w.reportJob(&all[i], now, report)
		}
	}
}

func (w *warnings) reportJob(j *Job, now time.Time, report func(portal.Trouble)) {
	is := j.Warned()
	tell := func(kind, detail string, count int64) {
		report(portal.Trouble{Kind: kind, Subject: j.Name, Detail: detail, To: "/jobs/" + url.PathEscape(j.Name) + "/overview", State: "warn", Count: count})
	}
	clocks := false
	for _, one := range is.Warnings {
		if now.Sub(time.UnixMilli(one.At)) < warnedFor {
			clocks = clocks || one.OffsetHours != 0
			tell("job-"+warningKinds[one.Kind], one.Text, one.Events)
		}
	}
	late, early, left := w.of(j, "late"), w.of(j, "early"), w.of(j, "left")
	became := "got another time"
	if j.Policy.Drop {
		became = "were dropped"
	}
	if n, lately := late.look(is.Began, is.Late, now); lately && !clocks { // else it is the clocks
		tell("job-late", fmt.Sprintf("%d events came more than %v after the time that they carry and %s: raise 'late' of the job in lazuli.yaml, or have the senders send sooner", n, j.Policy.Late, became), n)
	}
	if n, lately := early.look(is.Began, is.Early, now); lately && !clocks {
		tell("job-early", fmt.Sprintf("%d events carry a time more than %v ahead of their arrival and were dropped: set the senders' clocks", n, stream.EarlyLimit), n)
	}
	if n, lately := left.look(is.Began, is.Left, now); lately {
		tell("job-dropped", fmt.Sprintf("%d events or rows were left out; the last: %s. The tab Errors counts them by their reason", n, is.Why), n)
	}
}

// warningKinds are the words of the bell for the kinds of warnings.
var warningKinds = map[string]string{"clockAhead": "clock", "clockBehind": "clock", "partitionKey": "key", "retention": "retention", "reference": "reference", "blob": "blob"}

func (w *warnings) of(j *Job, counter string) *grown {
	key := j.Name + "/" + counter
	if w.seen[key] == nil {
		w.seen[key] = &grown{}
	}
	return w.seen[key]
}
