package eventhubs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// A function app that reads a hub beside the SDKs' processors, so that both can go on
// where the other was. It is a custom handler in the language of the suite, which
// appends the bodies it is given to a file.

const appHost = `{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "PROGRAM", "arguments": ["handler"]}},
 "extensions": {"eventHubs": {"loadBalancingUpdateInterval": "00:00:01"}}}`

const appFunction = `{"bindings": [{"type": "eventHubTrigger", "direction": "in", "name": "events", "eventHubName": "HUB",
 "connection": "HubConnection", "cardinality": "many", "dataType": "string"}]}`

const appSettings = `{"IsEncrypted": false, "Values": {"AzureWebJobsStorage": "UseDevelopmentStorage=true",
 "HubConnection": "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true"}}`

const nodeHandler = `
const { appendFileSync } = require("node:fs");
require("node:http").createServer((request, response) => {
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () => {
    if (request.method !== "POST") return response.end();
    let events = JSON.parse(text).Data.events;
    if (typeof events === "string") events = JSON.parse(events);
    for (const e of events) appendFileSync("seen", String(e).replace(/^"|"$/g, "") + "\n");
    response.setHeader("Content-Type", "application/json");
    response.end("{}");
  });
}).listen(process.env.FUNCTIONS_CUSTOMHANDLER_PORT, "127.0.0.1");
`

const pythonHandler = `
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Data"]["events"]
        if isinstance(events, str):
            events = json.loads(events)
        with open("seen", "a") as seen:
            seen.writelines(str(e).strip('"') + "\n" for e in events)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

http.server.HTTPServer(("127.0.0.1", int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])), Handler).serve_forever()
`

// readingApp writes the app that reads a hub, and returns its part of the project file
// and its folder. ok is false when the program that runs it is missing.
func readingApp(t *testing.T, hub, program, handler string) (project, dir string, ok bool) {
	t.Helper()
	path, ok := lab.Tool(t, program)
	if !ok {
		return "", "", false
	}
	dir = t.TempDir()
	for name, text := range map[string]string{
		"host.json":           strings.ReplaceAll(appHost, "PROGRAM", path),
		"read/function.json":  strings.ReplaceAll(appFunction, "HUB", hub),
		"local.settings.json": appSettings,
		"handler":             handler,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "functions: {port: 0, apps: {reader: {path: " + dir + "}}}\n", dir, true
}

// storageEnv tells a suite where blobs are, and the app's file.
func storageEnv(l *lab.Lazuli, dir string) []string {
	return []string{
		"FUNCTION_SEEN=" + filepath.Join(dir, "seen"),
		"STORAGE_CONNECTION_STRING=" + storageConnection(l),
	}
}

func storageConnection(l *lab.Lazuli) string {
	return "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
		"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
		"BlobEndpoint=http://" + l.Addresses["blob"] + "/devstoreaccount1;"
}

// hostProject is a lazuli that has nothing but a function app.
const hostProject = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// farHost starts a second lazuli whose app reads a hub of the first one and keeps its
// state there, and returns the app's folder.
func farHost(t *testing.T, l *lab.Lazuli, hub, program, handler string) (dir string) {
	t.Helper()
	app, dir, ok := readingApp(t, hub, program, handler)
	if !ok {
		return ""
	}
	settings, err := json.Marshal(map[string]any{"IsEncrypted": false, "Values": map[string]string{
		"AzureWebJobsStorage": storageConnection(l),
		"HubConnection":       hubConnection(t, l, "RootManageSharedAccessKey", "SAS_KEY_VALUE"),
	}})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "local.settings.json"), settings, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	lab.Up(t, hostProject+app)
	return dir
}
