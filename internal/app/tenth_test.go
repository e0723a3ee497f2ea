package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// service is the tenth service of the house: towers with bells. This function
// and its place in the list are all that the house needs to know of it.
func (b *bells) service(e *env) (parts, error) {
	tower, err := e.Exists.EnsureAccount("Toys/towers", "minster")
	return parts{
		Kinds: []resource.Kind{{Type: "Toys/towers/bells", Exists: b.exists, List: b.list, Apply: b.apply, Remove: b.remove}},
		Declared: []declared{
			{"bells.big", resource.ID{Account: tower, Type: "Toys/towers/bells", Name: "big"}, nil},
			{"bells.small", resource.ID{Account: tower, Type: "Toys/towers/bells", Name: "small"}, nil},
		},
		Routes:   []door.Route{{Type: "Toys/towers", HTTP: func(resource.Account) http.Handler { return b }}},
		Suffixes: []suffix{{domain: "bells.test", typ: "Toys/towers"}},
		Triggers: trigger.Table{{Type: "bellTrigger", Title: "Bell", New: func(s trigger.Setup) (trigger.Trigger, error) { return bellTrigger{b, s}, nil }}},
		Outputs:  output.Table{{Type: "bell", New: func(s output.Setup) (output.Output, error) { return bellOutput{b, s.Binding.Text("bell")}, nil }}},
		Streams: jobs.Kinds{
			Sources: []jobs.SourceKind{{Kind: "bell", Open: func(_ context.Context, in jobs.Input, _ *slog.Logger) (jobs.Source, error) {
				return bellSource{b, in.Target}, nil
			}}},
			Sinks: []jobs.SinkKind{{Kind: "bell", Open: func(_ context.Context, out jobs.Output) (stream.Sink, error) { return bellSink{b, out.Target}, nil }}},
		},
		Pages: []portal.Page{{Kind: "towers", Rows: b.rows, Count: func() int { return 2 }}},
		Work:  []part{{name: "bells", run: func(ctx context.Context) error { <-ctx.Done(); return nil }}},
	}, err
}

// TestTenthService rings a bell over HTTP under the tower's own host name. A
// function hears it and rings another, which a stream job reads and rings a
// third: names, doors, the catalogue, triggers, outputs and both sides of stream
// jobs, all from one function and one line.
func TestTenthService(t *testing.T) {
	testkit.NoLeaks(t)
	cfg := config.Default(t.TempDir())
	cfg.EventHubs.AMQPPort, cfg.EventHubs.AMQPSPort, cfg.Cosmos.Port, cfg.Functions.Port, cfg.Portal.Port, cfg.Identity.Port, cfg.Gateway.Port = 0, 0, 0, 0, 0, 0, 0
	cfg.Storage.BlobPort, cfg.Storage.QueuePort, cfg.Storage.TablePort = 0, 0, 0
	cfg.Functions.Apps = map[string]config.App{"ringers": {Path: bellApp(t, cfg.Dir)}}
	b := &bells{rung: map[string][]string{}, again: make(chan struct{})}
	ready := make(chan struct{})
	a, err := build(t.Context(), Options{Config: cfg, Log: testkit.Discard(), Ready: func(Summary) { close(ready) }}, append([]service{{build: b.service}}, services()...))
	if err != nil {
		t.Fatal(err)
	}
	job, err := jobs.New(t.Context(), jobs.Spec{
		Name: "peal", Query: filepath.Join(cfg.Dir, "peal.asaql"), Start: "all", Policy: stream.DefaultTimePolicy(),
		Inputs:  []jobs.Input{{Name: "small", Kind: "bell", Target: "small"}},
		Outputs: []jobs.Output{{Name: "third", Kind: "bell", Target: "third"}},
	}, a.house.Given.Streams, a.storage.jobStore("peal"), testkit.Discard())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- a.Run(ctx) }()
	go func() { ended <- job.Run(ctx) }()
	defer func() {
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}()
	<-ready
	post(t, a.doors.addresses["portal"], "minster.bells.test", `{"n":1}`, http.StatusOK)
	post(t, a.doors.addresses["cosmos"], "MINSTER.bells.test:443", `{"n":2}`, http.StatusOK)
	post(t, a.doors.addresses["portal"], "chapel.bells.test", `{"n":3}`, http.StatusNotFound)
	patience, end := context.WithTimeout(t.Context(), 30*time.Second)
	defer end()
	for n := range 2 {
		rung, err := b.from(patience, "third", n)
		if want := fmt.Sprintf(`{"n":%d}`, 10*(n+1)); err != nil || rung[0] != want {
			t.Fatalf("the job rang %q (%v), want %s", rung, err, want)
		}
	}
	get(t, "http://"+a.doors.addresses["portal"]+"/api/lists/towers", `"big"`)
	if got := a.storage.exists.List(a.house.tower(t), "Toys/towers/bells"); len(got) != 2 {
		t.Errorf("the catalogue lists %v", got)
	}
}

func (e *env) tower(t *testing.T) resource.Account {
	a, err := e.Exists.Account("Toys/towers", "MINSTER")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func get(t *testing.T, url, want string) {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if text, _ := io.ReadAll(reply.Body); !strings.Contains(string(text), want) {
		t.Errorf("%s answers %d %s, want %s", url, reply.StatusCode, text, want)
	}
}

func post(t *testing.T, address, host, body string, want int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/big", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if text, _ := io.ReadAll(reply.Body); reply.StatusCode != want {
		t.Errorf("%s answers %d %s, want %d", host, reply.StatusCode, text, want)
	}
}

// bellRinger lets this test binary be the custom handler.
const bellRinger = "-test.run=^TestBellRinger$"

// bellApp is a function app whose custom handler is this test binary.
func bellApp(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	handler, err := json.Marshal(map[string]any{"version": "2.0", "customHandler": map[string]any{
		"description": map[string]any{"defaultExecutablePath": self, "arguments": []string{bellRinger}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"peal.asaql":             "SELECT n * 10 AS n INTO third FROM small",
		"app/host.json":          string(handler),
		"app/ring/function.json": `{"bindings":[{"type":"bellTrigger","direction":"in","name":"b","bell":"big"},{"type":"bell","direction":"out","name":"out","bell":"small"}]}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "app"
}

// TestBellRinger is the custom handler of TestTenthService, when a host started
// it; as a test by itself it has nothing to do.
func TestBellRinger(*testing.T) {
	port := os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	if port == "" {
		return
	}
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Data map[string]json.RawMessage }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			return
		}
		fmt.Fprintf(w, `{"Outputs":{"out":%s}}`, in.Data["b"])
	})}
	_ = server.ListenAndServe()
}
