package insights

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// TestLiveMetrics: an instance is asked to send while somebody looks, is told what to
// collect by its first post, and again when that changes.
func TestLiveMetrics(t *testing.T) {
	l := newLab(t)
	component := &live.Component{}
	l.live = component
	ping := "/QuickPulseService.svc/ping?api-version=2024-04-01-preview&ikey=" + strings.ToUpper(labKey)
	post := "/QuickPulseService.svc/post?ikey=" + labKey
	code, body, h := l.send(ping, `{"Version":"v","InvariantVersion":5,"Instance":"i","RoleName":"r","MachineName":"m","StreamId":"s","IsWebApp":false}`)
	if code != 200 || body != "" || h.Get(qpsSubscribed) != "false" || h.Get(qpsInterval) == "" {
		t.Fatal(code, body, h)
	}
	w, err := component.Watch(live.Config{Streams: []live.DocumentStream{live.DefaultStream()}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, body, h = l.send(ping, "", "x-ms-qps-stream-id", "s2", "x-ms-qps-role-name", "of headers")
	pinged := h.Get(qpsEtag)
	if h.Get(qpsSubscribed) != "true" || body != "" || pinged == "" {
		t.Fatal(body, h)
	}
	point := `[{"Version":"v","Instance":"i","RoleName":"r","MachineName":"m","StreamId":"s","Timestamp":"/Date(1)/","Metrics":[{"Name":"\\ApplicationInsights\\Requests/Sec","Value":2.5,"Weight":3}],
		"Documents":[{"DocumentType":"Request","DocumentStreamIds":["default"],"Name":"GET /","Url":"http://h/","ResponseCode":"500","Duration":"PT0.25S","Properties":[{"key":"a","value":"<b>"}]}],
		"TopCpuProcesses":[{"ProcessName":"p","CpuPercentage":50}],"CollectionConfigurationErrors":[{"CollectionConfigurationErrorType":"T","Message":"M","FullException":"","Data":[]}]}]`
	code, body, h = l.send(post, point, qpsEtag, pinged)
	var told live.Config
	if err := json.Unmarshal([]byte(body), &told); err != nil || code != 200 || h.Get(qpsSubscribed) != "true" || told.ETag != h.Get(qpsEtag) || told.ETag == pinged || len(told.Streams) != 1 {
		t.Fatal(code, body, h, err)
	}
	if !strings.Contains(body, `"Metrics":[]`) || !strings.Contains(body, `"QuotaInfo":null`) {
		t.Error(body)
	}
	if _, body, _ := l.send(post, point, qpsEtag, told.ETag); body != "" {
		t.Errorf("what is known is told again: %s", body)
	}
	samples, lost := w.Take()
	if len(samples) != 2 || lost != 0 {
		t.Fatal(samples, lost)
	}
	s := samples[0]
	if s.Instance != (live.Instance{Stream: "s", Name: "i", Role: "r", Machine: "m", Version: "v"}) || s.Values[0].Value != 2.5 || s.Documents[0].Fields[2].Value != "500" || s.Documents[0].Properties[0].Value != "<b>" || s.Processes[0].CPU != 50 || s.Errors[0] != "T: M" {
		t.Errorf("%+v", s)
	}
	if err := w.Want(live.Config{Metrics: []live.Metric{{ID: "m", Telemetry: "Request", Projection: "Count()", Aggregation: "Sum", BackEnd: "Sum", Groups: []live.Group{{Filters: []live.Filter{{Field: "Success", Predicate: "Equal", Comparand: "false"}}}}}}}); err != nil {
		t.Fatal(err)
	}
	if _, body, h := l.send(post, point, qpsEtag, told.ETag); h.Get(qpsEtag) == told.ETag || !strings.Contains(body, `"Id":"m"`) {
		t.Error("a change is not told of", body, h)
	}
	w.Close()
	if _, body, h := l.send(post, point, qpsEtag, told.ETag); body != "" || h.Get(qpsSubscribed) != "false" {
		t.Error("nobody looks, and it is told to go on", body, h)
	}
	for path, want := range map[string]int{ping[:len(ping)-3]: 404, post[:len(post)-3]: 404, "/QuickPulseService.svc/post?ikey=" + otherKey: 401} {
		if code, body, _ := l.send(path, point); code != want || !strings.Contains(body, `"Code":`) {
			t.Error(path, code, body)
		}
	}
	if code, _, _ := l.send(post, `{"a":`); code != http.StatusBadRequest {
		t.Error(code)
	}
}
