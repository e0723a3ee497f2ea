package functions

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestBrokenBuild: requests to an app that cannot be built are told why at once,
// and so is who asks for its status.
func TestBrokenBuild(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/plant\n\ngo 1.21\n", "main.go": "package main\n\nfunc main() { nothing() }\n", "host.json": `{"version": "2.0"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := endtest.New(1)
	h, err := host.New(host.Options{
		Name: "test", Dir: dir, BuildDir: t.TempDir(), Watch: true, Environ: os.Environ(), Triggers: m.Triggers(), Outputs: m.Outputs(),
		HTTPAddress: "127.0.0.1:7071", Listen: testkit.Loopback, Log: testkit.Logger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Host: h, Log: testkit.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startPatience-5*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	get := func(path string) (int, string) { // waits while the app is built
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if code, text := get("/api/hello"); code != http.StatusServiceUnavailable || !strings.Contains(text, "undefined: nothing") {
		t.Errorf("%d %s", code, text)
	}
	if code, text := get("/admin/host/status"); code != http.StatusOK || !strings.Contains(text, `"state":"Error"`) || !strings.Contains(text, "undefined: nothing") {
		t.Errorf("%d %s", code, text)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestBrokenWorker: requests to an app whose worker ends before it ever ran are told
// why at once, and do not wait for it.
func TestBrokenWorker(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"host.json":           `{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "/bin/sh", "arguments": ["-c", "exit 3"]}, "enableForwardingHttpRequest": true}}`,
		"hello/function.json": `{"bindings": [{"type": "httpTrigger", "direction": "in", "name": "req"}, {"type": "http", "direction": "out", "name": "$return"}]}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := endtest.New(1)
	h, err := host.New(host.Options{
		Name: "test", Dir: dir, Environ: os.Environ(), Triggers: m.Triggers(), Outputs: m.Outputs(),
		HTTPAddress: "127.0.0.1:7071", Listen: testkit.Loopback, Log: testkit.Logger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Host: h, Log: testkit.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startPatience-5*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/hello", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "ended (exit code 3) before it answered") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
