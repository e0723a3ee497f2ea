package host_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// limit is how long a test waits for something that crosses processes.
const limit = 20 * time.Second

// binary is the test app, built once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lazuli-host-test")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "app")
	return out, project.Build(context.Background(), filepath.Join("testdata", "app"), out, os.Environ())
})

func TestMain(m *testing.M) {
	for name, other := range map[string]func() error{
		"STREAMING_WORKER": streamingWorker, "RAW_HANDLER": rawHandler, "SLOW_HANDLER": slowHandler,
	} {
		if os.Getenv(name) == "" {
			continue
		}
		if err := other(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if out, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(out))
	}
	os.Exit(code)
}

// rig is a running host over sources in memory, and what it said.
type rig struct {
	*host.Host
	t      testing.TB
	memory *endtest.Memory
	stop   func()

	mu     sync.Mutex
	events []host.Event // guarded by mu
}

// start runs the test app. options may change what is set up.
func start(t testing.TB, memory *endtest.Memory, options ...func(*host.Options)) *rig {
	t.Helper()
	r := &rig{t: t, memory: memory}
	o := host.Options{
		Name: "test", Dir: t.TempDir(), Triggers: memory.Triggers(), Outputs: memory.Outputs(),
		HTTPAddress: "127.0.0.1:7071", Listen: testkit.Loopback, Version: "(devel)", Log: testkit.Logger(t), DrainTimeout: 5 * time.Second,
		Settings: map[string]string{
			"Hub":     "Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=v;UseDevelopmentEmulator=true",
			"Cosmos":  "AccountEndpoint=https://localhost:8081/;AccountKey=C2y6;",
			"HubName": "telemetry",
		},
		Listeners: []host.Listener{r.listen},
	}
	for _, f := range options {
		f(&o)
	}
	if o.Binary == "" && o.BuildDir == "" {
		out, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		o.Binary = out
	}
	h, err := host.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = h
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(limit):
			t.Error("the host did not stop")
		}
	})
	t.Cleanup(r.stop)
	select {
	case <-h.Ready():
	case err := <-done:
		t.Fatalf("the host ended: %v", err)
	case <-time.After(limit):
		t.Fatalf("not ready: %+v", h.Status())
	}
	return r
}

func (r *rig) listen(e host.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// finished returns the ended invocations of a function.
func (r *rig) finished(function string) []host.InvocationFinished {
	r.Told()
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []host.InvocationFinished
	for _, e := range r.events {
		if f, ok := e.(host.InvocationFinished); ok && f.Function == function {
			out = append(out, f)
		}
	}
	return out
}

// logs returns the messages that user code logged.
func (r *rig) logs() string {
	r.Told()
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, e := range r.events {
		if l, ok := e.(host.LogWritten); ok {
			fmt.Fprintf(&b, "%s %s %s\n", l.Function, l.Level, l.Message)
		}
	}
	return b.String()
}

// awaitFinished waits until a function has ended n times.
func (r *rig) awaitFinished(function string, n int) []host.InvocationFinished {
	r.t.Helper()
	testkit.Eventually(r.t, limit, func() bool { return len(r.finished(function)) >= n }, "%s ended %d times", function, n)
	return r.finished(function)
}

// awaitDocuments waits until the output container holds n documents.
func (r *rig) awaitDocuments(n int) [][]byte {
	r.t.Helper()
	testkit.Eventually(r.t, limit, func() bool { return len(r.memory.Documents("db", "events")) >= n }, "%d documents", n)
	return r.memory.Documents("db", "events")
}

// checkpoint returns the offset of a partition's checkpoint, "" without one.
func checkpoint(m *endtest.Memory, hub string, partition int) string {
	return m.Checkpoint(fmt.Sprintf("localhost/%s/$default/checkpoint/%d", hub, partition))["offset"]
}
