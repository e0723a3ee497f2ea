package host_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// withHostJSON puts a host.json into the app's folder.
func withHostJSON(t *testing.T, text string) func(*host.Options) {
	return func(o *host.Options) {
		if err := os.WriteFile(filepath.Join(o.Dir, "host.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWorkersScale: requests that wait are a reason for another worker, and an app that
// is idle has none until a request comes.
func TestWorkersScale(t *testing.T) {
	r := start(t, endtest.New(1), withHostJSON(t, `{"version":"2.0","lazuli":{"scale":{"workers":{"min":0,"max":2,"idle":"00:00:01"}}}}`))
	var asked sync.WaitGroup
	ask := func(query string, done <-chan struct{}) {
		asked.Go(func() {
			req := httptest.NewRequest("GET", "/api/hello/x"+query, nil)
			ctx := req.Context()
			if done != nil {
				c, cancel := context.WithCancel(ctx)
				go func() { <-done; cancel() }()
				ctx = c
			}
			rec := httptest.NewRecorder()
			if err := r.ServeFunction(rec, req.WithContext(ctx), "hello", map[string]string{"name": "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	for range 20 { // 16 are for one worker
		ask("?do=hang", done)
	}
	testkit.Eventually(t, 20*time.Second, func() bool { return r.Workers().Ready == 2 }, "a second worker")
	report := r.Scale(t.Context())
	if report.Workers.Least != 0 || report.Workers.Most != 2 {
		t.Errorf("report %+v", report)
	}
	for _, f := range report.Functions {
		if f.Function == "hello" && (f.Backlog != 20 || f.Wants != 2 || !strings.Contains(f.Why, "20 requests, 16 for an instance")) {
			t.Errorf("hello: %+v", f)
		}
		if f.Function == "process" && (f.Unknown != "" || f.Backlog != 0) {
			t.Errorf("process: %+v", f)
		}
	}
	pids, invocations := map[int]bool{}, 0
	for i, p := range r.Processes() {
		if p.Number != i+1 || p.Language != "go" || p.State != worker.Running || p.Starts != 1 || p.Trouble != "" || runtime.GOOS == "linux" && p.Memory < 1<<20 {
			t.Errorf("process %+v", p)
		}
		pids[p.PID] = true
		invocations += p.Invocations
	}
	if len(pids) != 2 || pids[0] || pids[os.Getpid()] || invocations != 20 {
		t.Errorf("processes %v with %d invocations", pids, invocations)
	}
	close(done)
	asked.Wait()
	r.stop()
}

// TestScaleToZero: an idle app has no worker, and the next request has one started.
func TestScaleToZero(t *testing.T) {
	r := start(t, endtest.New(1), withHostJSON(t, `{"version":"2.0","lazuli":{"scale":{"workers":{"min":0,"max":1,"idle":"00:00:01"}}}}`))
	testkit.Eventually(t, 20*time.Second, func() bool { c := r.Workers(); return c.Wanted == 0 && c.Ready == 0 }, "no worker is left")
	rec := httptest.NewRecorder()
	if err := r.ServeFunction(rec, httptest.NewRequest("GET", "/api/hello/ann", nil), "hello", map[string]string{"name": "ann"}); err != nil || rec.Code != 200 {
		t.Errorf("%d %s, %v", rec.Code, rec.Body, err)
	}
}

// TestScaleRefusals: what host.json says of scaling and cannot be.
func TestScaleRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`{"scale":{"plan":"gold"}}`:                             "lazuli.scale.plan: there is no hosting plan \"gold\"",
		`{"scale":{"size":"9"}}`:                                "plan flex has no instance size",
		`{"scale":{"workers":{"min":3,"max":2}}}`:               "lazuli.scale.workers.min: 3 is more than max (2)",
		`{"scale":{"workers":{"count":3}}}`:                     "lazuli.scale.workers.count: there is no such key",
		`{"scale":{"plan":"premium","workers":{"apart":true}}}`: "lazuli.scale.workers.apart: the plan premium scales an app as a whole",
		`{"scale":{"maxInstances":2000}}`:                       "must be between 1 and 1000",
		`{"scale":{"alwaysReady":{"ftp":1}}}`:                   "lazuli.scale.alwaysReady.ftp: there is no such group",
		`{"scale":{"plan":"consumption","extra":1}}`:            "lazuli.scale.extra: there is no such key",
		`{"scale":{"workers":{"min":0,"idle":"-00:00:01"}}}`:    "time span",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "host.json"), []byte(`{"version":"2.0","lazuli":`+text+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := host.New(host.Options{Name: "a", Dir: dir, Binary: "none", Listen: testkit.Loopback})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// crew is the worker processes of a group.
func (r *rig) crew(group string) (all []host.WorkerProcess) {
	for _, p := range r.Processes() {
		if p.Group == group {
			all = append(all, p)
		}
	}
	return all
}

// hello asks the HTTP function.
func (r *rig) hello() {
	r.t.Helper()
	rec := httptest.NewRecorder()
	if err := r.ServeFunction(rec, httptest.NewRequest("GET", "/api/hello/ann", nil), "hello", map[string]string{"name": "ann"}); err != nil || rec.Code != 200 {
		r.t.Errorf("%d %s, %v", rec.Code, rec.Body, err)
	}
}

// TestGroupsApart: each group of functions has worker processes of its own, none until
// one is needed, and they come and go by themselves.
func TestGroupsApart(t *testing.T) {
	memory := endtest.New(1)
	r := start(t, memory, withHostJSON(t, `{"version":"2.0","lazuli":{"scale":{"plan":"flex","alwaysReady":{"http":1},"workers":{"min":0,"max":2,"idle":"00:00:01"}}}}`))
	r.hello()
	if all := r.crew("http"); len(all) != 1 || all[0].Number != 1 {
		t.Errorf("the HTTP functions' processes: %+v", all)
	}
	memory.Send("telemetry", 0, `{"id":"1","deviceId":"a","temperature":50}`)
	r.awaitFinished("process", 1)
	r.awaitFinished("alarm", 1)
	by := map[string]host.ScaleCrew{}
	for _, c := range r.Scale(t.Context()).Crews {
		by[c.Group] = c
	}
	if c := by["http"]; !slices.Equal(c.Functions, []string{"hello", "store"}) || c.Least != 1 || c.Most != 2 {
		t.Errorf("the HTTP functions' workers: %+v", c)
	}
	if c, ok := by["function:relay"]; !ok || c.Least != 0 || len(r.crew("function:relay")) != 0 {
		t.Errorf("the timer has not run, and has workers: %+v", c)
	}
	if len(by) != 6 {
		t.Errorf("%d groups: %+v", len(by), by)
	}
	testkit.Eventually(t, limit, func() bool {
		return len(r.crew("http")) == 1 && len(r.crew("function:alarm")) == 0
	}, "an idle group has no worker, unless one is always ready")
	for _, name := range []string{"store", "hello"} {
		if err := r.Switch(name, false); err != nil {
			t.Fatal(err)
		}
	}
	memory.Send("telemetry", 0, `{"id":"2","deviceId":"a","temperature":50}`)
	r.awaitFinished("process", 2)
	r.awaitFinished("alarm", 2)
	if n := len(r.crew("http")); n != 0 {
		t.Errorf("%d processes of a group without functions", n)
	}
}

// TestCrashApart: a worker that dies takes nothing of another group with it.
func TestCrashApart(t *testing.T) {
	memory := endtest.New(1)
	r := start(t, memory, withHostJSON(t, `{"version":"2.0","lazuli":{"scale":{"plan":"flex"}}}`))
	testkit.Eventually(t, limit, func() bool { return r.Workers().Ready == 6 }, "a worker of each group")
	mine := r.crew("http")
	memory.Send("telemetry", 0, `{"id":"1","do":"exit"}`)
	testkit.Eventually(t, limit, func() bool {
		of := r.crew("function:process")
		return len(of) == 1 && of[0].Starts > 1 && of[0].State == worker.Running
	}, "the worker is started again")
	if now := r.crew("http"); len(mine) != 1 || len(now) != 1 || now[0].PID != mine[0].PID {
		t.Errorf("the HTTP functions' workers were %+v, and are %+v", mine, now)
	}
}
