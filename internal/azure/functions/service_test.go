package functions

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const limit = 20 * time.Second

// binary is the host's test app, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lazuli-functions-test")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "app")
	return out, project.Build(context.Background(), filepath.Join("..", "..", "host", "testdata", "app"), out, os.Environ())
})

func TestMain(m *testing.M) {
	code := m.Run()
	if out, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(out))
	}
	os.Exit(code)
}

// front is a running app behind HTTP.
type front struct {
	t      *testing.T
	url    string
	memory *endtest.Memory
}

func start(t *testing.T, hostJSON string, change func(*Config)) *front {
	t.Helper()
	out, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if hostJSON != "" {
		if err := os.WriteFile(filepath.Join(dir, "host.json"), []byte(hostJSON), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := endtest.New(1)
	h, err := host.New(host.Options{
		Name: "test", Dir: dir, Binary: out, Triggers: m.Triggers(), Outputs: m.Outputs(),
		HTTPAddress: "127.0.0.1:7071", Listen: testkit.Loopback, Version: "(devel)", Log: testkit.Logger(t),
		Settings: map[string]string{
			"Hub": "Endpoint=sb://localhost;UseDevelopmentEmulator=true", "HubName": "telemetry",
			"Cosmos": "AccountEndpoint=https://localhost:8081/;AccountKey=C2y6;",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	c := Config{Host: h, Log: testkit.Logger(t)}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &front{t, server.URL, m}
}

// do sends a request and returns the answer with its body.
func (f *front) do(method, path, body string, headers ...string) (*http.Response, string) {
	f.t.Helper()
	r, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/admin") && body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp, string(b)
}

// status sends a request without a body and returns the answer's code and
// body.
func (f *front) status(method, path string) (int, string) {
	f.t.Helper()
	resp, body := f.do(method, path, "") //nolint:bodyclose // do closes it
	return resp.StatusCode, body
}

// expect checks an answer and returns its headers.
func (f *front) expect(method, path, body string, code int, want string, headers ...string) http.Header {
	f.t.Helper()
	resp, got := f.do(method, path, body, headers...) //nolint:bodyclose // do closes it
	if code != 0 && resp.StatusCode != code || !strings.Contains(got, want) {
		f.t.Errorf("%s %s: %d %q, want %d with %q", method, path, resp.StatusCode, got, code, want)
	}
	return resp.Header
}

func TestHTTPFunctions(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, "", nil)
	r := f.expect("GET", "/api/hello/you?q=now", "", 200, "hello you now")
	if r.Get("X-Custom") != "yes" || !strings.HasPrefix(r.Get("Set-Cookie"), "seen=1") {
		t.Errorf("headers: %v", r)
	}
	f.expect("GET", "/API/Hello", "", 200, "hello ")
	f.expect("POST", "/api/hello/you", "\x00\xff binary", 201, "hello you \x00\xff binary")
	f.expect("PUT", "/api/hello/you", "", 404, "")
	f.expect("GET", "/api/nothing", "", 404, "")
	f.expect("GET", "/hello/you", "", 404, "")
	f.expect("GET", "/", "", 200, "/api/hello/{name?}")
	f.expect("GET", "/api/hello?do=panic", "", 500, "")
	f.expect("POST", "/api/store", `{"id":"h1","deviceId":"d"}`, 200, "stored")
	if docs := f.memory.Documents("db", "events"); len(docs) != 1 || string(docs[0]) != `{"id":"h1","deviceId":"d"}` {
		t.Errorf("documents: %s", docs)
	}
	f.expect("POST", "/api/store", `{"id":`, 400, "unexpected")
}

// TestOddRequests: what cannot travel as UTF-8 ends no worker, and a body beyond the limit
// is refused whether or not its length is told.
func TestOddRequests(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, "", nil)
	for _, path := range []string{"/api/store?q=%ff", "/api/hello/%ff?q=%ff", "/api/hello/x?q=now;a=%zz"} {
		f.expect("POST", path, `{"id":"h1","deviceId":"d"}`, 0, "")
	}
	f.expect("POST", "/api/store", `{"id":"h1","deviceId":"d"}`, 200, "stored", "X-Bad", "\xff")
	f.expect("HEAD", "/api/hello/you", "", 404, "")
	f.expect("OPTIONS", "/api/hello/you", "", 404, "")
	for path, lengths := range map[string][]int64{"/api/store": {100<<20 + 1, -1}, "/api/hello/x": {100<<20 + 1}} {
		for _, told := range lengths {
			r, err := http.NewRequest("POST", f.url+path, io.LimitReader(endless{}, 100<<20+1))
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = told
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Logf("%s with %d bytes told: %v", path, told, err) // it was hung up on while it sent
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s with %d bytes told: %s", path, told, resp.Status)
			}
		}
	}
	f.expect("GET", "/api/hello/you", "", 200, "hello you")
}

// endless is a body of spaces.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestHostJSONShapesHTTP(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, `{"version":"2.0","extensions":{"http":{"routePrefix":"","customHeaders":{"X-Frame-Options":"DENY"}}}}`, nil)
	if r := f.expect("GET", "/hello/you", "", 200, "hello you"); r.Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers: %v", r)
	}
	f.expect("GET", "/api/hello/you", "", 404, "")
}

