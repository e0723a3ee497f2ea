// Package pythonapps runs function apps in Python with the real azure-functions
// package, as people write them.
package pythonapps

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

const limit = 2 * time.Minute

// project is a project file with one app.
const project = `
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {many: {partitions: 1}, one: {partitions: 1}, retried: {partitions: 1}, stored: {partitions: 1}, telemetry_events: {partitions: 1}}}
cosmos: {port: 0, databases: {serverless_db: {containers: {events: {partitionKey: /deviceId}, leases: {partitionKey: /id}}}, db: {containers: {docs: {partitionKey: /id}}}}}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
portal: {port: 0}
identity: {port: 0}
functions:
  port: 0
  apps:
    app:
      path: DIR
      settings: {GREETING: hello, QUEUE: incoming}
`

// settings name the services of this lazuli.
const settings = `{"IsEncrypted": false, "Values": {
 "FUNCTIONS_WORKER_RUNTIME": "python", "AzureWebJobsStorage": "UseDevelopmentStorage=true",
 "EventHubConnection": "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true",
 "CosmosDBConnection": "AccountEndpoint=https://localhost:8081/;AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="}}`

// running is a lazuli that serves one app.
type running struct {
	*lab.Lazuli
	dir string // of the app
}

// up serves a copy of the app in a folder with the packages of the suite. It
// returns false, after Missing, when there is no Python or registry.
func up(t *testing.T, folder string) (running, bool) {
	t.Helper()
	return upWith(t, folder, "pythonapps", "python")
}

// upWith is up with the packages of another suite.
func upWith(t *testing.T, folder, suite, packages string) (running, bool) {
	t.Helper()
	venv, ok := lab.PythonEnv(t, suite, packages)
	if !ok {
		return running{}, false
	}
	t.Setenv("VIRTUAL_ENV", venv)
	dir := copyApp(t, folder)
	return running{lab.Up(t, strings.ReplaceAll(project, "DIR", dir)), dir}, true
}

// copyApp copies an app, so that it may be changed, with what its settings lack.
func copyApp(t *testing.T, folder string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"host.json": `{"version": "2.0"}`, "local.settings.json": settings} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		write(t, path, text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answer is what a request got.
type answer struct {
	*http.Response
	body string
}

func (r running) url(path string) string { return "http://" + r.Addresses["functions/app"] + path }

// call sends a request; headers are pairs.
func (r running) call(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url(path), bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(text)}
}

// get is the body of a GET that must answer 200.
func (r running) get(t *testing.T, path string) string {
	t.Helper()
	a := r.call(t, http.MethodGet, path, "")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %s", path, a.Status, a.body)
	}
	return a.body
}

// object reads a JSON object.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// eventually waits until a claim holds.
func eventually(t *testing.T, claim func() bool, what string, values ...func() string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < limit; time.Sleep(20 * time.Millisecond) {
		if claim() {
			return
		}
	}
	var shown []string
	for _, v := range values {
		shown = append(shown, v())
	}
	t.Fatalf("not after %v: %s %s", limit, what, strings.Join(shown, " "))
}

// says waits for a line in what lazuli prints.
func (r running) says(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(r.Said(), text) }, "it says "+text)
}
