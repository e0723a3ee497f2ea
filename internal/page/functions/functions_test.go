package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// shop is an app with a function that reads hub Orders and one that answers
// HTTP. Runs by hand fail with a stack.
type shop struct {
	listen   host.Listener
	restarts int

	mu    sync.Mutex // guards the fields below
	off   map[string]bool
	build host.Build
	runs  int

	breaker *breaker.Status
	letters []letter.Letter
	asked   host.LetterQuery // the last
}

func (*shop) Name() string { return "shop" }
func (s *shop) Functions() []host.FunctionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	var dead *host.DeadLetterInfo
	if s.letters != nil {
		dead = &host.DeadLetterInfo{Place: letter.Place{Kind: "queue", Name: "failed"}, Kept: int64(len(s.letters))}
	}
	return []host.FunctionInfo{{
		Breaker: s.breaker, DeadLetters: dead,
		Name: "ingest", Trigger: "eventHubTrigger", Source: trigger.Source{Target: "Orders", Group: "$Default"}, Listener: host.ListenerRunning,
		Outputs: []host.BoundInfo{{Type: "cosmosDB", Place: trigger.Place{Host: "contoso.documents.azure.com", Target: "db/events"}}}, Disabled: s.off["ingest"],
	}, {
		Name: "hello", Trigger: "httpTrigger", Source: trigger.Source{Target: "hi/{name?}"}, Listener: host.ListenerHTTP,
		HTTP: &host.HTTPTrigger{Route: "hi/{name?}", Methods: []string{"GET", "POST"}, AuthLevel: "function"},
	}}
}

func (s *shop) Status() host.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return host.Status{Kind: "go", Build: s.build, Worker: worker.Status{State: worker.Running}, Broken: []host.BrokenFunction{{Name: "odd", Err: errors.New("no trigger")}}}
}

func (*shop) LastScale() host.ScaleReport {
	return host.ScaleReport{
		At: time.Now(), Instances: 3, Plan: scale.Flex(), Workers: host.ScaleWorkers{Wanted: 2, Ready: 1, Least: 1, Most: 2},
		Crews:     []host.ScaleCrew{{Group: "http", Functions: []string{"hello"}, ScaleWorkers: host.ScaleWorkers{Ready: 1, Why: "enough"}}},
		Functions: []host.ScaleFunction{{Function: "ingest", Backlog: 250, Target: 100, Wants: 3, Why: "250 events, 100 for an instance"}},
	}
}

func (*shop) Processes() []host.WorkerProcess {
	return []host.WorkerProcess{
		{Number: 1, Group: "http", Language: "go", State: worker.Running, Since: time.UnixMilli(1000), PID: 4711, Invocations: 2, Memory: 1 << 20, Starts: 3, Trouble: "it crashed"},
	}
}

func (*shop) ScalePast() []host.ScalePoint {
	return []host.ScalePoint{{At: time.UnixMilli(1000), Workers: 1, Instances: 3, Backlog: map[string]int64{"ingest": 250}}}
}

func (s *shop) RunByHand(_ context.Context, function, input string, batch bool) (string, error) {
	if input == "bad" {
		return "", fault.New(fault.Invalid, "input", "must be good")
	}
	s.runs++
	id := fmt.Sprint("hand", s.runs)
	s.run(function, id, time.Now(), 2*time.Millisecond, &host.FunctionError{
		Message: fmt.Sprint("panic: ", input, batch), Type: "panic", Stack: "goroutine 1 [running]:\nmain.f(...)\n\t/elsewhere/main.go:3",
	})
	return id, nil
}

func (s *shop) Switch(function string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off[function] = !on
	return nil
}
func (s *shop) Restart() { s.restarts++ }

func (s *shop) DeadLetters(_ context.Context, _ string, q host.LetterQuery, see func(*letter.Letter)) (letter.Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = q
	for i := range s.letters[:min(q.Limit, len(s.letters))] {
		see(&s.letters[i])
	}
	return letter.Place{Kind: "queue", Name: "failed"}, nil
}

// Redrive succeeds for all letters but the first.
func (s *shop) Redrive(_ context.Context, _ string, q host.LetterQuery, tell func(host.Redriven)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = q
	for i := range s.letters {
		var err error
		if i == 0 {
			err = errors.New("still bad\nsecond line")
		}
		tell(host.Redriven{Letter: &s.letters[i], Err: err})
	}
	return nil
}

