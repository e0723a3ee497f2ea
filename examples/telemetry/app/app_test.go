package main

import (
	"encoding/json"
	"io"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/functions/functionstest"
)

func TestBatchBecomesDocuments(t *testing.T) {
	functionstest.CaptureLogs(t)
	full := functions.Event{
		Body: []byte(`{"id":"evt-1","deviceId":"device-001","eventType":"telemetry","timestamp":"2026-01-02T03:04:05Z",
			"data":{"temperature":21.50},"location":{"region":"koreacentral"},"extra":1}`),
		PartitionKey: "device-001", SequenceNumber: 7, Offset: "700", EnqueuedTime: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
	}
	bare := functions.Event{Body: []byte(`{"data":{"temperature":20}}`), SequenceNumber: 8, Offset: "800"}
	res, err := functionstest.Events(newApp(), "eventhub_trigger_processor",
		full, functions.Event{Body: []byte(`{"id":`), SequenceNumber: 9}, functions.Event{Body: []byte("null"), SequenceNumber: 10}, bare)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Output) != 2 {
		t.Fatalf("%d documents: %s", len(res.Output), res.Output)
	}
	var got map[string]any
	if err := res.Output[0].Decode(&got); err != nil {
		t.Fatal(err)
	}
	processedAt := got["processedAt"]
	want := map[string]any{
		"id": "evt-1", "deviceId": "device-001", "eventType": "telemetry", "timestamp": "2026-01-02T03:04:05Z",
		"data": map[string]any{"temperature": 21.5}, "location": map[string]any{"region": "koreacentral"},
		"eventHub":    map[string]any{"partitionKey": "device-001", "sequenceNumber": 7.0, "enqueuedTime": "2026-01-02T03:04:06Z", "offset": "700"},
		"processedAt": processedAt, "source": "eventhub-trigger", "status": "processed",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("document\n%v, want\n%v", got, want)
	}
	var second document
	if err := res.Output[1].Decode(&second); err != nil || second.ID != "evt-8" || second.DeviceID != "unknown" || string(second.Location) != "{}" || string(second.Timestamp) != `"`+second.ProcessedAt+`"` {
		t.Errorf("document of a bare event: %s, %v", res.Output[1], err)
	}
	if res.Logs[0] != "EventHub trigger function processing 4 events" || !strings.HasPrefix(res.Logs[1], "[Error] Skipping an event that is not telemetry: event 9: ") {
		t.Errorf("logs %q", res.Logs)
	}
}

func TestAlarmNamesValueThresholdAndDevice(t *testing.T) {
	functionstest.CaptureLogs(t)
	res, err := functionstest.Changes(newApp(), "cosmosdb_changefeed_processor",
		json.RawMessage(`{"id":"1","deviceId":"device-002","eventType":"telemetry","data":{"temperature":41.26}}`),
		json.RawMessage(`{"id":"2","deviceId":"device-001","eventType":"telemetry","data":{"temperature":40}}`),
		json.RawMessage(`{"id":"3","deviceId":"device-003","eventType":"status","data":{"temperature":99}}`),
		json.RawMessage(`{"id":"4","deviceId":"device-004","eventType":"telemetry","data":{}}`),
		json.RawMessage(`{"id":"5","deviceId":"device-005","eventType":"telemetry","data":{"temperature":40.01}}`),
		json.RawMessage(`{"id":"6","deviceId":"device-006","eventType":"telemetry","data":{"temperature":43}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Cosmos DB Change Feed triggered with 6 document(s)",
		"Document changed: id=1 deviceId=device-002 eventType=telemetry",
		"[Warning] High temperature alert: 41.26 °C exceeds the threshold of 40.0 °C on device device-002",
		"Document changed: id=2 deviceId=device-001 eventType=telemetry",
		"Document changed: id=3 deviceId=device-003 eventType=status",
		"Document changed: id=4 deviceId=device-004 eventType=telemetry",
		"Document changed: id=5 deviceId=device-005 eventType=telemetry",
		"[Warning] High temperature alert: 40.01 °C exceeds the threshold of 40.0 °C on device device-005",
		"Document changed: id=6 deviceId=device-006 eventType=telemetry",
		"[Warning] High temperature alert: 43.0 °C exceeds the threshold of 40.0 °C on device device-006",
	}
	if !slices.Equal(res.Logs, want) {
		t.Errorf("logs\n%q, want\n%q", res.Logs, want)
	}
}

func TestHTTPFunctions(t *testing.T) {
	for _, tc := range []struct {
		function, method, url, body string
		code                        int
		contains                    string
		documents                   int
	}{
		{"HttpTrigger", "GET", "/api/HttpTrigger?name=Azure", "", 200, "Hello, Azure.", 0},
		{"HttpTrigger", "POST", "/api/HttpTrigger", `{"name":"Azure"}`, 200, "Hello, Azure.", 0},
		{"HttpTrigger", "GET", "/api/HttpTrigger", "", 200, "Pass a name", 0},
		{"health", "GET", "/api/health", "", 200, `"status":"healthy"`, 0},
		{"http_trigger_process_event", "POST", "/api/process-event", `{"id":"e1","deviceId":"d1","n":1.10}`, 200, `"eventId":"e1"`, 1},
		{"http_trigger_process_event", "POST", "/api/process-event", `{"id":"e1"}`, 400, `{"error":"required field \"deviceId\"`, 0},
		{"http_trigger_process_event", "POST", "/api/process-event", `{"id":1,"deviceId":"d1"}`, 400, `{"error":"required field \"id\"`, 0},
		{"http_trigger_process_event", "POST", "/api/process-event", `{"id":`, 400, `{"error":"the request body is not a JSON object"}`, 0},
		{"http_trigger_process_event", "POST", "/api/process-event", `null`, 400, `{"error":"the request body is not a JSON object"}`, 0},
		{"http_trigger_process_event", "POST", "/api/process-event", `{"id":"e1","deviceId":"d1"} {}`, 400, `more than one JSON object`, 0},
	} {
		res, err := functionstest.HTTP(newApp(), tc.function, httptest.NewRequest(tc.method, tc.url, strings.NewReader(tc.body)))
		if err != nil {
			t.Errorf("%s: %v", tc.url, err)
			continue
		}
		content, _ := io.ReadAll(res.Response.Body)
		if res.Response.StatusCode != tc.code || !strings.Contains(string(content), tc.contains) || len(res.Output) != tc.documents {
			t.Errorf("%s %s %s: %d %s with %d documents\nwant %d %s with %d", tc.method, tc.url, tc.body,
				res.Response.StatusCode, content, len(res.Output), tc.code, tc.contains, tc.documents)
		}
		if tc.documents == 1 && !strings.Contains(string(res.Output[0]), `"n":1.10`) {
			t.Errorf("the number lost its text: %s", res.Output[0])
		}
	}
}
