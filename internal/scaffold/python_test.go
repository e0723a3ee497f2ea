package scaffold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPythonApp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plant")
	if _, err := InitPython(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := InitPython(dir); err == nil {
		t.Error("what exists was written over")
	}
	for _, trigger := range PythonTriggers {
		if err := AddPython(Function{Dir: dir, Name: "on-" + trigger, Trigger: trigger}); err != nil {
			t.Errorf("%s: %v", trigger, err)
		}
	}
	if err := AddPython(Function{Dir: dir, Name: "lambda", Trigger: "Azure Blob Storage trigger"}); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, pythonScript))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"from typing import List\n", "import logging\n", "import azure.functions as func\n", `@app.function_name(name="on-http")`,
		"def on_queue(", "def lambda_(", `path="uploads/{name}"`, `queue_name="work"`, `event_hub_name="events"`,
	} {
		if strings.Count(string(text), want) < 1 {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, bad := range []Function{
		{Dir: dir, Name: "on-http", Trigger: "http"},
		{Dir: dir, Name: "x y", Trigger: "http"},
		{Dir: dir, Name: "y", Trigger: "wish"},
		{Dir: t.TempDir(), Name: "y", Trigger: "http"},
	} {
		if err := AddPython(bad); err == nil {
			t.Errorf("%+v was added", bad)
		}
	}
}

// TestPythonAppOfSomebody: the app may have another name, and its imports.
func TestPythonAppOfSomebody(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, pythonScript)
	script := "\"\"\"Mine.\"\"\"\nimport azure.functions as func\n\nmine = func.FunctionApp()"
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := AddPython(Function{Dir: dir, Name: "store", Trigger: "eventhub", Hub: "readings"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin := "\"\"\"Mine.\"\"\"\nimport logging\nfrom typing import List\nimport azure.functions as func\n\nmine = func.FunctionApp()\n\n\n@mine.event_hub_message_trigger("
	if !strings.HasPrefix(string(text), begin) {
		t.Errorf("%s", text)
	}
	if err := os.WriteFile(path, []byte("import other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := AddPython(Function{Dir: dir, Name: "x", Trigger: "http"}); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Error(err)
	}
}
