package host_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// handlerDir is an app folder with the test app deployed as a custom handler.
func handlerDir(t *testing.T, forward string) string {
	t.Helper()
	exe, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(exe, filepath.Join(dir, "app")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(exe, "gen", "-dir", dir, "-exe", "app").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write(t, dir, "host.json", `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"app"},"enableForwardingHttpRequest":`+forward+`}}`)
	return dir
}

func startHandler(t *testing.T, m *endtest.Memory, dir string) *rig {
	return start(t, m, func(o *host.Options) { o.Dir, o.BuildDir = dir, t.TempDir() })
}

// TestCustomHandler runs the same app over the HTTP protocol: batches,
// outputs, logs, HTTP with and without forwarding, and a crash.
func TestCustomHandler(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := startHandler(t, m, handlerDir(t, "true"))
	m.Send("telemetry", 0, `{"id":"a","temperature":41}`, `broken`, `{"id":"b"}`)
	r.awaitDocuments(2)
	r.awaitFinished("alarm", 1)
	testkit.Eventually(t, limit, func() bool { return strings.Contains(r.logs(), "too hot") }, "the handler's logs:\n%s", r.logs())

	if code, body := call(t, r, "GET", "/api/hello/you?q=now", ""); code != 200 || body != "hello you now" {
		t.Errorf("forwarded: %d %q", code, body)
	}
	if code, body := call(t, r, "POST", "/api/store", `{"id":"c"}`, "store"); code != 200 || body != "stored" {
		t.Errorf("with an output: %d %q", code, body)
	}
	r.awaitDocuments(3)

	m.Send("telemetry", 0, `{"id":"x","do":"exit"}`)
	done := r.awaitFinished("process", 2)
	if !worker.IsLost(done[1].Err) {
		t.Errorf("a crash: %v", done[1].Err)
	}
	m.Send("telemetry", 0, `{"id":"after"}`)
	r.awaitDocuments(4)
}

// TestCustomHandlerWithoutForwarding sends HTTP requests as JSON envelopes.
func TestCustomHandlerWithoutForwarding(t *testing.T) {
	testkit.NoLeaks(t)
	r := startHandler(t, endtest.New(1), handlerDir(t, "false"))
	if code, body := call(t, r, "POST", "/api/store", `{"id":"c"}`, "store"); code != 200 || body != "stored" {
		t.Errorf("%d %q", code, body)
	}
	if code, _ := call(t, r, "GET", "/api/hello?do=panic", ""); code != 500 {
		t.Errorf("a panic: %d", code)
	}
}

// call asks an HTTP function, hello unless another is named.
func call(t *testing.T, r *rig, method, path, body string, function ...string) (int, string) {
	t.Helper()
	name, params := "hello", map[string]string{"name": "you"}
	if len(function) > 0 {
		name, params = function[0], nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := r.ServeFunction(w, req, name, params); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	req, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestHandlersThatDoNotStart says what is wrong.
func TestHandlersThatDoNotStart(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	dir := t.TempDir()
	write(t, dir, "host.json", `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"nowhere"}}}`)
	_, err := host.New(host.Options{Name: "x", Dir: dir, Listen: testkit.Loopback, Triggers: m.Triggers(), Outputs: m.Outputs()})
	if err == nil || !strings.Contains(err.Error(), "build it first") {
		t.Errorf("a missing executable: %v", err)
	}
}
