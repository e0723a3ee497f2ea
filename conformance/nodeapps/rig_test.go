// Package nodeapps runs function apps in JavaScript with the real @azure/functions
// package, as people write them.
package nodeapps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// project is a project file with one app.
const project = `
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {many: {partitions: 1}, one: {partitions: 1}, retried: {partitions: 1}, readings: {partitions: 1}}}
cosmos: {port: 0, databases: {db: {containers: {docs: {partitionKey: /id}}}}}
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
 "FUNCTIONS_WORKER_RUNTIME": "node", "AzureWebJobsStorage": "UseDevelopmentStorage=true",
 "EventHubConnection": "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true",
 "CosmosDBConnection": "AccountEndpoint=https://localhost:8081/;AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="}}`

// up serves a copy of the app in a folder with the packages of the suite. It
// returns false, after Missing, when there is no Node, npm or registry.
func up(t *testing.T, folder string) (lab.App, bool) {
	t.Helper()
	if _, ok := lab.Tool(t, "node"); !ok {
		return lab.App{}, false
	}
	modules, ok := lab.NodeModules(t, "nodeapps", "packages")
	if !ok {
		return lab.App{}, false
	}
	dir := copyApp(t, folder)
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return serve(t, dir), true
}

// serve runs the app in a folder.
func serve(t *testing.T, dir string) lab.App {
	t.Helper()
	return lab.App{Lazuli: lab.Up(t, strings.ReplaceAll(project, "DIR", dir)), Name: "app", Dir: dir}
}

// copyApp copies an app, so that it may be changed, with what its settings lack.
func copyApp(t *testing.T, folder string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"host.json": `{"version": "2.0"}`, "local.settings.json": settings} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			write(t, filepath.Join(dir, name), text)
		}
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
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
