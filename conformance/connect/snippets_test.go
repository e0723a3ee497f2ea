// Package connect holds the code that the portal's page Connect shows: it is run
// as it is shown, with the key that the page reveals.
package connect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

const project = `
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs:
    orders: {partitions: 2}
cosmos:
  port: 0
  databases:
    shop:
      containers:
        items: {partitionKey: /id}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0, containers: [pictures], queues: [jobs], tables: [Devices]}
`

// snippet is code, and the command that runs it; "": the language's usual one.
type snippet struct{ ID, Code, Run string }

// about is what the page is told of a thing.
type about struct {
	Snippets []snippet
}

func ask(t *testing.T, method, address string, body, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, address, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// TestSnippets runs the code as it is shown: for Go, Java and curl of every kind of
// thing, for Python and JavaScript of those of storage accounts, whose clients are
// installed for their own suites.
func TestSnippets(t *testing.T) {
	l := lab.Up(t, project)
	portal := "http://" + l.Addresses["portal"]
	note := written(t, t.TempDir(), "notes.txt", "x")
	l.Run(t, "storage", "cp", note, "blob:///pictures/")
	for _, tc := range []struct{ kind, id, says string }{
		{"hub", "default/orders", "sent 1 event"},
		{"container", "shop/items", "read 0 items"},
		{"blobs", "devstoreaccount1/pictures", "found 1 blobs"},
		{"queue", "devstoreaccount1/jobs", "peeked at 0 messages"},
		{"table", "devstoreaccount1/Devices", "read 0 entities"},
	} {
		var tested struct {
			OK    bool
			Error string
		}
		ask(t, http.MethodPost, portal+"/api/connect/test", map[string]string{"kind": tc.kind, "id": tc.id}, &tested)
		if !tested.OK {
			t.Errorf("%s: the page's own test: %s", tc.kind, tested.Error)
		}
		var a about
		ask(t, http.MethodGet, portal+"/api/connect?"+url.Values{"kind": {tc.kind}, "id": {tc.id}}.Encode(), nil, &a)
		var key struct{ Secret string }
		ask(t, http.MethodPost, portal+"/api/connect/reveal", map[string]string{"kind": tc.kind, "id": tc.id}, &key)
		for _, s := range a.Snippets {
			s.Code = strings.ReplaceAll(s.Code, "‹secret›", key.Secret)
			t.Run(tc.kind+" "+s.ID, func(t *testing.T) { try(t, l, tc.kind, s, tc.says) })
		}
	}
}

// try runs one snippet, where this machine can.
func try(t *testing.T, l *lab.Lazuli, kind string, s snippet, says string) {
	language, code := s.ID, s.Code
	ofStorage := kind == "blobs" || kind == "queue" || kind == "table"
	out := ""
	switch {
	case language == "go":
		out = run(t, l, "go", "run", written(t, t.TempDir(), "main.go", code))
	case language == "curl":
		says = "{"
		if kind == "blobs" || kind == "queue" {
			says = "<?xml"
		}
		out = run(t, l, "bash", "-ec", code)
	case language == "cli" && kind == "blobs":
		says = "notes.txt"
		out = l.Run(t, strings.Fields(strings.TrimPrefix(code, "lazuli "))...)
	case language == "python" && ofStorage:
		venv, ok := lab.PythonEnv(t, "connect-python", filepath.Join(lab.Root(), "storage", "python"))
		if !ok {
			return
		}
		out = run(t, l, filepath.Join(venv, "bin", "python"), written(t, t.TempDir(), "main.py", code))
	case language == "js" && ofStorage:
		name, folder := "connect-storage-js", filepath.Join(lab.Root(), "storage", "js")
		if kind == "table" {
			name, folder = "connect-tables-js", filepath.Join(lab.Root(), "storage", "tables", "js")
		}
		modules, ok := lab.NodeModules(t, name, folder)
		if !ok {
			return
		}
		out = run(t, l, "node", written(t, filepath.Dir(modules), "snippet.mjs", code))
	case language == "java":
		packages, ok := lab.JavaPackages(t, "connect-java", filepath.Join(lab.Root(), "connect", "java"))
		if !ok {
			return
		}
		folder := filepath.Dir(written(t, t.TempDir(), "Main.java", code))
		command := cmp.Or(s.Run, "java Main.java")
		out = run(t, l, "env", "-C", folder, "CLASSPATH="+packages, "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1", "bash", "-ec", command)
	default:
		return // .NET is read, not run; env is no program
	}
	if !strings.Contains(out, says) {
		t.Errorf("it says %s", out)
	}
}

func written(t *testing.T, folder, name, code string) string {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func run(t *testing.T, l *lab.Lazuli, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Dir(lab.Root()) // its module has the SDKs
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+l.CAFile)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}