func (s *shop) run(function, id string, at time.Time, took time.Duration, err error) {
	s.listen(host.InvocationStarted{Function: function, ID: id, Items: 3, At: at})
	s.listen(host.LogWritten{Function: function, ID: id, Message: "hello " + id, At: at})
	s.listen(host.InvocationFinished{Function: function, ID: id, Items: 3, Documents: 2, Duration: took, Err: err, At: at.Add(took)})
}

// keys are those of a place, the value of each its name in capitals.
type keys map[string][]string

func (k keys) Names(place string) ([]string, error)  { return append([]string{}, k[place]...), nil }
func (k keys) Reveal(_, name string) (string, error) { return strings.ToUpper(name), nil }
func (k keys) Renew(_ context.Context, place, name string) error {
	k[place] = append(k[place], name)
	return nil
}
func (k keys) Remove(_ context.Context, place, _ string) error { delete(k, place); return nil }
func (s *shop) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.runs++
	id := fmt.Sprint("http", s.runs)
	s.listen(host.InvocationStarted{Function: "hello", ID: id, TraceParent: r.Header.Get("Traceparent"), At: time.Now()})
	s.listen(host.LogWritten{Function: "hello", ID: id, Message: "answering", At: time.Now()})
	w.Header().Set("X-Seen", r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Functions-Key")+" "+r.Header.Get("X-Mine"))
	if strings.Contains(r.URL.Path, "boom") {
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = w.Write(body)
	end := host.InvocationFinished{Function: "hello", ID: id, Status: 200, At: time.Now()}
	if strings.Contains(r.URL.Path, "boom") {
		end.Status, end.Err = 500, errors.New("boom")
	}
	s.listen(end)
}

// listed is how the lists name things: those of one account with its name.
func listed(_ string, at trigger.Place) string {
	if at.Host == "contoso.documents.azure.com" {
		return "contoso/" + at.Target
	}
	return at.Target
}

func newShop(t *testing.T, k Keys) (*shop, *portaltest.Lab, string) {
	t.Helper()
	testkit.NoLeaks(t)
	s, counts := &shop{off: map[string]bool{}}, telemetry.New()
	s.listen = counts.FromHost("shop", func(string) uint64 { return 1 })
	app := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(app.Close)
	dir := t.TempDir()
	tasks := &portal.Tasks{}
	return s, portaltest.ServeConfig(t, portal.Config{Tasks: tasks, Boards: dashboard.New(dashboard.Options{}), Pages: Pages(Config{
		Apps: func() []App {
			return []App{{Host: s, URL: app.URL, Prefix: "api", Dir: dir, Keys: k, Log: testkit.Discard()}}
		},
		Counts: counts, Tasks: tasks, Name: listed,
	})}), dir
}

const base = "/api/apps/shop/functions/"

func TestRows(t *testing.T) {
	s, l, _ := newShop(t, nil)
	now := time.Now()
	for i := range 3 {
		s.run("ingest", fmt.Sprint("i", i), now, time.Millisecond, errors.New("boom"))
	}
	rows := l.Listen("functions").Rows("functions")
	row := rows["shop/ingest"]
	if row["target"] != "Orders" || row["group"] != "$Default" || row["total"] != 3.0 || fmt.Sprint(row["outputs"]) != "[map[target:contoso/db/events type:cosmosDB]]" {
		t.Errorf("row: %v", row)
	}
	if row["backlog"] != 250.0 || row["backlogKnown"] != true || row["instances"] != 3.0 || row["scaleWhy"] != "250 events, 100 for an instance" {
		t.Errorf("scale: %v", row)
	}
	if code, got := l.Do("GET", "/api/apps/shop/scale", ""); code != 200 || got["instances"] != 3.0 || fmt.Sprint(got["past"]) != "[map[at:1000 backlog:map[ingest:250] instances:3 workers:1]]" ||
		fmt.Sprint(got["processes"]) != "[map[group:http invocations:2 language:go memory:1.048576e+06 number:1 pid:4711 since:1000 starts:3 state:Running trouble:it crashed]]" {
		t.Errorf("scale of the app: %d %v", code, got)
	}
	if row["state"] != "bad" || row["recent"] != 3.0 || row["recentFailed"] != 3.0 || len(row["spark"].([]any)) != 24 {
		t.Errorf("3 of 3 failed: %v", row)
	}
	if row := rows["shop/odd"]; row["state"] != "bad" || row["error"] != "no trigger" {
		t.Errorf("broken: %v", row)
	}
	if row := rows["shop/hello"]; row["state"] != "ok" || len(row["spark"].([]any)) != 0 {
		t.Errorf("never ran: %v", row)
	}
	whole := l.Listen("summary") // the first may be of before the runs
	for summary := whole.Next("summary").(map[string]any); fmt.Sprint(summary["failing"]) != "map[functions:2]"; summary = whole.Next("summary").(map[string]any) {
		t.Logf("failing: %v", summary["failing"])
	}
	testkit.Eventually(t, 5*time.Second, func() bool {
		_, got := l.Do("GET", "/api/notices", "")
		text := fmt.Sprint(got["notices"])
		return strings.Contains(text, "function-failing") && strings.Contains(text, "shop/ingest") && strings.Contains(text, "detail:boom")
	}, "a notice of the function that fails")
	if code, _ := l.Do("POST", base+"ingest/switch", `{"on":false}`); code != 200 {
		t.Errorf("switch: %d", code)
	}
	off := l.Listen("functions")
	for row := off.Rows("functions")["shop/ingest"]; row["state"] != "off"; row = off.Rows("functions")["shop/ingest"] {
	}
	if row := l.Listen("apps").Rows("apps")["shop"]; row["worker"] != "Running" || row["kind"] != "go" || row["state"] != "ok" {
		t.Errorf("app: %v", row)
	}
	if code, _ := l.Do("POST", "/api/apps/shop/restart", `{}`); code != 202 || s.restarts != 1 {
		t.Errorf("restart: %d", code)
	}
	past := l.Listen("function:shop/ingest").Next("function:shop/ingest").(map[string]any)
	if past["total"] != 3.0 || past["bad"] != 3.0 || past["groups"] != 1.0 {
		t.Errorf("past: %v", past)
	}
}

// TestRunsAreFiltered and paged: the pages together are the whole.
func TestRunsAreFiltered(t *testing.T) {
	s, l, _ := newShop(t, nil)
	now := time.Now().Add(-time.Minute)
	for i := range 30 {
		var err error
		if i%10 == 0 {
			err = fmt.Errorf("boom %d", i)
		}
		s.run("ingest", fmt.Sprintf("i%02d", i), now.Add(time.Duration(i)*time.Second), time.Duration(i+1)*100*time.Millisecond, err)
	}
	ids := func(query string) (list []string, total float64, next string) {
		t.Helper()
		code, got := l.Do("GET", base+"ingest/runs?"+query, "")
		if code != 200 {
			t.Fatalf("%s: %d %v", query, code, got)
		}
		for _, row := range got["rows"].([]any) {
			list = append(list, row.(map[string]any)["id"].(string))
		}
		return list, got["total"].(float64), got["next"].(string)
	}
	for q, want := range map[string]string{
		"result:failed":                  "[i20 i10 i00]",
		"result:failed error:20":         "[i20]",
		"-result:ok":                     "[i20 i10 i00]",
		"duration>2.9s":                  "[i29]",
		"duration<=200ms":                "[i01 i00]",
		"boom":                           "[i20 i10 i00]",
		`"hello i07"`:                    "[i07]",
		"id:i03 items:3":                 "[i03]",
		"items>3":                        "[]",
		"error:boom -id:i10 duration>1s": "[i20]",
	} {
		if got, _, _ := ids("q=" + url.QueryEscape(q)); fmt.Sprint(got) != want && !(len(got) == 0 && want == "[]") {
			t.Errorf("%s: %v, want %s", q, got, want)
		}
	}
	var all []string
	for after := ""; ; {
		page, total, next := ids("limit=7&after=" + url.QueryEscape(after))
		if total != 30 {
			t.Fatalf("total %v", total)
		}
		if all = append(all, page...); next == "" {
			break
		}
		after = next
	}
	if len(all) != 30 || all[0] != "i29" || all[29] != "i00" {
		t.Errorf("pages: %v", all)
	}
	code, got := l.Do("GET", base+"ingest/runs?q="+url.QueryEscape("ok colour:red"), "")
	if code != 400 || got["start"] != 3.0 || got["end"] != 13.0 {
		t.Errorf("an unknown field: %d %v", code, got)
	}
	for _, q := range []string{"result:odd", "duration>soon", "items:many", "from=9&to=3"} {
		query := "q=" + url.QueryEscape(q)
		if strings.HasPrefix(q, "from") {
			query = q
		}
		if code, got := l.Do("GET", base+"ingest/runs?"+query, ""); code != 400 || got["error"] == "" {
			t.Errorf("%s: %d %v", q, code, got)
		}
	}
}

func TestRunTellsStackLogsAndInput(t *testing.T) {
	s, l, dir := newShop(t, nil)
	file := filepath.Join(dir, "enrich.go")
	if err := os.WriteFile(file, []byte("package main\n\nfunc f() {\n\tx := s[len(s)]\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("ingest", "i1", time.Now(), 1500*time.Microsecond, &host.FunctionError{
		Message: "panic: index out of range", Type: "panic",
		Stack: "goroutine 1 [running]:\npanic({0x1})\n\t/go/src/runtime/panic.go:1\nmain.f(...)\n\t" + file + ":4\nmain.g(...)\n\t/etc/passwd:1",
	})
	code, run := l.Do("GET", base+"ingest/runs/i1", "")
	if code != 200 || run["message"] != "panic: index out of range" || run["durationMs"] != 1.5 || len(run["logs"].([]any)) != 1 {
		t.Fatalf("%d %v", code, run)
	}
	want := "[map[file:enrich.go line:4 name:main.f source:x := s[len(s)]] map[file:/etc/passwd line:1 name:main.g]]"
	if got := fmt.Sprint(run["frames"]); got != want {
		t.Errorf("frames %s", got)
	}
	if same := run["same"].(map[string]any); same["count"] != 1.0 || same["frame"] != "enrich.go:4" {
		t.Errorf("same: %v", same)
	}
	var groups []FailureGroup
	if _, body := l.Do("GET", base+"ingest/failures", ""); true {
		text, _ := json.Marshal(body[""])
		if json.Unmarshal(text, &groups) != nil || len(groups) != 1 || groups[0].Sample != "i1" {
			t.Errorf("groups: %s", text)
		}
	}
	if code, got := l.Do("GET", base+"ingest/runs/none", ""); code != 404 || got["error"] == "" {
		t.Errorf("an unknown run: %d %v", code, got)
	}
}

// TestPrintedTraces: a handler that dies without an answer is explained by what
// its process printed meanwhile, and by nothing that came before.
func TestPrintedTraces(t *testing.T) {
	s, l, _ := newShop(t, nil)
	for _, line := range []string{"Traceback (most recent call last):", `  File "/app/old.py", line 1, in f`, "    x", "NameError: old"} {
		s.listen(host.WorkerOutput{Stream: "stderr", Line: line})
	}
	time.Sleep(2 * time.Millisecond)
	at := time.Now()
	for _, line := range []string{"Traceback (most recent call last):", `  File "/app/s.py", line 7, in f`, "    x", "NameError: x"} {
		s.listen(host.WorkerOutput{Stream: "stderr", Line: line})
	}
	s.run("ingest", "i1", at, time.Millisecond, errors.New("the worker process ended"))
	if _, run := l.Do("GET", base+"ingest/runs/i1", ""); run["printed"] != true || !strings.Contains(run["stack"].(string), "s.py") || strings.Contains(run["stack"].(string), "old.py") {
		t.Errorf("%v", run["stack"])
	}
}

func TestConsole(t *testing.T) {
	_, l, _ := newShop(t, keys{"host": {"_master"}})
	code, got := l.Do("POST", base+"hello/run", `{"method":"PUT","path":"/api/hi/ann?a=1","query":{"b":["2"]},"headers":{"x-mine":["yes"]},"body":"text"}`)
	if code != 200 || got["status"] != 200.0 || got["body"] != "text" || got["ok"] != true || got["id"] != "http1" || len(got["logs"].([]any)) != 1 {
		t.Errorf("%d %v", code, got)
	}
	if !strings.Contains(fmt.Sprint(got["headers"]), "map[name:X-Seen value:PUT /api/hi/ann?a=1&b=2 _MASTER yes]") {
		t.Errorf("headers %v", got["headers"])
	}
	if _, got := l.Do("POST", base+"hello/run", `{"noKey":true}`); !strings.Contains(fmt.Sprint(got["headers"]), "value:GET /api/hi]") {
		t.Errorf("without a key: %v", got["headers"])
	}
	if _, got := l.Do("POST", base+"hello/run", `{"path":"/api/hi/boom","body":"x"}`); got["ok"] != false || got["status"] != 500.0 || got["error"] != "boom" {
		t.Errorf("boom: %v", got)
	}
	if _, got := l.Do("POST", base+"hello/run", `{"body":"/wA=","base64":true}`); got["base64"] != true || got["body"] != "/wA=" {
		t.Errorf("bytes: %v", got)
	}
	code, got = l.Do("POST", base+"ingest/run", `{"input":"[1]","batch":true}`)
	if code != 200 || got["ok"] != false || got["error"] != "panic: [1]true" || got["stack"] == "" || len(got["frames"].([]any)) != 1 || got["durationMs"] != 2.0 {
		t.Errorf("%d %v", code, got)
	}
	for path, body := range map[string]string{"ingest/run": `{"input":"bad"}`, "none/run": `{}`, "hello/run": `{"headers":{"Host":["x"]}}`} {
		if code, got := l.Do("POST", base+path, body); code/100 != 4 || got["error"] == "" {
			t.Errorf("%s: %d %v", path, code, got)
		}
	}
}

func TestKeys(t *testing.T) {
	k := keys{"host": {"_master", "default"}}
	_, l, _ := newShop(t, k)
	code, got := l.Do("GET", base+"hello/keys", "")
	if code != 200 || got["off"] != false || got["level"] != "function" || !strings.HasSuffix(got["url"].(string), "/api/hi") || strings.Contains(fmt.Sprint(got), "DEFAULT") {
		t.Errorf("%d %v", code, got)
	}
	if _, got := l.Do("POST", base+"hello/keys/reveal", `{"place":"host","name":"default"}`); got["value"] != "DEFAULT" {
		t.Errorf("reveal: %v", got)
	}
	if code, _ := l.Do("POST", base+"hello/keys/renew", `{"place":"function:hello","name":"mine"}`); code != 200 || len(k["function:hello"]) != 1 {
		t.Errorf("renew: %d %v", code, k)
	}
	for path, body := range map[string]string{"keys/reveal": `{"place":"function:ingest","name":"x"}`, "keys/odd": `{"place":"host","name":"x"}`} {
		if code, _ := l.Do("POST", base+"hello/"+path, body); code/100 != 4 {
			t.Errorf("%s %s: %d", path, body, code)
		}
	}
	_, open, _ := newShop(t, nil)
	if _, got := open.Do("GET", base+"hello/keys", ""); got["off"] != true {
		t.Errorf("keys off: %v", got)
	}
	if code, _ := open.Do("POST", base+"hello/keys/reveal", `{"place":"host","name":"default"}`); code != 404 {
		t.Errorf("reveal where keys are off: %d", code)
	}
}

// TestBuildError: what does not build is told with file and line, in the app's
// row and the bell, while the code before runs on.
func TestBuildError(t *testing.T) {
	s, l, _ := newShop(t, nil)
	s.mu.Lock()
	s.build = host.Build{State: host.BuildFailed, Since: time.Now(), Err: errors.New("build shop: exit status 1\n# example.com/shop\n./enrich.go:88:9: undefined: median")}
	s.mu.Unlock()
	row := l.Listen("apps").Rows("apps")["shop"]
	build := row["build"].(map[string]any)
	if row["state"] != "bad" || build["state"] != "failed" || build["file"] != "enrich.go" || build["line"] != 88.0 || build["runs"] != true {
		t.Errorf("%v", row)
	}
	testkit.Eventually(t, 5*time.Second, func() bool {
		_, got := l.Do("GET", "/api/notices", "")
		text := fmt.Sprint(got["notices"])
		return strings.Contains(text, "build-failed") && strings.Contains(text, "enrich.go:88:9: undefined: median")
	}, "a notice of the build")
}

// TestWaitingTrigger: a trigger whose queue is not there yet does not say that it
// listens.
func TestWaitingTrigger(t *testing.T) {
	p := page{Config: Config{Counts: telemetry.New(), Name: func(_ string, at trigger.Place) string { return at.Target }}}
	for waits, want := range map[string][2]string{"": {"Listening", stateOK}, "the queue orders does not exist": {"Waiting", stateBusy}} {
		f := p.function(&shop{}, host.FunctionInfo{Name: "later", Trigger: "queueTrigger", Listener: host.ListenerRunning, Waits: waits}, portal.NewRates(), time.Now())
		if got := [2]string{f.Listener, f.State}; got != want {
			t.Errorf("waits for %q: %v, want %v", waits, got, want)
		}
	}
}
