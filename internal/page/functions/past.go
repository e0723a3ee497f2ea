package functions

import (
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Past is a function over a range of time: the topic function:APP/NAME, of the
// last 15 minutes, and GET …/past.
type Past struct {
	From   int64   `json:"from"` // of the first step, unix milliseconds
	Step   int64   `json:"step"` // milliseconds
	Runs   []int   `json:"runs"` // that ended in each step
	Failed []int   `json:"failed"`
	Total  int     `json:"total"`
	Bad    int     `json:"bad"` // failed in all
	Items  int     `json:"items"`
	P50    float64 `json:"p50"` // milliseconds; 0 without runs
	P95    float64 `json:"p95"`
	Groups int     `json:"groups"` // different failures
}

// bars is how many steps a chart has, about.
const bars = 60

// detail reads a function's topic.
func (p page) detail(id string, _ *portal.Rates) (any, error) {
	app, name, _ := strings.Cut(id, "/")
	if _, _, err := p.find(app, name); err != nil {
		return nil, err
	}
	now := time.Now()
	return p.past(app, name, now.Add(-back), now), nil
}

func (p page) past(app, name string, from, to time.Time) Past {
	c := p.Counts.Function(app, name)
	past := c.Past(from, to, max(to.Sub(from)/bars, time.Second))
	return Past{
		From: past.From.UnixMilli(), Step: past.Step.Milliseconds(), Runs: past.Runs, Failed: past.Failed,
		Total: past.Total.Runs, Bad: past.Total.Failed, Items: past.Total.Items,
		P50: millis(past.Total.P50), P95: millis(past.Total.P95), Groups: len(c.Groups(from, to)),
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// span reads from and to, unix milliseconds; without them the last 15 minutes.
// Nothing is remembered for longer than a week.
func span(r *http.Request) (from, to time.Time, err error) {
	now := time.Now()
	end, err := portal.Number(r, "to", now.UnixMilli())
	if err != nil {
		return from, to, err
	}
	begin, err := portal.Number(r, "from", end-back.Milliseconds())
	if err != nil {
		return from, to, err
	}
	if begin >= end {
		return from, to, fault.New(fault.Invalid, "from", "%d is not before %d", begin, end)
	}
	oldest := now.Add(-8 * 24 * time.Hour).UnixMilli()
	end = min(max(end, oldest+1), now.Add(24*time.Hour).UnixMilli())
	return time.UnixMilli(max(begin, oldest)), time.UnixMilli(end), nil
}

// getPast serves GET …/past?from=&to=.
func (p page) getPast(w http.ResponseWriter, r *http.Request) error {
	app, name := r.PathValue("app"), r.PathValue("function")
	_, _, err := p.find(app, name)
	if err != nil {
		return err
	}
	from, to, err := span(r)
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, p.past(app, name, from, to))
	return nil
}

// FailureGroup is failures that are the same.
type FailureGroup struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Message string `json:"message"`
	Frame   string `json:"frame"` // file:line of the user's code, or ""
	Count   int    `json:"count"` // in the range
	Total   int    `json:"total"` // since the start
	First   int64  `json:"first"` // unix milliseconds
	Last    int64  `json:"last"`
	Sample  string `json:"sample"` // id of the newest run
	Spark   []int  `json:"spark"`
}

// getFailures serves GET …/failures?from=&to=: what failed, most first.
func (p page) getFailures(w http.ResponseWriter, r *http.Request) error {
	app, _, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err != nil {
		return err
	}
	from, to, err := span(r)
	if err != nil {
		return err
	}
	out := []FailureGroup{}
	for _, g := range p.counters(r).Groups(from, to) {
		out = append(out, groupOf(g, app.Dir))
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func groupOf(g telemetry.Group, dir string) FailureGroup {
	return FailureGroup{
		ID: g.ID, Type: g.Type, Message: g.Message, Frame: within(dir, g.Frame), Count: g.Count, Total: g.Total,
		First: g.First.UnixMilli(), Last: g.Last.UnixMilli(), Sample: g.Sample, Spark: g.Spark,
	}
}

// counters are those of the function that a request names.
func (p page) counters(r *http.Request) *telemetry.Function {
	return p.Counts.Function(r.PathValue("app"), r.PathValue("function"))
}
