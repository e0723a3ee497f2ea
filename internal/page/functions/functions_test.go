package functions

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// fakeHost is an app with one function that reads hub Orders.
type fakeHost struct{ ran []string }

func (*fakeHost) Name() string { return "shop" }
func (*fakeHost) Functions() []host.FunctionInfo {
	return []host.FunctionInfo{{
		Name: "ingest", Trigger: "eventHubTrigger", Source: trigger.Source{Target: "Orders", Group: "$Default"}, Listener: host.ListenerRunning,
		Outputs: []host.OutputInfo{{Type: "cosmosDB", Target: "db/events"}},
	}}
}

func (*fakeHost) Status() host.Status {
	return host.Status{Kind: "go", Worker: worker.Status{State: worker.Running}}
}
func (h *fakeHost) RunNow(_, input string) error { h.ran = append(h.ran, input); return nil }

func TestFunctions(t *testing.T) {
	testkit.NoLeaks(t)
	app, counts := &fakeHost{}, telemetry.New()
	l := portaltest.Serve(t, nil, Pages(Config{Apps: []App{{Host: app, URL: "http://localhost:1"}}, Counts: counts})...)
	listen := counts.FromHost("shop", 1)
	at := time.Now()
	listen(host.InvocationStarted{Function: "ingest", ID: "i1", Items: 3, At: at})
	listen(host.LogWritten{Function: "ingest", ID: "i1", Message: "hello", At: at})
	listen(host.InvocationFinished{Function: "ingest", ID: "i1", Items: 3, Documents: 2, Duration: 1500 * time.Microsecond})
	_, got := l.Do("GET", "/api/apps/shop/functions/ingest/invocations", "")
	if run := got[""].([]any)[0].(map[string]any); run["id"] != "i1" || run["durationMs"] != 1.5 || len(run["logs"].([]any)) != 1 {
		t.Errorf("invocation: %v", run)
	}
	row := l.Listen("functions").Rows("functions")["shop/ingest"]
	if row["target"] != "Orders" || row["group"] != "$Default" || row["total"] != 1.0 || fmt.Sprint(row["outputs"]) != "[map[target:db/events type:cosmosDB]]" {
		t.Errorf("row: %v", row)
	}
	if row := l.Listen("apps").Rows("apps")["shop"]; row["worker"] != "Running" || row["kind"] != "go" {
		t.Errorf("app: %v", row)
	}
	if code, _ := l.Do("POST", "/api/apps/shop/functions/ingest/run", `{"input":"{}"}`); code != 202 || len(app.ran) != 1 {
		t.Errorf("run: %d, %v", code, app.ran)
	}
	for _, path := range []string{"shop/functions/none", "none/functions/ingest"} {
		if code, _ := l.Do("POST", "/api/apps/"+path+"/run", `{}`); code != 404 {
			t.Errorf("run %s: %d", path, code)
		}
	}
}