func TestCORS(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, "", func(c *Config) { c.CORS = []string{"https://portal.example"} })
	r := f.expect("OPTIONS", "/api/hello", "", 204, "", "Origin", "https://portal.example", "Access-Control-Request-Method", "POST")
	if got := r.Get("Access-Control-Allow-Origin"); got != "https://portal.example" {
		t.Errorf("allowed origin %q", got)
	}
	r = f.expect("GET", "/api/hello", "", 200, "", "Origin", "https://evil.example")
	if got := r.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a stranger got %q", got)
	}
	r = f.expect("OPTIONS", "/admin/functions/hello", "", 404, "", "Origin", "https://portal.example", "Access-Control-Request-Method", "POST")
	if got := r.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the app's rule opens the admin API to %q", got)
	}
	if _, err := newCORS([]string{"portal"}, struct {
		LocalHTTPPort   int
		CORS            string
		CORSCredentials bool
	}{}); err == nil {
		t.Error("an origin without a scheme was taken")
	}
}

// TestCORSByTheBook: what browsers are told, by the rule and by what they ask.
func TestCORSByTheBook(t *testing.T) {
	methods := func(string) []string { return []string{"GET", "OPTIONS"} }
	for name, c := range map[string]struct {
		rule        []string
		credentials bool
		method      string
		headers     []string
		answered    bool
		want        map[string]string // "" is of a header that must not be there
	}{
		"a stranger": {
			rule: []string{"https://a.example"}, method: "GET", headers: []string{"Origin", "https://b.example"},
			want: map[string]string{"Access-Control-Allow-Origin": "", "Vary": ""},
		},
		"a friend": {
			rule: []string{"https://a.example/", "https://b.example"}, method: "GET", headers: []string{"Origin", "https://a.example"},
			want: map[string]string{"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Credentials": "", "Vary": "Origin"},
		},
		"anybody": {
			rule: []string{"*"}, method: "GET", headers: []string{"Origin", "https://b.example"},
			want: map[string]string{"Access-Control-Allow-Origin": "*"},
		},
		"with credentials": {
			rule: []string{"https://a.example"}, credentials: true, method: "GET", headers: []string{"Origin", "https://a.example"},
			want: map[string]string{"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Credentials": "true"},
		},
		"OPTIONS that is no preflight": {
			rule: []string{"*"}, method: "OPTIONS", headers: []string{"Origin", "https://a.example"},
			want: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": ""},
		},
		"a preflight": {
			rule: []string{"*"}, method: "OPTIONS", answered: true,
			headers: []string{"Origin", "https://a.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "x-a,x-b"},
			want:    map[string]string{"Access-Control-Allow-Methods": "GET,OPTIONS", "Access-Control-Allow-Headers": "x-a,x-b"},
		},
		"a stranger's preflight": {
			rule: []string{"https://a.example"}, method: "OPTIONS",
			headers: []string{"Origin", "https://b.example", "Access-Control-Request-Method", "GET"},
			want:    map[string]string{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Methods": ""},
		},
		"no origin": {rule: []string{"*"}, method: "GET", want: map[string]string{"Access-Control-Allow-Origin": ""}},
	} {
		rule, err := newCORS(c.rule, settings.LocalHost{CORSCredentials: c.credentials})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(c.method, "/api/x", nil)
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		w := httptest.NewRecorder()
		if answered := rule.handle(w, r, methods); answered != c.answered || answered && w.Code != http.StatusNoContent {
			t.Errorf("%s: answered %t, %d", name, answered, w.Code)
		}
		for header, want := range c.want {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: %s %q, want %q", name, header, got, want)
			}
		}
	}
}

// TestAllowsOrigin: a rule opens the app's own routes to the origins that it
// names, and nothing else.
func TestAllowsOrigin(t *testing.T) {
	for _, c := range []struct {
		rule         []string
		path, origin string
		want         bool
	}{
		{nil, "/api/f", "https://a.example", false},
		{[]string{"https://a.example"}, "/api/f", "https://a.example", true},
		{[]string{"https://a.example"}, "/api/f", "https://b.example", false},
		{[]string{"https://a.example"}, "/api/f", "", false},
		{[]string{"*"}, "/api/f", "https://b.example", true},
		{[]string{"*"}, "/admin/functions/f", "https://b.example", false},
		{[]string{"*"}, "/admin", "https://b.example", false},
		{[]string{"*"}, "/administrators", "https://b.example", true},
	} {
		rule, err := newCORS(c.rule, settings.LocalHost{})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", c.path, nil)
		r.Header.Set("Origin", c.origin)
		if got := (&Service{cors: rule}).AllowsOrigin(r); got != c.want {
			t.Errorf("rule %q, %s from %q: %v", c.rule, c.path, c.origin, got)
		}
	}
}

func TestKeys(t *testing.T) {
	testkit.NoLeaks(t)
	keys := NewKeys("master")
	f := start(t, "", func(c *Config) { c.Keys = keys })
	f.expect("GET", "/admin/host/status", "", 401, "")
	f.expect("GET", "/admin/host/ping", "", 200, "")
	if _, home := f.status("GET", "/"); strings.Contains(home, "process") || !strings.Contains(home, "is running") {
		t.Errorf("a stranger is told %q", home)
	}
	f.expect("GET", "/api/hello", "", 200, "") // anonymous
	f.expect("GET", "/admin/host/status", "", 200, `"state":"Running"`, "x-functions-key", "master")
	f.expect("GET", "/admin/host/status?code=master", "", 200, `"state":"Running"`)
	f.expect("GET", "/admin/host/keys?code=master", "", 200, `"default"`)
	f.expect("PUT", "/admin/functions/hello/keys/mine?code=master", `{"name":"mine","value":"abc"}`, 201, `"abc"`)
	f.expect("GET", "/admin/functions/hello/keys/mine?code=master", "", 200, `"abc"`)
	f.expect("POST", "/admin/host/systemkeys/blobs?code=master", "", 201, `"blobs"`)
	f.expect("DELETE", "/admin/functions/hello/keys/mine?code=master", "", 204, "")
	f.expect("GET", "/admin/functions/hello/keys/mine?code=master", "", 404, "no such key")
	request := func(key string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("x-functions-key", key)
		return r
	}
	own, _, err := keys.set(t.Context(), functionScope("A"), "default", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		level, function, key string
		want                 bool
	}{
		{"anonymous", "a", "", true},
		{"function", "a", "", false},
		{"function", "a", own.Value, true},
		{"function", "b", own.Value, false},
		{"admin", "a", own.Value, false},
		{"admin", "a", "master", true},
		{"system", "a", own.Value, false},
	} {
		if got := keys.allow(c.level, c.function, request(c.key)); got != c.want {
			t.Errorf("level %s of %s: %v", c.level, c.function, got)
		}
	}
}

func TestAdmin(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, "", nil)
	var list []functionInfo
	_, body := f.status("GET", "/admin/functions")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 7 {
		t.Fatalf("functions: %v, %s", err, body)
	}
	if list[4].Name != "hello" || !strings.HasSuffix(list[4].InvokeURLTemplate, "/api/hello/{name?}") {
		t.Errorf("hello: %+v", list[4])
	}
	f.expect("GET", "/admin/functions/PROCESS", "", 200, `"eventHubTrigger"`)
	f.expect("GET", "/admin/functions/process/status", "", 200, `"isDisabled":false`)
	f.expect("GET", "/admin/functions/none", "", 404, "no such function")
	f.expect("POST", "/admin/host/ping", "", 200, "")
	f.expect("GET", "/admin/host/config", "", 200, `"routePrefix":"api"`)
	f.expect("GET", "/admin/host/keys", "", 404, "keys are off")
	f.expect("GET", "/admin/elsewhere", "", 404, "no such operation")
	f.expect("GET", "/admin/host/elsewhere", "", 404, "no such operation")
	f.expect("PUT", "/admin/host/elsewhere/x", "", 404, "no such operation")
	f.expect("GET", "/admin/functions/download", "", 501, "downloading the app")
	f.expect("PUT", "/admin/host/state", `"offline"`, 501, "/admin/host/drain")
	f.expect("GET", "/admin/vfs/site/wwwroot/host.json", "", 501, "file API")

	f.expect("POST", "/admin/functions/process", "", 400, "input")
	f.expect("POST", "/admin/functions/process", `{"input":{"id":"n"}}`, 400, "input")
	f.expect("POST", "/admin/functions/process", `{"input":"x"}`, 415, "application/json", "Content-Type", "text/plain")
	f.expect("POST", "/admin/functions/process", `{"input":"x"}`, 415, "application/json", "Content-Type", "")
	f.expect("POST", "/admin/functions/none", `{"input":""}`, 404, "no such function")
	f.expect("POST", "/admin/functions/alarm", `{"input":"no documents"}`, 400, "document")
	f.expect("POST", "/admin/functions/process", `{"input":"{\"id\":\"by-hand\"}"}`, 202, "")
	testkit.Eventually(t, limit, func() bool { return len(f.memory.Documents("db", "events")) == 1 }, "the document of the run by hand")
	f.expect("POST", "/admin/functions/alarm", `{"input":" {\"id\":\"one\"}"}`, 202, "")
	f.expect("POST", "/admin/functions/hello", `{"input":"{\"name\":\"x\"}"}`, 202, "")
}

