package hostjson

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotes: what has no effect is said with its place, and with what was meant.
func TestNotes(t *testing.T) {
	c, err := Parse("host.json", []byte(`{
  "$schema": "x", "version": "2.0", "functionTimeOut": "00:05:00", // the case does not matter
  "extensionBundle": {"id": "x", "version": "[4.*, 5.0.0)"},
  "functionTimeut": "00:05:00",
  "routePrefix": "",
  "logging": {"logLevel": {"My.Own": "Debug"}, "loglevels": {}, "console": {"isEnabled": true}},
  "extensions": {
    "http": {"routePrefix": "api", "customHeaders": {"X-Anything": "1"},
      "hsts": {"isEnabled": true}},
    "eventHubs": {"maxBatchSize": 5, "prefetchCount": 3, "initialOffsetOptions": {"typ": "fromEnd"}},
    "eventHub": {},
    "durableTask": {"hubName": "h"}
  },
  "lazuli": {"scale": {"plan": "flex"}, "scales": 1},
  "nonsense": [1, {"a": {}}]
}`), map[string]string{"extensions:queues:batchSizes": "7", "extensions:queues:batchSize": "7"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range c.Notes() {
		got = append(got, n.Key+" ("+n.At+"): "+n.Why)
	}
	want := []string{
		"extensions.durableTask (host.json:12): durable functions are not supported",
		"extensions.eventHub (host.json:11): there is no such key; did you mean eventHubs?",
		"extensions.eventHubs.initialOffsetOptions.typ (host.json:10): there is no such key; did you mean type?",
		"extensions.eventHubs.maxBatchSize (host.json:10): there is no such key; there is extensions.eventHubs.eventProcessorOptions.maxBatchSize",
		"extensions.http.hsts (host.json:9): Azure's host sends that header over HTTPS only, and never for localhost",
		"extensions.queues.batchSizes (the setting AzureFunctionsJobHost__extensions__queues__batchSizes): there is no such key; did you mean batchSize?",
		"functionTimeut (host.json:4): there is no such key; did you mean functionTimeout?",
		"lazuli.scales (host.json:14): there is no such key; did you mean scale?",
		"logging.console (host.json:6): lazuli has flags for its output",
		"logging.loglevels (host.json:6): there is no such key; did you mean logLevel?",
		"nonsense (host.json:15): there is no such key",
		"routePrefix (host.json:5): there is no such key; there is extensions.http.routePrefix",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	moved, err := Parse("host.json", []byte("{\n\n\"version\": \"2.0\"}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := Default(nil); err != nil || !plain.Same(moved) || plain.Same(c) {
		t.Errorf("files that say the same, and another: %v", err)
	}
}

// asked finds the keys that a reader of a section asks for.
var asked = regexp.MustCompile(`(?:\.(?:Integer|Duration|Boolean|Choice|Text|Instant|Fraction)|\bms)\(\s*"([A-Za-z]+)"`)

// TestKeys: the extensions ask for each key of theirs that is said to have an effect, and
// for no other.
func TestKeys(t *testing.T) {
	for folder, name := range map[string]string{
		"hub": "eventHubs", "queues": "queues", "blobs": "blobs", "kafka": "kafka", "servicebus": "serviceBus",
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "end", folder, "config.go"))
		if err != nil {
			t.Fatal(err)
		}
		at := strings.ToLower("extensions." + name + ".")
		want, got := map[string]bool{}, map[string]bool{}
		for lower, k := range keys {
			if strings.HasPrefix(lower, at) && k.why == "" {
				want[k.path[strings.LastIndexByte(k.path, '.')+1:]] = true
			}
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			got[m[1]] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("extensions.%s: the table, and what is read: %s", name, diff)
		}
	}
}
