package host_test

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestWarmup: the warm-up function runs once in each worker process, before anything
// else; an app has one.
func TestWarmup(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	m.Send("in", 0, `{"id":"early"}`)
	warm := `{"name":"w","type":"warmupTrigger","direction":"in"}`
	r := startRawHandlerWith(t, m, "", map[string]string{
		"first": warm, "second": warm, "f": `{"name":"e","type":"eventHubTrigger","direction":"in","eventHubName":"in","connection":"Hub"}`,
	}, func(*host.Options) {})
	r.awaitFinished("f", 1)
	if done := r.awaitFinished("first", 1); done[0].Err != nil {
		t.Error(done[0].Err)
	}
	if first := r.firstStarted(); first != "first" {
		t.Errorf("%s ran before the warm-up function", first)
	}
	if err := broken(r, "second"); err == nil || !strings.Contains(err.Error(), "an app has one warm-up function, which is first") {
		t.Errorf("second: %v", err)
	}
	r.SetWorkers(2)
	if done := r.awaitFinished("first", 2); done[1].Err != nil {
		t.Error(done[1].Err)
	}
	for _, f := range r.Functions() {
		if f.Name == "first" && (f.Listener != host.ListenerRunning || f.Title != "Warm-up") {
			t.Errorf("%+v", f)
		}
	}
}

// firstStarted is the function whose invocation began first.
func (r *rig) firstStarted() string {
	r.Told()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if s, ok := e.(host.InvocationStarted); ok {
			return s.Function
		}
	}
	return ""
}
