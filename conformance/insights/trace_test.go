package insights

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

const traceTests = 3

// TestTrace follows events of azure-eventhub through the telemetry example in Python, from
// the device's span to the alarm.
func TestTrace(t *testing.T) {
	folder := filepath.Join(lab.Root(), "insights", "trace")
	venv, ok := lab.PythonEnv(t, "insights-trace", folder)
	if !ok {
		return
	}
	t.Setenv("VIRTUAL_ENV", venv)
	example := filepath.Join(lab.Root(), "..", "examples", "telemetry-python")
	app := filepath.Join(t.TempDir(), "app")
	if err := os.CopyFS(app, os.DirFS(filepath.Join(example, "app"))); err != nil {
		t.Fatal(err)
	}
	l := lab.Up(t, strings.NewReplacer(
		"eventHubs: {amqpPort: 0, amqpsPort: 0}", "eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {telemetry_events: {partitions: 2}}}",
		"cosmos: {port: 0}", "cosmos: {port: 0, databases: {serverless_db: {containers: {events: {partitionKey: /deviceId}, leases: {partitionKey: /id}}}}}",
	).Replace(project)+"functions: {port: 0, apps: {telemetry: {path: "+app+"}}}\n")
	env := append(libraries(t, l), "HUB=Endpoint=sb://"+l.LocalHost(t, "amqp")+";SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true")
	if results, ok := lab.RunPython(t, "insights-trace", folder, 1, env); ok {
		lab.Check(t, "insights-trace", results, traceTests)
	}
}
