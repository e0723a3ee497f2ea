// Package connect holds the code that the portal's page Connect shows: it is run
// as it is shown, with the key that the page reveals.
package connect

import (
	"bytes"
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
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// about is what the page is told of a thing.
type about struct {
	Snippets []struct{ ID, Code string }
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

// TestSnippets runs the code for Go and for curl.
func TestSnippets(t *testing.T) {
	l := lab.Up(t, project)
	portal := "http://" + l.Addresses["portal"]
	for _, tc := range []struct{ kind, id, says string }{{"hub", "default/orders", "sent 1 event"}, {"container", "shop/items", "read 0 items"}} {
		var a about
		ask(t, http.MethodGet, portal+"/api/connect?"+url.Values{"kind": {tc.kind}, "id": {tc.id}}.Encode(), nil, &a)
		var key struct{ Secret string }
		ask(t, http.MethodPost, portal+"/api/connect/reveal", map[string]string{"kind": tc.kind, "id": tc.id}, &key)
		for _, s := range a.Snippets {
			code := strings.ReplaceAll(s.Code, "‹secret›", key.Secret)
			switch s.ID {
			case "go":
				file := filepath.Join(t.TempDir(), "main.go")
				if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
					t.Fatal(err)
				}
				if out := run(t, l, "go", "run", file); !strings.Contains(out, tc.says) {
					t.Errorf("%s, Go: %s", tc.kind, out)
				}
			case "curl":
				if out := run(t, l, "bash", "-ec", code); !strings.Contains(out, "{") {
					t.Errorf("%s, curl: %s", tc.kind, out)
				}
			}
		}
	}
}

func run(t *testing.T, l *lab.Lazuli, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
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
