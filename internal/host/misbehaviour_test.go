package host_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestPanic: a panic fails the invocation; the worker lives on, and the
// partition moves on.
func TestPanic(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	m.Send("telemetry", 0, `{"id":"x","do":"panic"}`)
	err := r.awaitFinished("process", 1)[0].Err
	if err == nil || !strings.Contains(err.Error(), "asked to") {
		t.Errorf("error: %v", err)
	}
	var failure *host.FunctionError
	if !errors.As(err, &failure) || !strings.Contains(failure.Stack, "main.obey") {
		t.Errorf("the stack does not name the function that panicked: %+v", failure)
	}
	m.Send("telemetry", 0, `{"id":"after"}`)
	r.awaitDocuments(1)
	if s := r.Status().Worker; s.Starts != 1 {
		t.Errorf("the worker was started %d times", s.Starts)
	}
}

// TestExit: a worker that exits fails its invocations and is started again;
// the checkpoint moves past what failed, as there is no retry policy.
func TestExit(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	m.Send("telemetry", 0, `{"id":"x","do":"exit"}`)
	if err := r.awaitFinished("process", 1)[0].Err; !worker.IsLost(err) {
		t.Errorf("error: %v", err)
	}
	m.Send("telemetry", 0, `{"id":"after"}`)
	r.awaitDocuments(1)
	s := r.Status().Worker
	if s.Starts != 2 || !strings.Contains(s.LastError, "exit status 3") {
		t.Errorf("worker: %+v", s)
	}
	testkit.Eventually(t, limit, func() bool { return checkpoint(m, "telemetry", 0) == "101" }, "the checkpoint after both")
}

// TestRetryAcrossCrash: with a retry policy the batch that crashed the worker
// is tried again on the next one, and nothing is lost.
func TestRetryAcrossCrash(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	marker := filepath.Join(t.TempDir(), "marker")
	r := start(t, m, func(o *host.Options) { o.Settings["MARKER"] = marker })
	m.Send("retried", 0, `{"id":"x","do":"exit-once"}`, `{"id":"y"}`)
	r.awaitDocuments(2)
	if n := len(r.awaitFinished("retried", 2)); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

// TestRetriesEnd: attempts are counted, and then the partition moves on.
func TestRetriesEnd(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	m.Send("retried", 0, `{"id":"x","do":"fail"}`)
	r.awaitFinished("retried", 3)
	m.Send("retried", 0, `{"id":"after"}`)
	r.awaitDocuments(1)
	if n := len(r.finished("retried")); n != 4 {
		t.Errorf("%d attempts, want three for the first batch and one for the second", n)
	}
}

// TestHang: a function that overruns its time takes its worker down, and the
// next batch runs on a new one.
func TestHang(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, func(o *host.Options) {
		o.Settings["AzureFunctionsJobHost__functionTimeout"] = "00:00:01"
	})
	m.Send("telemetry", 0, `{"id":"x","do":"hang"}`)
	err := r.awaitFinished("process", 1)[0].Err
	if err == nil || !strings.Contains(err.Error(), "longer than 1s") {
		t.Errorf("error: %v", err)
	}
	m.Send("telemetry", 0, `{"id":"after"}`)
	r.awaitDocuments(1)
	if s := r.Status().Worker; s.Starts != 2 || !strings.Contains(s.LastError, "functionTimeout") {
		t.Errorf("worker: %+v", s)
	}
}

// TestDrain: stopping waits for what runs, but not for ever; a batch that was
// cut off is delivered again.
func TestDrain(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, func(o *host.Options) { o.DrainTimeout = 200 * time.Millisecond })
	m.Send("telemetry", 0, `{"id":"x","do":"hang"}`)
	testkit.Eventually(t, limit, func() bool { return r.started("process") == 1 }, "the function runs")
	begun := time.Now()
	r.stop()
	if d := time.Since(begun); d > time.Minute {
		t.Errorf("stopping took %v", d)
	}
	if got := checkpoint(m, "telemetry", 0); got != "" {
		t.Errorf("a batch that was cut off moved the checkpoint to %s", got)
	}
}

