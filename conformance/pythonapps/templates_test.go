package pythonapps

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// TestTemplates: what `lazuli func init` and `lazuli func new` write in Python loads with
// the vendor's package, and runs: every trigger that has a template, in one app.
func TestTemplates(t *testing.T) {
	venv, ok := lab.PythonEnv(t, "pythonapps", "python")
	if !ok {
		return
	}
	t.Setenv("VIRTUAL_ENV", venv)
	broker := lab.NewKafka(t, "events")
	t.Setenv("KafkaBrokers", broker.Address)
	t.Setenv("ServiceBusConnection", "Endpoint=sb://nowhere.invalid/;SharedAccessKeyName=k;SharedAccessKey=a2V5") // it is waited for
	tool := lab.Up(t, "functions: {port: 0}\neventHubs: {amqpPort: 0, amqpsPort: 0}\ncosmos: {port: 0}\nportal: {port: 0}\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\n")
	dir := filepath.Join(t.TempDir(), "app")
	tool.Run(t, "func", "init", dir, "--worker-runtime", "python")
	names := []string{"hello"}
	for _, trigger := range []string{"http", "eventhub", "timer", "queue", "blob", "cosmosdb", "kafka", "servicebus", "servicebustopic", "warmup"} {
		names = append(names, "on-"+trigger)
		tool.Run(t, "func", "new", "--project", dir, "--name", "on-"+trigger, "--trigger", trigger, "--hub", "many", "--database", "db", "--container", "docs")
	}
	r, ok := up(t, dir)
	if !ok {
		return
	}
	for _, path := range []string{"/api/hello?name=you", "/api/on-http?name=you"} {
		if got := r.get(t, path); got != "Hello, you!" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := r.functions(t); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		t.Errorf("the functions are %v", got)
	}
	r.Run(t, "send", "many", "--count", "1")
	broker.Send(t, "events", "of a broker")
	for name, input := range map[string]string{
		"on-timer": "", "on-queue": "of a queue", "on-cosmosdb": `[{"id":"changed"}]`, "on-servicebus": "of a bus", "on-servicebustopic": "of a topic",
	} {
		body, err := json.Marshal(map[string]string{"input": input})
		if err != nil {
			t.Fatal(err)
		}
		if a := r.call(t, http.MethodPost, "/admin/functions/"+name, string(body), "Content-Type", "application/json"); a.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %s %s", name, a.Status, a.body)
		}
	}
	for _, text := range []string{"ready", "event 0/0: of a broker", ": of a queue", ": of a bus", ": of a topic"} {
		r.says(t, text)
	}
	for _, name := range []string{"timer", "eventhub", "queue", "cosmosdb", "servicebus", "servicebustopic"} {
		r.says(t, "Executed 'Functions.on-"+name+"' (Succeeded")
	}
}

// functions are the names of those that the app has, sorted.
func (r running) functions(t *testing.T) (names []string) {
	t.Helper()
	var all []struct{ Name string }
	if err := json.Unmarshal([]byte(r.get(t, "/admin/functions")), &all); err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}
