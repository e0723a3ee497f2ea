package connect

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func serve(t *testing.T) (*portaltest.Lab, *connect.Facts, *bytes.Buffer) {
	log := &bytes.Buffer{}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := &connect.Facts{EventHubsHost: "localhost", EventHubsRule: "Root", EventHubsKey: "k3y", EventHubs: "Endpoint=sb://localhost;SharedAccessKeyName=Root;SharedAccessKey=k3y", CAFile: ca}
	lab := portaltest.Serve(t, nil, Pages(Config{
		Facts: func(connect.Choice) (connect.Facts, error) { return *f, nil },
		Find: func(kind, id string) (connect.Thing, string, error) {
			switch kind + " " + id {
			case "hub orders":
				return connect.Thing{Kind: "hub", Hub: "orders"}, "k3y", nil
			case "portal ":
				return connect.Thing{Kind: "portal"}, "", nil
			}
			return connect.Thing{}, "", fault.New(fault.NotFound, kind+" "+id, "no such thing")
		},
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})...)
	return lab, f, log
}

// TestKeysAreRevealedOnRequest: no answer holds a key but the one that is asked
// for it, and that is logged without it.
func TestKeysAreRevealedOnRequest(t *testing.T) {
	testkit.NoLeaks(t)
	lab, _, log := serve(t)
	code, about := lab.Do("GET", "/api/connect?kind=hub&id=orders", "")
	facts, snippets := about["facts"].([]any), about["snippets"].([]any)
	if code != 200 || len(snippets) != 8 || facts[0].(map[string]any)["value"] != "Endpoint=sb://localhost;SharedAccessKeyName=Root;SharedAccessKey="+connect.Secret+";UseDevelopmentEmulator=true;" {
		t.Errorf("%d %v", code, about)
	}
	if code, got := lab.Do("POST", "/api/connect/reveal", `{"kind":"hub","id":"orders","how":"copied"}`); code != 200 || got["secret"] != "k3y" {
		t.Errorf("%d %v", code, got)
	}
	if !strings.Contains(log.String(), "how=copied") || !strings.Contains(log.String(), "of=orders") || strings.Contains(log.String(), "k3y") {
		t.Error(log)
	}
	for _, body := range []string{`{"kind":"hub","id":"none"}`, `{"kind":"portal"}`} {
		if code, _ := lab.Do("POST", "/api/connect/reveal", body); code != 404 {
			t.Errorf("%s: %d", body, code)
		}
	}
}

// TestRoundTrip: what is not reached is said, with where it went.
func TestRoundTrip(t *testing.T) {
	testkit.NoLeaks(t)
	lab, f, _ := serve(t)
	f.Portal = lab.URL
	if code, got := lab.Do("POST", "/api/connect/test", `{"kind":"portal"}`); code != 200 || got["ok"] != true || got["count"] != 200.0 {
		t.Errorf("%d %v", code, got)
	}
	port, err := testkit.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	f.Portal = fmt.Sprint("http://127.0.0.1:", port)
	if code, got := lab.Do("POST", "/api/connect/test", `{"kind":"portal"}`); code != 200 || got["ok"] != false || !strings.Contains(got["error"].(string), "refused") {
		t.Errorf("%d %v", code, got)
	}
}
