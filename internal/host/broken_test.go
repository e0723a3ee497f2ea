package host_test

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestBrokenFunctions: a function that cannot run says why, by name, and the
// others run.
func TestBrokenFunctions(t *testing.T) {
	testkit.NoLeaks(t)
	dir := handlerDir(t, "true")
	for name, c := range map[string]string{
		"tick":      `[{"name":"t","type":"timerTrigger","direction":"in","schedule":"sometimes"}]`,
		"queued":    `[{"name":"q","type":"queueTrigger","direction":"in","queueName":"q"}]`,
		"unset":     `[{"name":"e","type":"eventHubTrigger","direction":"in","eventHubName":"%Missing%","connection":"Hub"}]`,
		"reading":   `[{"name":"r","type":"httpTrigger","direction":"in"},{"name":"d","type":"cosmosDB","direction":"in"}]`,
		"enqueuing": `[{"name":"r","type":"httpTrigger","direction":"in"},{"name":"q","type":"queue","direction":"out"}]`,
		"triggered": `[{"name":"a","type":"httpTrigger","direction":"in"},{"name":"b","type":"httpTrigger","direction":"in"}]`,
	} {
		write(t, dir, name+"/function.json", `{"bindings":`+c+`}`)
	}
	m := endtest.New(1)
	r := startHandler(t, m, dir)
	broken := map[string]string{}
	for _, b := range r.Status().Broken {
		broken[b.Name] = b.Err.Error()
	}
	for name, want := range map[string]string{
		"tick": "neither an NCRONTAB expression", "queued": "trigger type queueTrigger is not supported",
		"unset": "%Missing% is used but not set", "reading": "input type cosmosDB is not supported yet",
		"enqueuing": "output type queue is not supported", "triggered": "exactly one trigger, has 2",
	} {
		if !strings.Contains(broken[name], want) {
			t.Errorf("%s: %q, want %q", name, broken[name], want)
		}
	}
	if len(broken) != 6 {
		t.Errorf("broken: %v", broken)
	}
	m.Send("telemetry", 0, `{"id":"a"}`)
	r.awaitDocuments(1)
}

// TestDisabled: a disabled function does not listen, and can be run by hand.
func TestDisabled(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, func(o *host.Options) { o.Settings["AzureWebJobs.process.Disabled"] = "true" })
	for _, f := range r.Functions() {
		if f.Disabled != (f.Name == "process") || (f.Listener == host.ListenerDisabled) != f.Disabled {
			t.Errorf("%s: disabled %v, %s", f.Name, f.Disabled, f.Listener)
		}
	}
	m.Send("telemetry", 0, `{"id":"unseen"}`)
	if err := r.RunNow("PROCESS", `{"id":"by-hand"}`); err != nil {
		t.Fatal(err)
	}
	if docs := r.awaitDocuments(1); !strings.Contains(string(docs[0]), "by-hand") {
		t.Errorf("documents: %s", docs)
	}
	if err := r.RunNow("nobody", ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown function: %v", err)
	}
	r.stop()
	if err := r.RunNow("process", "{}"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("after the end: %v", err)
	}
	if n := r.started("process"); n != 1 {
		t.Errorf("%d invocations, want the one by hand", n)
	}
}

// TestFilter: host.json may name the only functions to load.
func TestFilter(t *testing.T) {
	testkit.NoLeaks(t)
	r := start(t, endtest.New(1), func(o *host.Options) { write(t, o.Dir, "host.json", `{"version":"2.0","functions":["Hello"]}`) })
	if list := r.Functions(); len(list) != 1 || list[0].Name != "hello" {
		t.Errorf("functions: %+v", list)
	}
}
