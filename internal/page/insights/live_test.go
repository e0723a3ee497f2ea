package insights

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// TestLive: whoever looks at the page has instances report, and sees each second what
// they do; a Python client's durations are seconds.
func TestLive(t *testing.T) {
	l := newLab(t, "default", "plant")
	if err := l.call("POST", "/api/insights/live", `{"component":"none"}`, nil); fault.KindOf(err) != fault.NotFound {
		t.Error("a component that is not there:", err)
	}
	server := httptest.NewServer(l.mux)
	defer server.Close()
	c := l.live["plant"]
	if c.Looked() {
		t.Fatal("somebody looks")
	}
	answer, err := http.Post(server.URL+"/api/insights/live", "application/json", strings.NewReader(`{"component":"PLANT","all":true}`))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(answer.Body)
	next := func() (s LiveSecond) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := next(); len(s.Servers) != 0 || len(s.Samples) != 0 {
		t.Fatalf("%+v", s)
	}
	now := time.Now()
	_, wanted := c.Post(nil, now)
	if len(wanted.Streams) != 2 {
		t.Fatalf("%+v", wanted)
	}
	c.Post([]live.Sample{{
		Instance: live.Instance{Stream: "1", Role: "roof", Name: "pod", Version: "py3.11:otel1.45:ext1.0"}, At: now,
		Values: []live.Value{{Name: live.Requests, Value: 4}, {Name: live.RequestDuration, Value: 0.25}, {Name: live.Dependencies, Value: 1e-10}, {Name: live.CommittedBytes, Value: 5}},
		Documents: []live.Document{
			{Type: "Request", Streams: []string{failedStream, otherStream}, Fields: []live.Field{{Name: "Name", Value: "GET <b>"}, {Name: "ResponseCode", Value: "500"}, {Name: "Duration", Value: "P0.0Y0.0M0.0DT0H0M0.25S"}}},
			{Type: "RemoteDependency", Streams: []string{otherStream}, Fields: []live.Field{{Name: "Name", Value: "write"}, {Name: "Duration", Value: "PT0.004S"}}},
			{Type: "Exception", Fields: []live.Field{{Name: "ExceptionType", Value: "KeyError"}}},
		},
	}}, now)
	s := next()
	for len(s.Servers) == 0 {
		s = next()
	}
	v := s.Servers[0].Values
	if v == nil || v.Requests != 4 || *v.RequestMs != 250 || v.Dependencies != 0 || v.DependencyMs != nil || v.CPU != nil || *v.Memory != 5 {
		t.Errorf("%+v", v)
	}
	if len(s.Samples) != 3 || !s.Samples[0].Failed || *s.Samples[0].Ms != 250 || s.Samples[1].Failed || *s.Samples[1].Ms != 4 || !s.Samples[2].Failed || s.Samples[2].Title != "KeyError" {
		t.Errorf("%+v", s.Samples)
	}
	if s = next(); len(s.Servers) != 1 || s.Servers[0].Values != nil || len(s.Samples) != 0 {
		t.Errorf("one that says nothing: %+v", s)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	for deadline := time.Now().Add(30 * time.Second); c.Looked(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the page is closed, and still looks")
		}
	}
}
