package keys

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
)

// TestKeys: they are told in an answer and nowhere else, and only to a request
// that no page of another site can make.
func TestKeys(t *testing.T) {
	var log bytes.Buffer
	lab := portaltest.Serve(t, nil, Pages(Config{
		List: func() ([]Key, error) { return []Key{{Account: "contoso", Name: "primary", Value: "s3cret"}}, nil },
		Regenerate: func(w Which) (Key, error) {
			if w.Account != "contoso" {
				return Key{}, fault.New(fault.NotFound, "account "+w.Account, "there is none")
			}
			return Key{Account: w.Account, Name: w.Name, Value: "n3w"}, nil
		},
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})...)
	if code, got := lab.Do("POST", "/api/keys", `{}`); code != 200 || got["keys"].([]any)[0].(map[string]any)["value"] != "s3cret" {
		t.Errorf("list: %d %v", code, got)
	}
	if code, got := lab.Do("POST", "/api/keys/regenerate", `{"account":"contoso","name":"secondary"}`); code != 200 || got["value"] != "n3w" {
		t.Errorf("regenerate: %d %v", code, got)
	}
	for _, c := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/api/keys", "", 404},
		{"POST", "/api/keys", `{"all":true}`, 400},
		{"POST", "/api/keys/regenerate", `{"account":"nobody"}`, 404},
		{"POST", "/api/keys/regenerate", `{"acount":"contoso"}`, 400},
	} {
		if code, got := lab.Do(c.method, c.path, c.body); code != c.code {
			t.Errorf("%s %s %s: %d %v", c.method, c.path, c.body, code, got)
		}
	}
	res, err := http.Post(lab.URL+"/api/keys", "text/plain", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("a form of a foreign page: %d", res.StatusCode)
	}
	if text := log.String(); strings.Contains(text, "s3cret") || strings.Contains(text, "n3w") || strings.Count(text, "level=INFO") != 2 {
		t.Errorf("the log: %s", text)
	}
}
