package functions

import (
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Run is all that is known of one run: GET …/runs/{run}.
type Run struct {
	RunRow
	Reason    string              `json:"reason"`
	Details   string              `json:"details"`
	Trace     string              `json:"trace"`
	OutputsMs float64             `json:"outputsMs"` // the part spent writing outputs
	Frame     string              `json:"frame"`
	Stack     string              `json:"stack"`   // as it came
	Printed   bool                `json:"printed"` // the stack is what the process printed meanwhile
	Frames    []telemetry.Frame   `json:"frames"`  // the stack, innermost first
	Answer    string              `json:"answer"`  // the beginning of an HTTP answer of 500 and above
	Logs      []telemetry.LogLine `json:"logs"`
	LogsLost  int                 `json:"logsLost"` // lines beyond what is kept
	Input     *RunInput           `json:"input"`    // null: it was not kept
	Gone      bool                `json:"gone"`     // logs, input and stack gave way to newer ones
	Same      *FailureGroup       `json:"same"`     // the failures like this one, of 15 minutes; null: it did not fail
}

// RunInput is what a run was given, as text. Keys in it are not kept.
type RunInput struct {
	Text  string `json:"text"`
	Batch bool   `json:"batch"` // a JSON array, an element to an item
	HTTP  bool   `json:"http"`  // a JSON object: method, path, headers, body
	Cut   bool   `json:"cut"`   // there was more
}

// getRun serves GET …/runs/{run}.
func (p page) getRun(w http.ResponseWriter, r *http.Request) error {
	app, _, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err != nil {
		return err
	}
	run, ok := p.counters(r).Find(r.PathValue("run"))
	if !ok {
		return fault.New(fault.NotFound, "invocation "+r.PathValue("run"), "it is not among those that are remembered")
	}
	portal.WriteJSON(w, http.StatusOK, p.run(app, r.PathValue("function"), run))
	return nil
}

func (p page) run(app App, function string, run telemetry.Run) Run {
	out := Run{
		RunRow: rowOf(&run), Reason: run.Reason, Details: run.Details, Trace: run.Trace, OutputsMs: millis(run.Outputs),
		Frames: []telemetry.Frame{}, Logs: []telemetry.LogLine{},
	}
	if x := run.Extra; x != nil {
		out.Stack, out.Answer, out.LogsLost = x.Stack, x.Answer, x.LogsLost
		out.Logs = append(out.Logs, x.Logs...)
		if x.Input != nil {
			in := inputOf(*x.Input)
			out.Input = &in
		}
	}
	if run.Failure != nil {
		if out.Stack == "" {
			out.Stack = p.printed(app.Host.Name(), run)
			out.Printed = out.Stack != ""
		}
		out.Frame = within(app.Dir, run.Failure.Frame)
		out.Same = p.same(app, function, run.Failure.Group)
	}
	out.Gone = run.Extra == nil && !run.Running
	if frames := telemetry.Frames(out.Stack); frames != nil {
		out.Frames = withSources(app.Dir, frames)
	}
	return out
}

func inputOf(in host.InputText) RunInput { return RunInput(in) }

// same is the group of a failure.
func (p page) same(app App, function, group string) *FailureGroup {
	now := time.Now()
	for _, g := range p.Counts.Function(app.Host.Name(), function).Groups(now.Add(-back), now) {
		if g.ID == group {
			out := groupOf(g, app.Dir)
			return &out
		}
	}
	return nil
}

// printedLate is how long after a run has failed its process may print why.
const printedLate = time.Second

// printed is the stack trace among the lines that the app's process printed
// while a run failed: that of a handler that dies without an answer.
func (p page) printed(app string, run telemetry.Run) string {
	newest, _ := p.Counts.Logs.Search(telemetry.LogQuery{
		From: run.At, To: run.At.Add(run.Duration + printedLate),
		Match: func(l *telemetry.Line) bool { return l.Source == "app/"+app },
	}, 0, 200)
	lines := make([]string, len(newest))
	for i, l := range newest {
		lines[len(newest)-1-i] = strings.TrimRight(l.Text, "\r")
	}
	return telemetry.TraceOf(lines)
}
