package nodeapps

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// TestTemplates: what `lazuli func init` and `lazuli func new` write runs, in both
// languages; once the packages are there no registry is asked, also to compile.
func TestTemplates(t *testing.T) {
	if _, ok := lab.Tool(t, "node"); !ok {
		return
	}
	modules, ok := lab.NodeModules(t, "nodeapps", "packages")
	if !ok {
		return
	}
	t.Setenv("npm_config_registry", "http://127.0.0.1:9/") // nobody answers there
	for language, end := range map[string]string{"javascript": ".js", "typescript": ".ts"} {
		t.Run(language, func(t *testing.T) {
			broker := lab.NewKafka(t, "events")
			t.Setenv("KafkaBrokers", broker.Address)
			tool := lab.Up(t, "functions: {port: 0}\neventHubs: {amqpPort: 0, amqpsPort: 0}\ncosmos: {port: 0}\nportal: {port: 0}\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\n")
			dir := filepath.Join(t.TempDir(), "app")
			tool.Run(t, "func", "init", dir, "--worker-runtime", "node", "--language", language)
			triggers := []string{"http", "eventhub", "timer", "queue", "blob", "cosmosdb", "kafka", "servicebus", "servicebustopic", "warmup"}
			for _, trigger := range triggers {
				tool.Run(t, "func", "new", "--project", dir, "--name", "on-"+trigger, "--trigger", trigger, "--hub", "readings", "--database", "db", "--container", "docs")
				if _, err := os.Stat(filepath.Join(dir, "src", "functions", "on-"+trigger+end)); err != nil {
					t.Error(err)
				}
			}
			if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
				t.Fatal(err)
			}
			a := serve(t, dir)
			lab.Eventually(t, func() bool { return a.Call(t, http.MethodGet, "/api/hello?name=you", "").Text == "Hello, you!" }, "it runs", a.Said)
			a.Run(t, "send", "readings", "--count", "1")
			broker.Send(t, "events", "of a broker")
			if got := a.Call(t, http.MethodPost, "/admin/functions/on-timer", "{}", "Content-Type", "application/json"); got.StatusCode != http.StatusAccepted {
				t.Errorf("the timer: %s %s", got.Status, got.Text)
			}
			for _, text := range []string{"ready", "event 0:", "event 0/0: of a broker", "it is time", "ServiceBusConnection"} {
				a.Says(t, text)
			}
		})
	}
}
