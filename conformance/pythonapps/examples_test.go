package pythonapps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

const examples = "../../examples/"

func TestHelloPython(t *testing.T) {
	r, ok := up(t, examples+"hello-python")
	if !ok {
		return
	}
	for path, want := range map[string]string{
		"/api/hello/you": "Hello, you!", "/api/hello?name=me": "Hello, me!", "/api/hello": "Hello, world!",
	} {
		if got := r.get(t, path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if a := r.call(t, http.MethodPost, "/api/hello", `{"name":"JSON"}`); a.body != "Hello, JSON!" {
		t.Error(a.body)
	}
	r.call(t, http.MethodPost, "/admin/functions/tick", "{}", "Content-Type", "application/json")
	r.says(t, "five minutes have passed")
}

// telemetry are events as devices send them, and as they should not.
const telemetry = `{"id":"evt-1","deviceId":"device-001","eventType":"telemetry","timestamp":"2026-01-02T03:04:05Z","data":{"temperature":21.5},"location":{"region":"koreacentral"},"extra":1}
{"id":"evt-2","deviceId":"device-002","eventType":"telemetry","timestamp":"2026-01-02T03:04:06Z","data":{"temperature":41.26}}
{"id":"evt-3","deviceId":"device-003","eventType":"status","timestamp":7,"data":{"temperature":99}}
[1]
{"id":"evt-4","deviceId":"device-004","timestamp":"x","data":{"온도":"높음"},"location":null}
{"data":{"temperature":40.01},"timestamp":"2026-01-02T03:04:07Z"}
`

// TestTelemetryTwins: the telemetry example in Go and in Python store the same
// documents of the same events, and raise the same alarms.
func TestTelemetryTwins(t *testing.T) {
	python, ok := up(t, examples+"telemetry-python/app")
	if !ok {
		return
	}
	dir, err := filepath.Abs(examples + "telemetry/app")
	if err != nil {
		t.Fatal(err)
	}
	golang := running{lab.Up(t, strings.ReplaceAll(project, "DIR", dir)), dir}
	events := filepath.Join(t.TempDir(), "events.txt") // as they are: one is no object
	write(t, events, telemetry)
	said := map[string][]string{}
	for _, r := range []running{golang, python} {
		r.Run(t, "send", "telemetry_events", "--file", events, "--partition-key", "k")
		a := r.call(t, http.MethodPost, "/api/process-event", `{"id":"p1","deviceId":"d1","n":1.5}`)
		if a.StatusCode != http.StatusOK || object(t, a.body)["eventId"] != "p1" {
			t.Errorf("%s %s", a.Status, a.body)
		}
		for _, bad := range []string{`{"id":"e1"}`, `{"id":1,"deviceId":"d1"}`, `{"id":`, `null`} {
			a := r.call(t, http.MethodPost, "/api/process-event", bad)
			said[r.dir] = append(said[r.dir], fmt.Sprintf("%d %v", a.StatusCode, object(t, a.body)["error"]))
		}
		eventually(t, func() bool { return len(documents(t, r)) == 6 }, "six documents", r.Said)
		r.says(t, "High temperature alert: 41.26 °C exceeds the threshold of 40.0 °C on device device-002")
		r.says(t, "High temperature alert: 40.01 °C exceeds the threshold of 40.0 °C on device unknown")
		r.says(t, "Successfully processed 5 of 6 events")
	}
	if !slices.Equal(said[golang.dir], said[python.dir]) {
		t.Errorf("refusals differ: %q and %q", said[golang.dir], said[python.dir])
	}
	if a, b := documents(t, golang), documents(t, python); !slices.Equal(a, b) {
		t.Errorf("the documents differ\n%s\n\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	if a := python.call(t, http.MethodGet, "/api/devices/d1/check?temperature=40.5", ""); object(t, a.body)["alarm"] != true {
		t.Errorf("%s %s", a.Status, a.body)
	}
}

// documents are those that are stored, in order, without what tells when.
func documents(t *testing.T, r running) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(r.Run(t, "query", "SELECT * FROM c", "--db", "serverless_db", "--container", "events", "--json")) {
		var doc map[string]any
		if json.Unmarshal([]byte(line), &doc) != nil {
			continue
		}
		delete(doc, "processedAt")
		if hub, ok := doc["eventHub"].(map[string]any); ok {
			delete(hub, "enqueuedTime")
		}
		for name := range doc {
			if strings.HasPrefix(name, "_") {
				delete(doc, name)
			}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	slices.Sort(out)
	return out
}

// TestWorkshop: the function_app.py of the workshop, with functions that have no
// annotations.
func TestWorkshop(t *testing.T) {
	app := t.TempDir()
	write(t, filepath.Join(app, "function_app.py"), workshop)
	r, ok := up(t, app)
	if !ok {
		return
	}
	r.Run(t, "send", "telemetry_events", "--count", "20", "--seed", "7")
	eventually(t, func() bool { return len(documents(t, r)) == 20 }, "twenty documents", r.Said)
	r.says(t, "High temperature alert")
	a := r.call(t, http.MethodPost, "/api/process-event", `{"id":"p1","deviceId":"d1"}`)
	if a.StatusCode != http.StatusOK || len(documents(t, r)) != 21 {
		t.Errorf("%s %s", a.Status, a.body)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "host.json")); err != nil {
		t.Error(err)
	}
}

const workshop = `import json
import logging
from datetime import datetime

import azure.functions as func

app = func.FunctionApp()


@app.event_hub_message_trigger(
    arg_name="events",
    event_hub_name="telemetry_events",
    connection="EventHubConnection"
)
@app.cosmos_db_output(
    arg_name="outputDocuments",
    database_name="serverless_db",
    container_name="events",
    connection="CosmosDBConnection"
)
def eventhub_trigger_processor(events, outputDocuments):
    if not isinstance(events, list):
        events = [events]
    documents = []
    for event in events:
        body = json.loads(event.get_body().decode('utf-8'))
        body["processedAt"] = datetime.utcnow().isoformat()
        documents.append(func.Document.from_dict(body))
    outputDocuments.set(func.DocumentList(documents))
    logging.info(f"Successfully processed {len(documents)} events")


@app.cosmos_db_trigger(
    arg_name="documents",
    database_name="serverless_db",
    container_name="events",
    connection="CosmosDBConnection",
    lease_container_name="leases"
)
def cosmosdb_changefeed_processor(documents):
    for doc in documents:
        if doc.get("data", {}).get("temperature", 0) > 40:
            logging.warning(f"High temperature alert: {doc['data']['temperature']}")


@app.route(route="process-event", methods=["POST"])
@app.cosmos_db_output(
    arg_name="outputDocument",
    database_name="serverless_db",
    container_name="events",
    connection="CosmosDBConnection"
)
def http_trigger_process_event(req, outputDocument):
    outputDocument.set(func.Document.from_dict(req.get_json()))
    return func.HttpResponse(json.dumps({"status": "success"}), mimetype="application/json")
`

// TestThumbnailTwins: the thumbnail example in Go and in Python make the same
// thumbnail of one picture, pixel by pixel: one whose sides are no multiples of the
// thumbnail's, with colours of every opacity.
func TestThumbnailTwins(t *testing.T) {
	venv, ok := lab.PythonEnv(t, "pythonapps", "python")
	if !ok {
		return
	}
	t.Setenv("VIRTUAL_ENV", venv)
	golang, err := filepath.Abs(examples + "thumbnail/app")
	if err != nil {
		t.Fatal(err)
	}
	p := image.NewNRGBA(image.Rect(0, 0, 301, 200))
	for y := range 200 {
		for x := range 301 {
			p.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y * 7), uint8(x * y), uint8(255 - (x+y)%300)})
		}
	}
	file := filepath.Join(t.TempDir(), "a.png")
	var text bytes.Buffer
	if err := png.Encode(&text, p); err != nil {
		t.Fatal(err)
	}
	write(t, file, text.String())
	var made []image.Image
	for _, dir := range []string{golang, copyApp(t, examples+"thumbnail-python/app")} {
		yaml := strings.Replace(project, "storage: {", "storage: {containers: [samples-workers, thumbnails], ", 1)
		r := lab.Up(t, strings.ReplaceAll(yaml, "DIR", dir))
		r.Run(t, "storage", "cp", file, "blob:///samples-workers/")
		var small image.Image
		eventually(t, func() bool {
			content := r.Run(t, "storage", "ls", "blob:///thumbnails/")
			if !strings.Contains(content, "a.png") {
				return false
			}
			to := filepath.Join(t.TempDir(), "small.png")
			r.Run(t, "storage", "cp", "blob:///thumbnails/a.png", to)
			in, err := os.Open(to)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			small, err = png.Decode(in)
			return err == nil
		}, "a thumbnail", r.Said)
		made = append(made, small)
	}
	if made[0].Bounds() != image.Rect(0, 0, 128, 85) || made[1].Bounds() != made[0].Bounds() {
		t.Fatalf("%v and %v", made[0].Bounds(), made[1].Bounds())
	}
	for y := range made[0].Bounds().Dy() {
		for x := range made[0].Bounds().Dx() {
			if a, b := color.NRGBAModel.Convert(made[0].At(x, y)), color.NRGBAModel.Convert(made[1].At(x, y)); a != b {
				t.Fatalf("pixel %d,%d is %v in Go and %v in Python", x, y, a, b)
			}
		}
	}
}
