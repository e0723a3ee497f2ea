package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// labJob is a job that obeys: now and last start it, another start is refused.
func labJob() Job {
	state := make(chan string, 1)
	state <- "stopped"
	return Job{
		Name:    "solar",
		Inputs:  []End{{Name: "readings", Kind: "hub", Target: "solar"}, {Name: "plants", Kind: "file", Target: "plants.csv", Reference: true}},
		Outputs: []End{{Name: "metrics", Kind: "container", Target: "db/metrics"}},
		About: func() About {
			return About{Query: "SELECT 1", Diagram: Diagram{Nodes: []Node{{ID: "n1", Kind: "input"}}, Edges: []Edge{}}}
		},
		Numbers: func() Numbers {
			s := <-state
			state <- s
			return Numbers{
				State: s, Since: time.UnixMilli(7), StartedAt: time.UnixMilli(5), In: 10, Late: 2, DelayMs: 1500, Failed: "no such hub",
				Inputs:   []InputNumbers{{Name: "Readings", Counts: map[string]int64{"in": 10}, Partitions: []Partition{{ID: 0, Next: 3, Lag: 2}, {ID: 1, Lag: 5}}}},
				Outputs:  []OutputNumbers{{Name: "metrics", Out: 4, Errors: 1, Blocked: "it is full", Since: time.UnixMilli(8)}},
				Warnings: []Warning{{Kind: "clockAhead", Input: "readings", OffsetHours: 9}},
			}
		},
		Totals: func() (time.Time, int64, int64) { return time.UnixMilli(5), 10, 0 },
		Start: func(_ context.Context, start string) error {
			if start != "now" {
				return fault.New(fault.PreconditionFailed, "checkpoint", "belongs to another query")
			}
			<-state
			state <- "running"
			return nil
		},
		Stop: func(context.Context) error {
			<-state
			state <- "stopped"
			return nil
		},
	}
}

func TestJobs(t *testing.T) {
	testkit.NoLeaks(t)
	l := portaltest.Serve(t, nil, Pages(Fixed(labJob()))...)
	if code, _ := l.Do("GET", "/api/jobs/none", ""); code != 404 {
		t.Errorf("an unknown job: %d", code)
	}
	if code, got := l.Do("GET", "/api/jobs/solar", ""); code != 200 || got["query"] != "SELECT 1" || got["name"] != "solar" || len(got["diagram"].(map[string]any)["nodes"].([]any)) != 1 {
		t.Errorf("job: %d %v", code, got)
	}
	job := l.Listen("job:solar").Next("job:solar").(map[string]any)
	if row := l.Listen("jobs").Rows("jobs")["solar"]; row["state"] != "stopped" || row["warnings"] != 1.0 || row["inputs"].([]any)[0].(map[string]any)["lag"] != 7.0 {
		t.Errorf("row: %v", row)
	}
	if job["delayMs"] != 1500.0 || job["counts"].(map[string]any)["late"] != 2.0 || job["failed"] != "no such hub" || job["state"] != "stopped" || job["startedAt"] != 5.0 || job["since"] != 7.0 {
		t.Errorf("state: %v", job)
	}
	in, table, out := job["inputs"].([]any)[0].(map[string]any), job["inputs"].([]any)[1].(map[string]any), job["outputs"].([]any)[0].(map[string]any)
	if in["name"] != "readings" || in["lag"] != 7.0 || in["partitions"].([]any)[0].(map[string]any)["next"] != 3.0 {
		t.Errorf("input: %v", in)
	}
	if table["reference"] != true || table["partitions"] != nil {
		t.Errorf("reference input: %v", table)
	}
	if out["blocked"] != "it is full" || out["since"] != 8.0 || out["counts"].(map[string]any)["errors"] != 1.0 {
		t.Errorf("output: %v", out)
	}
	if job["warnings"].([]any)[0].(map[string]any)["offsetHours"] != 9.0 {
		t.Errorf("warnings: %v", job["warnings"])
	}
}

func TestJobOrders(t *testing.T) {
	testkit.NoLeaks(t)
	l := portaltest.Serve(t, nil, Pages(Fixed(labJob()))...)
	for _, tc := range []struct {
		path, body string
		code       int
		state      any
	}{
		{"solar/start", `{"start":"last"}`, 412, nil},
		{"solar/start", `{"start":"now"}`, 200, "running"},
		{"solar/start", `nonsense`, 400, nil},
		{"solar/stop", `{}`, 200, "stopped"},
		{"none/start", `{"start":"now"}`, 404, nil},
		{"none/stop", `{}`, 404, nil},
	} {
		if code, got := l.Do("POST", "/api/jobs/"+tc.path, tc.body); code != tc.code || got["state"] != tc.state {
			t.Errorf("%s %s: %d %v, want %d", tc.path, tc.body, code, got, tc.code)
		}
	}
}

// TestTotalsGoOnWithANewRun, whose counters begin at 0.
func TestTotalsGoOnWithANewRun(t *testing.T) {
	began, in := time.Unix(1, 0), int64(100)
	sum := totals{jobs: Fixed(Job{Totals: func() (time.Time, int64, int64) { return began, in, 0 }}), runs: map[string]*run{}}
	read := func() (items int64) {
		sum.add(func(name string, v int64) {
			if name == "items" {
				items += v
			}
		})
		return items
	}
	if got := read(); got != 100 {
		t.Errorf("%d", got)
	}
	began, in = time.Unix(2, 0), 0
	if got := read(); got != 100 {
		t.Errorf("right after the start of another run: %d", got)
	}
	in = 30
	if got := read(); got != 130 {
		t.Errorf("%d", got)
	}
}
