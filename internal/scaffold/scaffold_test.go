package scaffold

import (
	"strings"
	"testing"
)

// TestArchiveIsOfTheseVersions: the modules that an app carries are those that
// this program is built with.
func TestArchiveIsOfTheseVersions(t *testing.T) {
	files, err := archived()
	if err != nil {
		t.Fatal(err)
	}
	var list string
	licences := map[string]bool{}
	for _, f := range files {
		if f.name == "vendor/modules.txt" {
			list = string(f.text)
		}
		if strings.HasSuffix(f.name, "/LICENSE") {
			licences[strings.TrimSuffix(strings.TrimPrefix(f.name, "vendor/"), "/LICENSE")] = true
		}
	}
	of, _, err := versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(append([]string{}, imported...), indirect...) {
		if !strings.Contains(list, "\n# "+m+" "+of[m]+"\n") {
			t.Errorf("vendor.tar.gz is not of %s %s; run go generate ./internal/scaffold", m, of[m])
		}
		if !licences[m] && m != "google.golang.org/genproto/googleapis/rpc" {
			t.Errorf("%s comes without its licence", m)
		}
	}
	for _, p := range packages {
		if !strings.Contains(list, "\n"+module+"/"+p+"\n") {
			t.Errorf("modules.txt does not list %s", p)
		}
	}
}

func TestTrigger(t *testing.T) {
	for said, want := range map[string]string{
		"http": "http", "HTTP trigger": "http", "Azure Event Hub trigger": "eventhub", "event-hubs": "eventhub",
		"Azure Cosmos DB trigger": "cosmosdb", "cosmos": "cosmosdb", "Timer trigger": "timer", "Blob trigger": "",
	} {
		if got, err := Trigger(said); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", said, got, err)
		}
	}
}
