package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// How long a probe waits for what it wants. Without the key it waits in vain,
// and what comes late is another result too.
const (
	keyWait        = 20 * time.Second
	keyWaitWithout = 1500 * time.Millisecond
)

// rig is the application of a case, running.
type rig struct {
	t        *testing.T
	app      *App
	info     instance.Info
	dir      string // of the project
	port     int    // PORT of the case
	in       string // namespace or account
	patience time.Duration
	log      *warnings
	calls    *callCount
}

// run gives the probe's answer, or why the application does not start.
func (c keyCase) run(t *testing.T, key string, without bool) string {
	r := &rig{t: t, dir: t.TempDir(), port: freePort(t), in: c.in, patience: keyWait, log: &warnings{}, calls: &callCount{}}
	if without {
		r.patience = keyWaitWithout
	}
	writeFiles(t, r.dir, c.files)
	writeFiles(t, r.dir, map[string]string{config.FileName: string(c.projectFile(t, key, r.port, without))})
	cfg, err := config.Load(r.dir)
	if err != nil {
		return "refused: " + err.Error()
	}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	if c.before != nil {
		if err := inStorage(cfg, func(s *dataFolder) { c.before(t, s) }); err != nil {
			t.Error(err)
		}
	}
	ready := make(chan instance.Info, 1)
	r.app, err = Build(t.Context(), Options{
		Config: cfg, Log: log, Version: "1.2.3", FS: vfs.WithFaults(vfs.Default, r.calls),
		Ready: func(s Summary) { ready <- s.Info },
	})
	if err != nil {
		return "not built: " + err.Error()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.app.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v\n%s", err, r.log)
		}
	}()
	select {
	case r.info = <-ready:
		return c.probe(r)
	case <-time.After(time.Minute):
		return "not ready: " + r.log.String()
	}
}

// inStorage does something in the storage of an application that does not run.
func inStorage(cfg config.Config, do func(*dataFolder)) error {
	st, err := openDeclared(cfg, vfs.Default, testkit.Discard(), nil)
	if err != nil {
		return err
	}
	defer st.close(testkit.Discard())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.broker.Run(ctx) }()
	if _, err = houseOn(ctx, cfg, st, telemetry.New()); err == nil {
		do(st)
	}
	cancel()
	if ended := <-done; err == nil {
		err = ended
	}
	return err
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// freePort is a port that nobody has, until now.
func freePort(t *testing.T) int {
	port, err := testkit.FreePort()
	if err != nil {
		t.Error(err)
	}
	return port
}

// callCount counts the calls of storage to its file system.
type callCount struct {
	mu    sync.Mutex
	calls []vfs.Op // guarded by mu
}

func (c *callCount) String() string { return "calls" }

// MaybeError implements vfs.Injector; it never fails a call.
func (c *callCount) MaybeError(op vfs.Op) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, op)
	return nil
}

// count counts the calls of these kinds, from mark on, to files of an engine's
// folder.
func (c *callCount) count(mark int, folder string, kinds ...vfs.OpKind) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, call := range c.calls[mark:] {
		if slices.Contains(kinds, call.Kind) && strings.Contains(filepath.ToSlash(call.Path), "/"+folder+"/") {
			n++
		}
	}
	return n
}

func (c *callCount) mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// until asks until the answer is good, or the patience has ended, and gives the
// last one.
func (r *rig) until(ask func() string, good func(string) bool) string {
	ctx, cancel := context.WithTimeout(context.Background(), r.patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		got := ask()
		if good(got) {
			return got
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return got
		}
	}
}

// fields waits until the answer has so many words.
func (r *rig) fields(n int, ask func() string) string {
	return r.until(ask, func(s string) bool { return len(strings.Fields(s)) >= n })
}

// call sends a request and returns its status and body. headers are pairs.
func (r *rig) call(method, url, body string, headers ...string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), keyWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, err.Error()
	}
	return resp.StatusCode, string(text)
}

// code is the status of a request to an open service.
func (r *rig) code(service, path string, headers ...string) string {
	code, text := r.call("GET", r.url(service)+path, "", headers...)
	if code == 0 {
		return text
	}
	return fmt.Sprint(code)
}

// url is where a service answers.
func (r *rig) url(service string) string {
	_, port, err := net.SplitHostPort(r.info.Addresses[service])
	if err != nil {
		return "http://no-" + service
	}
	return "http://127.0.0.1:" + port
}

// portal asks the portal's interface and decodes the answer.
func (r *rig) portal(method, path, body string, into any) string {
	code, text := r.call(method, r.url(instance.Portal)+path, body)
	if code == 0 || code > 299 {
		return fmt.Sprint(code, " ", text)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return err.Error()
		}
	}
	return ""
}

// send sends events through the portal, the text before | in a body is its key.
func (r *rig) send(hub string, bodies ...string) {
	for _, body := range bodies {
		key, rest, found := strings.Cut(body, "|")
		if !found {
			key, rest = "", body
		}
		order, err := json.Marshal(map[string]string{"body": rest, "key": key})
		if err == nil {
			if fault := r.portal("POST", "/api/hubs/"+r.namespace()+"/"+hub+"/events", string(order), nil); fault != "" {
				err = fmt.Errorf("send: %s", fault)
			}
		}
		if err != nil {
			r.t.Error(err)
		}
	}
}

// events are those of partition 0 of a hub, oldest first.
func (r *rig) events(hub string) []hubs.Event {
	at := "/api/hubs/" + r.namespace() + "/" + hub
	code, text := r.call("POST", r.url(instance.Portal)+at+"/events:search", `{"q":"partition:0","oldest":true}`)
	if code != http.StatusOK {
		return []hubs.Event{{Body: text}}
	}
	var all []hubs.Event
	for line := range strings.Lines(text) {
		var row struct{ S *int64 }
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.S == nil {
			continue // progress
		}
		var e hubs.Event
		if fault := r.portal("GET", fmt.Sprint(at, "/partitions/0/events/", *row.S), "", &e); fault != "" {
			e.Body = fault
		}
		all = append(all, e)
	}
	return all
}

// job is the only job's state.
func (r *rig) job() pagejobs.State {
	var all []pagejobs.State
	if fault := r.portal("GET", "/api/jobs", "", &all); fault != "" || len(all) != 1 {
		return pagejobs.State{State: fmt.Sprint(len(all), " jobs ", fault)}
	}
	return all[0]
}

// databases is where the portal has the account's databases.
func (r *rig) databases() string { return "/api/accounts/" + cmp.Or(r.in, "default") + "/databases" }

// query is the answer of a document query: the rows, a blank between them.
func (r *rig) query(database, container, text string) string {
	var page struct{ Rows []items.Row }
	order, err := json.Marshal(map[string]string{"query": text})
	if err != nil {
		return err.Error()
	}
	if fault := r.portal("POST", r.databases()+"/"+database+"/containers/"+container+"/query", string(order), &page); fault != "" {
		return fault
	}
	var all []string
	for _, row := range page.Rows {
		all = append(all, strings.ReplaceAll(row.Text, `"`, ""))
	}
	return strings.Join(all, " ")
}

// lines are those of a file of the project, a blank between them.
func (r *rig) lines(name string) string {
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// tls is how clients trust the application's certificates.
func (r *rig) tls() *tls.Config {
	pool, err := certificatePool(r.info.CAFile)
	if err != nil {
		r.t.Error(err)
	}
	return &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}