func TestLimits(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, `{"version":"2.0","extensions":{"http":{"maxOutstandingRequests":1}}}`, nil)
	f.expect("GET", "/api/hello", "", 200, "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", f.url+"/api/hello?do=hang", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // again if the requests below happen to be in its way
		for ctx.Err() == nil {
			if resp, err := http.DefaultClient.Do(r); err == nil {
				resp.Body.Close()
			}
		}
	}()
	testkit.Eventually(t, limit, func() bool {
		code, _ := f.status("GET", "/api/hello")
		return code == http.StatusTooManyRequests
	}, "a second request is refused while the first runs")
}

// TestGoFunctionStreams: a Go function's response flows while its request is
// still open, the function knows who called, and a failure in the middle cuts
// the response off rather than make it look complete.
func TestGoFunctionStreams(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, "", nil)
	for said, want := range map[string]string{"hi": "you said hi\n", "panic": ""} {
		body, write := io.Pipe()
		req, err := http.NewRequest("POST", f.url+"/api/hello?do=stream", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(resp.Body)
		first, err := lines.ReadString('\n')
		if host, _, bad := net.SplitHostPort(strings.TrimPrefix(strings.TrimSpace(first), "hello ")); err != nil || bad != nil || host != "127.0.0.1" {
			t.Errorf("the first line: %q, %v", first, err)
		}
		if _, err := write.Write([]byte(said + "\n")); err != nil {
			t.Error(err)
		}
		write.Close()
		rest, err := io.ReadAll(lines)
		if string(rest) != want || (err == nil) != (want != "") {
			t.Errorf("after %q: %q, %v", said, rest, err)
		}
		resp.Body.Close()
	}
}

