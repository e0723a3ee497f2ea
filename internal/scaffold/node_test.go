package scaffold

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNodeApp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "My Plant")
	if IsNode(dir) {
		t.Error("nothing is a Node app")
	}
	if _, err := InitNode(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := InitNode(dir, false); err == nil {
		t.Error("what exists was written over")
	}
	text, err := os.ReadFile(filepath.Join(dir, nodePackage))
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Name, Main string }
	if err := json.Unmarshal(text, &p); err != nil || p.Name != "my-plant" || p.Main != "src/functions/*.js" || !IsNode(dir) {
		t.Errorf("%v %s", err, text)
	}
	for trigger, want := range map[string]string{
		"http": "app.http('on-http'", "eventhub": "eventHubName: 'events'", "cosmosdb": "containerName: 'items'", "timer": "schedule: '0 * * * * *'",
		"queue": "app.storageQueue('on-queue'", "Azure Blob Storage trigger": "path: 'uploads/{name}'",
	} {
		kind := strings.ToLower(strings.Fields(strings.TrimPrefix(trigger, "Azure "))[0])
		path, err := AddNode(Function{Dir: dir, Name: "on-" + kind, Trigger: trigger})
		if err != nil {
			t.Errorf("%s: %v", trigger, err)
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, path)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, no %q in\n%s", path, err, want, text)
		}
	}
}

func TestNodeRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := InitNode(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := AddNode(Function{Dir: dir, Name: "twice", Trigger: "http"}); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	for name, c := range map[string]struct {
		main string // of another app; "": this one
		f    Function
		want string
	}{
		"there":    {"", Function{Name: "twice", Trigger: "http"}, "twice.js is there already"},
		"name":     {"", Function{Name: "x y", Trigger: "http"}, "a function's name has"},
		"trigger":  {"", Function{Name: "x", Trigger: "wish"}, `no template is for the trigger "wish"`},
		"hub":      {"", Function{Name: "x", Trigger: "eventhub", Hub: "a', evil('"}, "cannot be written into a program"},
		"main":     {`"main": "index.js"`, Function{Name: "x", Trigger: "http"}, `"main" is "index.js", which does not take in src/functions/*.js`},
		"compiled": {`"main": "dist/src/functions/*.js"`, Function{Name: "x", Trigger: "http"}, `"main" is "dist/src/functions/*.js"`},
		"module":   {`"type": "module", "main": "src/functions/*.js"`, Function{Name: "x", Trigger: "http"}, "the templates are CommonJS"},
	} {
		c.f.Dir = dir
		if c.main != "" {
			c.f.Dir = other
			if err := os.WriteFile(filepath.Join(other, nodePackage), []byte("{"+c.main+"}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := AddNode(c.f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
