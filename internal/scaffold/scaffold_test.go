package scaffold

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLibraryIsFresh: what an app carries of ours is what stands in the
// repository.
func TestLibraryIsFresh(t *testing.T) {
	files, err := library()
	if err != nil {
		t.Fatal(err)
	}
	module := filepath.Join("..", "..", "functions")
	here := map[string]bool{}
	err = filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(module, path)
		if err != nil || !Packs(filepath.ToSlash(name)) {
			return err
		}
		here[filepath.ToSlash(name)] = true
		text, err := os.ReadFile(path)
		if !bytes.Equal(text, find(files, filepath.ToSlash(name))) {
			t.Errorf("library.tar.gz has another functions/%s; run go generate ./internal/scaffold", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !here[f.name] {
			t.Errorf("library.tar.gz has %s, which is gone; run go generate ./internal/scaffold", f.name)
		}
	}
}

// TestArchiveIsOfTheseVersions: the modules that an app carries are those that
// the functions package requires, and this program is built with.
func TestArchiveIsOfTheseVersions(t *testing.T) {
	ours, err := library()
	if err != nil {
		t.Fatal(err)
	}
	files, err := unpack(vendored)
	if err != nil {
		t.Fatal(err)
	}
	list := string(find(files, "modules.txt"))
	licences := map[string]bool{}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.name, "/LICENSE"); ok {
			licences[name] = true
		}
	}
	of, _, err := requirements(find(ours, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range of {
		if !strings.Contains(list, "\n# "+m+"\n") {
			t.Errorf("vendor.tar.gz is not of %s; run go generate ./internal/scaffold", m)
		}
		if name, _, _ := strings.Cut(m, " "); !licences[name] && name != "google.golang.org/genproto/googleapis/rpc" {
			t.Errorf("%s comes without its licence", m)
		}
		if !strings.Contains(string(program), "\t"+m) {
			t.Errorf("functions/go.mod requires %s, and go.mod another version", m)
		}
	}
	for _, p := range []string{"", "/functionstest", "/funcrpc"} {
		if !strings.Contains(list, "\n"+module+p+"\n") {
			t.Errorf("modules.txt does not list %s%s", module, p)
		}
	}
}

func TestTrigger(t *testing.T) {
	for said, want := range map[string]string{
		"http": "http", "HTTP trigger": "http", "Azure Event Hub trigger": "eventhub", "event-hubs": "eventhub",
		"Azure Cosmos DB trigger": "cosmosdb", "cosmos": "cosmosdb", "Timer trigger": "timer", "Azure Blob Storage trigger": "blob", "Azure Queue Storage trigger": "queue", "Kafka trigger": "kafka",
		"Azure Service Bus Queue trigger": "servicebus", "service-bus": "servicebus", "ServiceBusTopicTrigger": "servicebustopic", "Warmup trigger": "warmup", "wish": "",
	} {
		if got, err := Trigger(said, AllTriggers); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", said, got, err)
		}
	}
}