// TestAdminActsOnTheHost drains, resumes and restarts an app: what is drained
// reads nothing, what is resumed goes on where it was, and a restart brings
// another process.
func TestAdminActsOnTheHost(t *testing.T) {
	testkit.NoLeaks(t)
	f := start(t, "", nil)
	stored := func(n int) func() bool {
		return func() bool { return len(f.memory.Documents("db", "events")) == n }
	}
	f.expect("GET", "/admin/host/drain/status", "", 200, `"state":"Disabled"`)
	f.memory.Send("telemetry", 0, `{"id":"1"}`)
	testkit.Eventually(t, limit, stored(1), "the first event")
	f.expect("POST", "/admin/host/drain", "", 202, "")
	testkit.Eventually(t, limit, func() bool {
		_, list := f.status("GET", "/admin/functions/process")
		_, drained := f.status("GET", "/admin/host/drain/status")
		return strings.Contains(list, `"listener":"Stopped"`) && strings.Contains(drained, `{"state":"Completed","outstandingInvocations":0,"outstandingRetries":0}`)
	}, "drained")
	f.memory.Send("telemetry", 0, `{"id":"2"}`)
	f.expect("GET", "/api/hello", "", 200, "hello") // HTTP goes on
	if !stored(1)() {
		t.Error("a drained trigger read an event")
	}
	f.expect("POST", "/admin/host/resume", "", 200, `"state":"Running"`)
	testkit.Eventually(t, limit, stored(2), "the event that came meanwhile")

	var before, after struct {
		Processes []struct{ ProcessID int }
	}
	read := func(into any) bool {
		_, body := f.status("GET", "/admin/host/processes")
		return json.Unmarshal([]byte(body), into) == nil
	}
	if !read(&before) || len(before.Processes) != 2 || before.Processes[0].ProcessID != os.Getpid() {
		t.Fatalf("processes: %+v", before)
	}
	f.expect("POST", "/admin/host/restart", "", 200, "isSelfHost")
	testkit.Eventually(t, limit, func() bool {
		return read(&after) && len(after.Processes) == 2 && after.Processes[1] != before.Processes[1]
	}, "another worker process")
	f.memory.Send("telemetry", 0, `{"id":"3"}`)
	testkit.Eventually(t, limit, stored(3), "an event after the restart")
	f.expect("POST", "/admin/host/synctriggers", "", 200, `"status":"success"`)
	_, body := f.status("GET", "/admin/host/status")
	var status struct {
		Version string
		Worker  struct{ Failures int }
	}
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^4\.\d+\.\d+$`).MatchString(status.Version) || status.Worker.Failures != 0 {
		t.Errorf("status: %s", body)
	}
}
