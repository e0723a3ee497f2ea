package functions

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// RunRow is a run in a list.
type RunRow struct {
	ID         string  `json:"id"`
	At         int64   `json:"at"` // start, unix milliseconds
	State      string  `json:"state"`
	DurationMs float64 `json:"durationMs"` // so far, while it runs
	Items      int     `json:"items"`
	Sent       int     `json:"sent"` // documents and events written by outputs
	Status     int     `json:"status"`
	Retry      int     `json:"retry"`
	Message    string  `json:"message"` // why it failed
	Type       string  `json:"type"`
	Group      string  `json:"group"` // of the failure
}

// Runs is the answer to GET …/runs.
type Runs struct {
	Rows  []RunRow `json:"rows"` // newest first
	Total int      `json:"total"`
	Next  string   `json:"next"` // the after of the next page, or ""
	// Oldest is the start of the oldest run that is remembered, 0 without any.
	Oldest int64 `json:"oldest"`
}

const (
	defaultRuns = 100
	maxRuns     = 500
)

// getRuns serves GET …/runs?q=&from=&to=&after=&limit=: the runs that the filter
// leaves, that began in the range, behind the one named by after.
func (p page) getRuns(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := p.find(r.PathValue("app"), r.PathValue("function")); err != nil {
		return err
	}
	from, to, err := span(r)
	if err != nil {
		return err
	}
	limit, err := portal.Number(r, "limit", defaultRuns)
	if err != nil {
		return err
	}
	takes, err := parseFilter(r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	out := Runs{Rows: []RunRow{}}
	after, behind := place(r.URL.Query().Get("after"))
	p.counters(r).Latest(func(run telemetry.Run) bool {
		out.Oldest = run.At.UnixMilli()
		if run.At.Before(from) || !run.At.Before(to) || !takes(&run) {
			return true
		}
		out.Total++
		switch {
		case behind && !telemetry.Older(&run, &after):
		case len(out.Rows) < int(min(max(limit, 1), maxRuns)):
			out.Rows = append(out.Rows, rowOf(&run))
			after, behind = run, true
		case out.Next == "":
			out.Next = strconv.FormatInt(after.At.UnixNano(), 10) + "." + after.ID
		}
		return true
	})
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// place reads an after; false when there is none.
func place(after string) (telemetry.Run, bool) {
	nanos, id, _ := strings.Cut(after, ".")
	n, err := strconv.ParseInt(nanos, 10, 64)
	return telemetry.Run{At: time.Unix(0, n), ID: id}, err == nil
}

func rowOf(r *telemetry.Run) RunRow {
	out := RunRow{
		ID: r.ID, At: r.At.UnixMilli(), State: stateOK, DurationMs: millis(r.Duration),
		Items: r.Items, Sent: r.Sent, Status: r.Status, Retry: r.Retry,
	}
	switch {
	case r.Running:
		out.State, out.DurationMs = stateBusy, millis(time.Since(r.At))
	case r.Failure != nil:
		out.State = stateBad
		out.Message, out.Type, out.Group = r.Failure.Message, r.Failure.Type, r.Failure.Group
	}
	return out
}
