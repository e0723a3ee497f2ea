package functions

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// handlerApp has a function of each kind and reports what they saw.
func handlerApp(t *testing.T) *App {
	t.Helper()
	out := testOutput()
	app := New()
	app.HTTP("device", HTTPTrigger{Route: "devices/{id:int?}", Methods: []string{"GET"}}, func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") == "panic" {
			panic("boom")
		}
		_, _ = io.WriteString(w, "device "+r.PathValue("id"))
	})
	app.HTTP("save", HTTPTrigger{}, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if err := out.Upsert(r.Context(), content); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.Path)
	}, out)
	app.EventHub("batch", testTrigger, func(ctx context.Context, events []Event) error {
		Logger(ctx).Warn("seen", "events", len(events))
		slog.New(NewLogHandler(slog.DiscardHandler)).InfoContext(ctx, "plain")
		for _, e := range events {
			if err := out.Upsert(ctx, map[string]any{"body": string(e.Body), "n": e.SequenceNumber, "p": e.Properties.Get("eventType")}); err != nil {
				return err
			}
		}
		return nil
	}, out)
	app.EventHubEach("one", testTrigger, func(ctx context.Context, e Event) error {
		return out.Upsert(ctx, map[string]any{"body": string(e.Body), "n": e.SequenceNumber, "key": e.PartitionKey})
	}, out)
	app.CosmosDB("changes", CosmosDBTrigger{Database: "d", Container: "e"}, func(ctx context.Context, docs []Document) error {
		inv, _ := FromContext(ctx)
		Logger(ctx).Info("changed", "documents", len(docs), "retry", inv.Retry)
		if len(docs) == 0 {
			return errors.New("nothing changed")
		}
		return nil
	})
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	return app
}

// The envelopes below have the shapes Azure's host produces: lists and texts
// are JSON inside a JSON string, bytes are base64.
func TestCustomHandlerInvocations(t *testing.T) {
	h := handlerApp(t).Handler("api")
	for _, tc := range []struct {
		name, path, body string
		code             int
		want             string
	}{
		{
			"batch", "/batch",
			`{"Data":{"events":"[\"eyJhIjoxfQ==\",\"AP8=\"]"},"Metadata":{"SequenceNumberArray":"[7,8]","PropertiesArray":"[{\"eventType\":\"telemetry\"},{}]","OffsetArray":"[\"1\",\"2\"]","sys":{"MethodName":"batch"}}}`,
			200, `{"Outputs":{"output":[{"body":"{\"a\":1}","n":7,"p":"telemetry"},{"body":"\u0000\ufffd","n":8,"p":""}]},"Logs":["[Warning] seen events=2","plain"],"ReturnValue":null}`,
		},
		{
			"one", "/one",
			`{"Data":{"event":"eyJhIjoxfQ=="},"Metadata":{"SequenceNumber":"7","PartitionKey":"\"device-001\""}}`,
			200, `{"Outputs":{"output":[{"body":"{\"a\":1}","key":"device-001","n":7}]},"Logs":[],"ReturnValue":null}`,
		},
		{
			"changes", "/changes",
			`{"Data":{"documents":"\"[{\\\"id\\\":\\\"1\\\"}]\""},"Metadata":{"RetryContext":{"RetryCount":2,"MaxRetryCount":5}}}`,
			200, `{"Outputs":{},"Logs":["changed documents=1 retry=2"],"ReturnValue":null}`,
		},
		{"failure", "/changes", `{"Data":{"documents":"[]"},"Metadata":{}}`, 500, "nothing changed"},
		{
			"http with output", "/save",
			`{"Data":{"req":{"Url":"http://localhost/api/save","Method":"POST","Query":{},"Headers":{"Content-Type":["application/json"]},"Params":{},"Body":"{\"id\":\"1\"}"}},"Metadata":{}}`,
			200, `{"Outputs":{"output":[{"id":"1"}],"res":{"statusCode":"202","headers":{"Content-Type":"text/plain; charset=utf-8"},"body":"POST /api/save"}},"Logs":[],"ReturnValue":null}`,
		},
		{
			"broken document", "/save",
			`{"Data":{"req":{"Url":"/api/save","Method":"POST","Body":"{\"id\":}"}},"Metadata":{}}`,
			500, `output: json: error calling MarshalJSON for type json.RawMessage: invalid character '}' looking for beginning of value`,
		},
		{"unknown", "/nobody", `{}`, 404, "no function here"},
		{"broken", "/batch", `{`, 400, "invocation of batch: unexpected EOF"},
		{"text for bytes", "/batch", `{"Data":{"events":"[\"{}\"]"}}`, 400, "invocation of batch: input events: the events' bodies are not base64: illegal base64 data at input byte 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", tc.path, strings.NewReader(tc.body))
			r.Header.Set(invocationHeader, "i1")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := strings.ReplaceAll(strings.TrimSpace(w.Body.String()), "\n", "")
			if w.Code != tc.code || got != tc.want {
				t.Errorf("%d %s\nwant %d %s", w.Code, got, tc.code, tc.want)
			}
		})
	}
}