// TestFailingOutput: an output that fails, fails the invocation.
func TestFailingOutput(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	m.Fail("upsert", 1, fault.New(fault.Unavailable, "disk", "full"))
	m.Send("telemetry", 0, `{"id":"x"}`)
	err := r.awaitFinished("process", 1)[0].Err
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "output binding") {
		t.Errorf("error: %v", err)
	}
}

// TestFailingSource: a hub that cannot be opened is tried again and shows its
// trouble meanwhile.
func TestFailingSource(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	m.Fail("eventhub", 4, errors.New("no such hub"))
	r := start(t, m)
	m.Send("telemetry", 0, `{"id":"x"}`)
	r.awaitDocuments(1)
	failed := false
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		c, ok := e.(host.ListenerChanged)
		failed = failed || ok && c.State == host.ListenerFailed
	}
	if !failed {
		t.Error("no event told that a trigger could not listen")
	}
}

// TestChangedWakesTriggers: what waits after a failure is tried at once when what the
// app may reach has changed, and that it listens again is told.
func TestChangedWakesTriggers(t *testing.T) {
	testkit.NoLeaks(t)
	const failures = 8 // whose waits are a minute
	m := endtest.New(1)
	m.Fail("eventhub", failures, errors.New("no role"))
	var mu sync.Mutex
	changed := make(chan struct{})
	again := make(chan struct{}, 1)
	begun := time.Now()
	r := start(t, m, func(o *host.Options) {
		o.Changed = func() <-chan struct{} {
			mu.Lock()
			defer mu.Unlock()
			return changed
		}
		o.Listeners = append(o.Listeners, func(e host.Event) {
			c, ok := e.(host.ListenerChanged)
			switch {
			case ok && c.State == host.ListenerFailed:
				mu.Lock()
				close(changed)
				changed = make(chan struct{})
				mu.Unlock()
			case ok && c.State == host.ListenerRunning && c.Before == host.ListenerFailed:
				select {
				case again <- struct{}{}:
				default: // it failed more than once
				}
			}
		})
	})
	m.Send("telemetry", 0, `{"id":"x"}`)
	r.awaitDocuments(1)
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	select {
	case <-again:
	case <-time.After(10 * time.Second):
		t.Error("nothing told that the trigger listens again")
	}
}

// TestBuild: a Go app is built, and what the compiler says is shown.
func TestBuild(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	dir, err := filepath.Abs(filepath.Join("testdata", "app"))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, m, func(o *host.Options) { o.Dir, o.BuildDir = dir, t.TempDir() })
	w := httptest.NewRecorder()
	if err := r.ServeFunction(w, httptest.NewRequest("GET", "/api/hello/you", nil), "hello", map[string]string{"name": "you"}); err != nil {
		t.Fatal(err)
	}
	if w.Body.String() != "hello you " {
		t.Errorf("answer: %q", w.Body)
	}
	r.stop()

	broken := t.TempDir()
	write(t, broken, "go.mod", "module broken\n")
	write(t, broken, "main.go", "package main\n\nfunc main() { undefined() }\n")
	h, err := host.New(host.Options{Name: "broken", Dir: broken, BuildDir: t.TempDir(), Listen: testkit.Loopback, Triggers: m.Triggers(), Outputs: m.Outputs()})
	if err != nil {
		t.Fatal(err)
	}
	err = h.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "main.go:3:15") {
		t.Errorf("build error: %v", err)
	}
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// started counts the invocations of a function that have begun.
func (r *rig) started(function string) int {
	r.Told()
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.events {
		if s, ok := e.(host.InvocationStarted); ok && s.Function == function {
			n++
		}
	}
	return n
}

