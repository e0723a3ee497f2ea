package host

import (
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// caught is the stack of a panic as a worker in Go reports it.
func caught(f func()) (stack string) {
	defer func() {
		if recover() != nil {
			stack = string(debug.Stack())
		}
	}()
	f()
	return ""
}

func explode() { panic("asked to") }

func TestUserFramesBeginWhereItPanicked(t *testing.T) {
	got := userFrames(caught(explode))
	if first, _, _ := strings.Cut(got, "\n"); !strings.HasSuffix(first, "host.explode(...)") && !strings.HasSuffix(first, "host.explode()") {
		t.Errorf("begins with %q", first)
	}
	if got := userFrames("at f (a.js:1)\nat g (b.js:2)\n"); got != "at f (a.js:1)\nat g (b.js:2)" {
		t.Errorf("another language's stack came out as %q", got)
	}
	if got := userFrames(strings.Repeat("é", maxStackBytes)); len(got) > maxStackBytes+4 || !strings.HasSuffix(got, "é\n...") {
		t.Errorf("a long stack ends in %q after %d bytes", got[len(got)-8:], len(got))
	}
	if got := userFrames("x\npanic("); got != "x\npanic(" {
		t.Errorf("a cut stack came out as %q", got)
	}
}

func TestToldProperties(t *testing.T) {
	for _, c := range []struct {
		message, properties string
		want                bool
	}{
		{`read device=d1 temperature=4.2`, `{"device":"d1","temperature":4.2}`, true},
		{`read site.id=d1`, `{"site":{"id":"d1"}}`, true},
		{`read "a b"=1`, `{"a b":1}`, true},
		{`read`, `{"device":"d1"}`, false},
		{`read device=d1`, `{"device":"d1","more":1}`, false},
		{`read`, `odd`, false},
	} {
		if got := told(c.message, c.properties); got != c.want {
			t.Errorf("%s %s: %v", c.message, c.properties, got)
		}
	}
}

// TestNoStartIsToldOnce: the worker of code that does not load is tried again and
// again, and its reason is told once.
func TestNoStartIsToldOnce(t *testing.T) {
	var b strings.Builder
	l := &logger{"app", slog.New(slog.NewTextHandler(&b, nil)), func() hostjson.Logging { return hostjson.Logging{} }}
	for i, s := range []worker.Status{
		{State: worker.Waiting, Unstarted: true},
		{State: worker.Starting, Unstarted: true},
		{State: worker.Waiting, Unstarted: true, Again: true},
		{State: worker.Failing, Unstarted: true, Again: true},
		{State: worker.Waiting},
		{State: worker.Waiting},
	} {
		s.Failures, s.LastError = i+1, "function_app.py:3: NameError"
		l.worker(s)
	}
	if n := strings.Count(b.String(), "does not start"); n != 1 || strings.Count(b.String(), "will be restarted") != 2 {
		t.Errorf("it says\n%s", b.String())
	}
}