func TestCustomHandlerForwardedRequests(t *testing.T) {
	h := handlerApp(t).Handler("api")
	for path, want := range map[string]string{
		"/api/devices/12": "200 device 12", "/API/Devices": "200 device ",
		"/api/devices/x": "404 no function here", "/devices/12": "404 no function here",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if got := strings.TrimRight(http.StatusText(0)+w.Result().Status[:3]+" "+w.Body.String(), "\n"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestGenWritesADeployment(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("host.json", `{"version":"2.0","extensions":{"eventHubs":{"maxEventBatchSize":50}}}`)
	write("old/function.json", `{"generatedBy":"lazuli-functions","bindings":[]}`)
	write("hand/function.json", `{"bindings":[]}`)
	app := handlerApp(t)
	if err := app.genCommand([]string{"-dir", dir, "-exe", "app"}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"host.json": `{
  "customHandler": {
    "description": {
      "defaultExecutablePath": "app"
    },
    "enableForwardingHttpRequest": true
  },
  "extensionBundle": {
    "id": "Microsoft.Azure.Functions.ExtensionBundle",
    "version": "[4.0.0, 5.0.0)"
  },
  "extensions": {
    "eventHubs": {
      "maxEventBatchSize": 50
    }
  },
  "version": "2.0"
}
`,
		"save/function.json": `{
  "generatedBy": "lazuli-functions",
  "bindings": [
    {
      "name": "req",
      "type": "httpTrigger",
      "direction": "in",
      "authLevel": "function",
      "route": "save"
    },
    {
      "name": "res",
      "type": "http",
      "direction": "out"
    },
    {
      "name": "output",
      "type": "cosmosDB",
      "direction": "out",
      "databaseName": "serverless_db",
      "containerName": "events",
      "connection": "CosmosDBConnection"
    }
  ]
}
`,
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if string(got) != want || err != nil {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "old", "function.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a generated file of a function that is gone is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "hand", "function.json")); err != nil {
		t.Errorf("a file written by hand was touched: %v", err)
	}
	if err := app.genCommand([]string{"-dir", dir, "-exe", "app"}, io.Discard); err != nil {
		t.Errorf("second run: %v", err)
	}
}

func TestGenRefuses(t *testing.T) {
	hello := func(http.ResponseWriter, *http.Request) {}
	for want, prepare := range map[string]func(*App, string) error{
		`function "a": as a custom handler: the route constraint "regex(^x)" cannot be checked again`: func(a *App, _ string) error {
			a.HTTP("a", HTTPTrigger{Route: "x/{y:regex(^x)}"}, hello)
			return nil
		},
		`function "a": as a custom handler: without a route prefix its route is also the path on which the host invokes function b`: func(a *App, dir string) error {
			a.HTTP("a", HTTPTrigger{Route: "{x}"}, hello)
			a.HTTP("b", HTTPTrigger{Route: "c/d"}, hello)
			return os.WriteFile(filepath.Join(dir, "host.json"), []byte(`{"extensions":{"http":{"routePrefix":""}}}`), 0o644)
		},
		`was not written by gen: move it away first`: func(a *App, dir string) error {
			a.HTTP("a", HTTPTrigger{}, hello)
			return errors.Join(os.Mkdir(filepath.Join(dir, "a"), 0o755), os.WriteFile(filepath.Join(dir, "a", "function.json"), []byte(`{}`), 0o644))
		},
		`host.json: invalid character`: func(a *App, dir string) error {
			a.HTTP("a", HTTPTrigger{}, hello)
			return os.WriteFile(filepath.Join(dir, "host.json"), []byte(`{"version": 2.0 // two`), 0o644)
		},
		`function "1": the name must be`: func(a *App, _ string) error { a.HTTP("1", HTTPTrigger{}, hello); return nil },
	} {
		dir, app := t.TempDir(), New()
		if err := prepare(app, dir); err != nil {
			t.Fatal(err)
		}
		if err := app.genCommand([]string{"-dir", dir}, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("gen: %v\nwant  %s", err, want)
		}
	}
}
