package storage

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// How many tests our own suites have; a suite must not shrink unseen.
const (
	jsTests     = 25
	pythonTests = 23
	javaTests   = 10
)

// project has what the guide to storage names, and needs no particular port.
const project = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage:
  blobPort: 0
  queuePort: 0
  tablePort: 0
  containers: [samples-workers]
  queues: [thumbnail-requests]
  tables: [Devices]
  accounts:
    contososa: {containers: [deployments]}
`

// env is what a program finds in a shell that `lazuli env` has prepared.
func env(t *testing.T, l *lab.Lazuli) []string {
	t.Helper()
	return append(l.Env(t, "AZURE_STORAGE_CONNECTION_STRING"), "GUIDE="+guide)
}

// guide is the page whose code is run as it stands there: by the suites of its
// languages, and by TestGuide.
var guide = filepath.Join(lab.Root(), "..", "docs", "storage.md")

// folder is where the sources of a suite are.
func folder(language string) string { return filepath.Join(lab.Root(), "storage", language) }

// TestJavaScript runs our tests on @azure/storage-blob and @azure/storage-queue.
func TestJavaScript(t *testing.T) {
	t.Parallel()
	l := lab.Up(t, project)
	if results, ok := lab.RunNode(t, "storage-js", folder("js"), env(t, l)); ok {
		lab.Check(t, "storage-js", results, jsTests)
	}
}

// TestPython runs our tests on azure-storage-blob and azure-storage-queue, on the ports
// that UseDevelopmentStorage=true means.
func TestPython(t *testing.T) {
	t.Parallel()
	for port := 10000; port < 10003; port++ {
		lab.NeedPort(t, port, "UseDevelopmentStorage=true means it")
	}
	lab.Up(t, strings.NewReplacer("blobPort: 0", "", "queuePort: 0", "", "tablePort: 0", "").Replace(project))
	env := []string{"AZURE_STORAGE_CONNECTION_STRING=UseDevelopmentStorage=true", "GUIDE=" + guide}
	if results, ok := lab.RunPython(t, "storage-python", folder("python"), 1, env); ok {
		lab.Check(t, "storage-python", results, pythonTests)
	}
}

// TestJava runs our tests on azure-storage-blob.
func TestJava(t *testing.T) {
	t.Parallel()
	l := lab.Up(t, project)
	if results, ok := lab.RunJava(t, "storage-java", folder("java"), env(t, l)); ok {
		lab.Check(t, "storage-java", results, javaTests)
	}
}

// TestGuide runs the guide's code for Go.
func TestGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindSubmatch(page)
	if code == nil {
		t.Fatal("the guide has no code for Go")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, code[1], 0o600); err != nil {
		t.Fatal(err)
	}
	l := lab.Up(t, project)
	cmd := exec.CommandContext(t.Context(), "go", "run", file)
	cmd.Dir = filepath.Dir(lab.Root()) // its module has the SDKs
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env(t, l)...)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "uploaded notes/go.txt" {
		t.Errorf("%v\n%s", err, out)
	}
}