// TestEndTellsInput: the end of an invocation tells what it was given, so that
// it can be given again; credentials are left out.
func TestEndTellsInput(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	var mu sync.Mutex
	said := map[string]host.InputText{}
	status := map[string]int{}
	r := start(t, m, func(o *host.Options) {
		o.Listeners = append(o.Listeners, func(e host.Event) {
			if done, ok := e.(host.InvocationFinished); ok {
				mu.Lock()
				defer mu.Unlock()
				said[done.Function], status[done.Function] = done.Input.Text(1<<10), done.Status
			}
		})
	})
	m.Send("telemetry", 0, `{"id":"x", "do":"panic"}`)
	r.awaitFinished("process", 1)
	m.Send("single", 0, `{"id":"y"}`)
	r.awaitFinished("each", 1)
	for name, address := range map[string]string{"hello": "/api/hello/ann?q=1&code=secret&do=", "store": "/api/store"} {
		req := httptest.NewRequest("POST", address, strings.NewReader(`{"id":"z"}`))
		req.Header.Set("X-Functions-Key", "secret")
		req.Header.Set("X-Mine", "yes")
		if err := r.ServeFunction(httptest.NewRecorder(), req, name, map[string]string{}); err != nil {
			t.Fatal(err)
		}
		r.awaitFinished(name, 1)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := said["process"]; got.Text != `[{"id":"x", "do":"panic"}]` || !got.Batch || got.Cut {
		t.Errorf("a batch: %+v", got)
	}
	if got := said["each"]; got.Text != `{"id":"y"}` || got.Batch {
		t.Errorf("one event: %+v", got)
	}
	for name, want := range map[string]string{"hello": `"path":"/api/hello/ann?q=1&do="`, "store": `"path":"/api/store"`} {
		got := said[name]
		if !got.HTTP || !strings.Contains(got.Text, want) || !strings.Contains(got.Text, `"body":"{\"id\":\"z\"}"`) || strings.Contains(got.Text, "secret") || !strings.Contains(got.Text, `"X-Mine":["yes"]`) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if status["hello"] != 201 || status["store"] != 200 {
		t.Errorf("statuses %v", status)
	}
}

// TestRunByHandWaits for the run's end, also for one of many items.
func TestRunByHandWaits(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	id, err := r.RunByHand(t.Context(), "process", `[{"id":"a"},"{\"id\":\"b\"}"]`, true)
	if err != nil || id == "" || len(m.Documents("db", "events")) != 2 {
		t.Errorf("%q, %v, %d documents", id, err, len(m.Documents("db", "events")))
	}
	if id, err := r.RunByHand(t.Context(), "process", `{"id":"x","do":"panic"}`, false); err != nil || id == "" {
		t.Errorf("a run that panics: %q, %v", id, err)
	}
	for name, input := range map[string]string{"none": "[1]", "process": "[", "each": `[1,2]`, "hello": "[1]"} {
		if _, err := r.RunByHand(t.Context(), name, input, true); err == nil {
			t.Errorf("%s took %s", name, input)
		}
	}
}

// TestSwitch turns a function off and on; what it said stands after a restart
// of the program.
func TestSwitch(t *testing.T) {
	testkit.NoLeaks(t)
	m, dir := endtest.New(1), t.TempDir()
	at := func(o *host.Options) { o.BuildDir = dir }
	r := start(t, m, func(o *host.Options) { at(o); useBinary(t, o) })
	if err := r.Switch("EACH", false); err != nil {
		t.Fatal(err)
	}
	state := func(r *rig, name string) host.FunctionInfo {
		for _, f := range r.Functions() {
			if f.Name == name {
				return f
			}
		}
		return host.FunctionInfo{}
	}
	if got := state(r, "each"); !got.Disabled || got.Listener != host.ListenerDisabled {
		t.Errorf("off: %+v", got)
	}
	m.Send("single", 0, `{"id":"a"}`)
	m.Send("telemetry", 0, `{"id":"b"}`)
	r.awaitFinished("process", 1)
	if n := len(r.finished("each")); n != 0 {
		t.Errorf("off, and it ran %d times", n)
	}
	r.stop()
	again := start(t, m, func(o *host.Options) { at(o); useBinary(t, o) })
	if !state(again, "each").Disabled {
		t.Error("after a restart it is on")
	}
	generation := again.Generation()
	if err := again.Switch("each", true); err != nil {
		t.Fatal(err)
	}
	again.awaitFinished("each", 1)
	if again.Generation() == generation {
		t.Error("the generation is the same")
	}
	if err := again.Switch("none", true); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown function: %v", err)
	}
}

func useBinary(t *testing.T, o *host.Options) {
	t.Helper()
	out, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	o.Binary = out
}
