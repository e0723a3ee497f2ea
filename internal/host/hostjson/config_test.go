package hostjson

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestDefaults(t *testing.T) {
	got, err := Default(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		FunctionTimeout: 30 * time.Minute,
		HTTP:            HTTP{RoutePrefix: "api", MaxOutstandingRequests: -1, MaxConcurrentRequests: -1, CustomHeaders: map[string]string{}},
		Logging:         Logging{Default: slog.LevelInfo, Levels: map[string]slog.Level{}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
}

func TestParse(t *testing.T) {
	text := `{
		// hosts of every age read this file
		"version": "2.0", "FunctionTimeout": "00:05:00", "functions": ["a", "b"],
		"extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
		"managedDependency": {"enabled": true}, "somethingNew": [1, {"x": null}],
		"extensions": {
			"http": {"routePrefix": "", "maxOutstandingRequests": 20, "customHeaders": {"X.A": "b"}},
			"eventHubs": {"maxEventBatchSize": 500, "minEventBatchSize": 50, "maxWaitTime": "00:00:30",
				"batchCheckpointFrequency": 5,
				"initialOffsetOptions": {"type": "fromenqueuedtime", "enqueuedTimeUtc": "2026-01-02T03:04:05Z"}}
		},
		"logging": {"logLevel": {"default": "Warning", "Function": "Error", "Function.A.User": "Trace", "Host.Results": "None"}}
	}`
	_, err := Parse("host.json", []byte(text), map[string]string{
		"extensions:HTTP:routePrefix":         "v1",
		"logging:logLevel:Function.A":         "Debug",
		"extensions:queues:batchSize":         "7",
		"extensions:eventHubs:prefetchCount":  "5",
		"customHandler:description:arguments": "ignored: the section has no executable but is a section",
	})
	if err == nil {
		t.Fatal("arguments given as text were taken")
	}
	c, err := Parse("host.json", []byte(text), map[string]string{
		"extensions:HTTP:routePrefix": "v1", "logging:logLevel:Function.A": "Debug", "extensions:eventHubs:prefetchCount": "5",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.FunctionTimeout != 5*time.Minute || c.HTTP.RoutePrefix != "v1" || c.HTTP.MaxOutstandingRequests != 20 || c.HTTP.CustomHeaders["X.A"] != "b" {
		t.Errorf("%+v", c)
	}
	section := c.Extension("EVENTHUBS")
	if got := section.Integer("maxEventBatchSize", 1, 1, 1000); got != 500 {
		t.Errorf("a number of an extension: %d", got)
	}
	if got := section.Integer("PrefetchCount", 300, 0, 1000); got != 5 {
		t.Errorf("an overridden number of an extension: %d", got)
	}
	if got := section.Section("initialOffsetOptions").Choice("type", "a", "a", "fromEnqueuedTime"); got != "fromEnqueuedTime" {
		t.Errorf("a choice inside: %q", got)
	}
	if err := section.Err(); err != nil {
		t.Error(err)
	}
	if err := c.Extension("none").Err(); err != nil {
		t.Errorf("a section that is not there: %v", err)
	}
	for category, level := range map[string]slog.Level{
		"Host.General": slog.LevelWarn, "Function.B": slog.LevelError, "Functions": slog.LevelWarn,
		"function.a": slog.LevelDebug, "Function.A.User": slog.LevelDebug - 4, "Host.Results": LevelOff,
	} {
		if got := c.Logging.Level(category); got != level {
			t.Errorf("level of %s: %v, want %v", category, got, level)
		}
	}
}

// TestSections: what stands at the top of the file is read like an extension's part, and
// a section of ours has no keys but its own.
func TestSections(t *testing.T) {
	c, err := Parse("host.json", []byte(`{"version":"2.0","Concurrency":{"dynamicConcurrencyEnabled":true,"CPUThreshold":0.7},"lazuli":{"scale":{"odd":1,"plan":"flex"}}}`),
		map[string]string{"concurrency:snapshotPersistenceEnabled": "false"})
	if err != nil {
		t.Fatal(err)
	}
	s := c.Section("concurrency")
	if !s.Boolean("dynamicConcurrencyEnabled", false) || s.Boolean("snapshotPersistenceEnabled", true) || s.Fraction("cpuThreshold", 0.8) != 0.7 || s.Has("other") || s.Err() != nil {
		t.Errorf("concurrency: %v", s.Err())
	}
	own := c.Section(Own).Section("scale")
	if own.Text("plan", "") != "flex" || len(own.Keys()) != 2 {
		t.Errorf("keys %v", own.Keys())
	}
	own.Only("plan", "memory")
	if err := own.Err(); err == nil || !strings.Contains(err.Error(), "lazuli.scale.odd: there is no such key; there are plan, memory") {
		t.Error(err)
	}
	for text, want := range map[string]string{`0`: "above 0 and up to 1", `1.5`: "above 0 and up to 1", `"x"`: "above 0 and up to 1", `"0.5"`: ""} {
		c, err := Parse("host.json", []byte(`{"version":"2.0","concurrency":{"CPUThreshold":`+text+`}}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := c.Section("concurrency")
		s.Fraction("CPUThreshold", 0.8)
		if err := s.Err(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCustomHandler(t *testing.T) {
	c, err := Parse("host.json", []byte(`{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"app","arguments":["-v"]},"enableForwardingHttpRequest":true}}`), nil)
	if err != nil || c.CustomHandler.Executable != "app" || !c.CustomHandler.ForwardHTTP {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = Parse("host.json", []byte(`{"version":"2.0","httpWorker":{"description":{"defaultExecutablePath":"app"}}}`), nil)
	if err != nil || !c.CustomHandler.ForwardHTTP || !c.CustomHandler.FromLegacySection {
		t.Errorf("older section: %+v, %v", c, err)
	}
}

// TestProfiles: what a profile says counts where the file says nothing.
func TestProfiles(t *testing.T) {
	description := `"description":{"defaultExecutablePath":"app"}`
	parse := func(rest string) *Config {
		t.Helper()
		c, err := Parse("host.json", []byte(`{"version":"2.0",`+rest+`}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, name := range []string{"mcp-custom-handler", "Web-App-Custom-Handler"} {
		c := parse(`"configurationProfile":"` + name + `","customHandler":{` + description + `,"port":"3000"}`)
		if h := c.CustomHandler; !h.ForwardHTTP || h.FixedPort != 3000 || c.HTTP.RoutePrefix != "" || len(h.Routes) != 1 || h.Routes[0] != (Route{"{*route}", "function"}) || len(c.Notes()) != 0 {
			t.Errorf("%s: %+v, %+v, %v", name, c.HTTP, h, c.Notes())
		}
	}
	c := parse(`"configurationProfile":"mcp-custom-handler","extensions":{"http":{"routePrefix":"x"}},"customHandler":{` + description +
		`,"initializationTimeout":"00:02:00","http":{"DefaultAuthorizationLevel":"Anonymous","routes":[{"route":" mcp "},{"route":"a/{id}","authorizationLevel":"admin"}]}}`)
	if h := c.CustomHandler; c.HTTP.RoutePrefix != "x" || h.StartTimeout != 2*time.Minute || !slices.Equal(h.Routes, []Route{{"mcp", "anonymous"}, {"a/{id}", "admin"}}) {
		t.Errorf("%+v, %+v", c.HTTP, h)
	}
	for _, key := range []string{"enableForwardingHttpRequest", "enableProxyingHttpRequest"} {
		if c := parse(`"customHandler":{` + description + `,"` + key + `":true}`); !c.CustomHandler.ForwardHTTP || c.CustomHandler.Routes != nil {
			t.Errorf("%s: %+v", key, c.CustomHandler)
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                 `version: must be "2.0"`,
		`{"version":"1.0"}`:  `version: must be "2.0"`,
		`[]`:                 "must hold a JSON object",
		"{\n\n  \"a\": }":    "host.json:3:8",
		`{"version":"2.0",}`: "host.json:1:18",
		`{"version":"2.0","functionTimeout":"soon"}`:                                                                "functionTimeout: \"soon\" is not a time span",
		`{"version":"2.0","functionTimeout":"00:00:00"}`:                                                            "functionTimeout: must be positive",
		`{"version":"2.0","extensions":[]}`:                                                                         "extensions: must be an object",
		`{"version":"2.0","logging":{"logLevel":{"default":"Loud"}}}`:                                               "logging.logLevel.default: must be Trace",
		`{"version":"2.0","customHandler":{"description":{}}}`:                                                      "defaultExecutablePath: is missing",
		`{"version":"2.0","configurationProfile":"x"}`:                                                              "configurationProfile: must be one of default, mcp-custom-handler, web-app-custom-handler",
		`{"version":"2.0","customHandler":{"http":{"routes":{}},"description":{"defaultExecutablePath":"app"}}}`:    "customHandler.http.routes: must be an array of objects, is {}",
		`{"version":"2.0","customHandler":{"http":{"routes":["a"]},"description":{"defaultExecutablePath":"app"}}}`: `customHandler.http.routes: holds "a"; each is an object with a route`,
		`{"version":"2.0","configurationProfile":"mcp-custom-handler","customHandler":{"http":7}}`:                  "customHandler.http: must be an object, is 7",
		`{"version":"2.0","functions":"a"}`:                                                                         "functions: must be an array",
		`{"version":"2.0","extensions":{"http":{"customHeaders":{"A":1}}}}`:                                         "customHeaders.A: must be a string",
	} {
		_, err := Parse("host.json", []byte(text), nil)
		if err == nil || !strings.Contains(err.Error(), want) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	if _, err := Load(path, nil); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), `{"version": "2.0"}`) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"version":"2.0","functionTimeout":"-1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path, nil); err != nil || c.FunctionTimeout != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00:01": time.Second, "01:02": time.Hour + 2*time.Minute, "1.02:03:04": 26*time.Hour + 3*time.Minute + 4*time.Second,
		"2": 48 * time.Hour, "00:00:00.5": 500 * time.Millisecond, "00:00:00.1234567": 123456700,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "-00:00:01", "25:00:00", "00:60:00", "00:00:60", "1:2:3:4", "00:00.5:00", "00:00:00."} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q was taken as %v", text, got)
		}
	}
}

// FuzzHostJSON: no text makes the reader fail, and what it accepts is within
// the limits that the host relies on.
func FuzzHostJSON(f *testing.F) {
	f.Add([]byte(`{"version":"2.0"}`), "extensions:http:routePrefix", "x")
	f.Add([]byte("{/*c*/\"version\":\"2.0\",\"extensions\":{\"eventHubs\":{\"maxEventBatchSize\":3}}}"), "version:x", "2.0")
	f.Add([]byte(`{"version":"2.0","logging":{"logLevel":{"a.b":"None"}}}`), "", "")
	f.Fuzz(func(t *testing.T, text []byte, path, value string) {
		c, err := Parse("host.json", text, map[string]string{path: value})
		if err != nil {
			return
		}
		if c.FunctionTimeout < 0 {
			t.Errorf("accepted %+v", c)
		}
		c.Notes()
		c.Logging.Level(path)
		c.Extension(path).Integer(value, 1, 1, 2)
	})
}
