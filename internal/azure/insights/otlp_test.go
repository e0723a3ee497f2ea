package insights

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// aTrace is a request of one span that began so long ago.
func aTrace(t testing.TB, ago time.Duration) []byte {
	t.Helper()
	at := uint64(time.Now().Add(-ago).UnixNano()) //nolint:gosec // after 1970
	b, err := proto.Marshal(&trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{
		Resource: &resource.Resource{Attributes: []*common.KeyValue{{Key: "service.name", Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "shop"}}}}},
		ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{{
			TraceId: bytes.Repeat([]byte{0xab}, 16), SpanId: bytes.Repeat([]byte{0xcd}, 8), Name: "GET", Kind: trace.Span_SPAN_KIND_SERVER,
			StartTimeUnixNano: at, EndTimeUnixNano: at + 5e6,
		}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zipped(t testing.TB, b []byte) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestOTLP sends over HTTP as exporters do, and as they do not.
func TestOTLP(t *testing.T) {
	good, old := string(aTrace(t, time.Minute)), string(aTrace(t, 100*time.Hour))
	nano := time.Now().UnixNano()
	asJSON := fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s","name":"n","kind":3,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","new":1}]}]}]}`,
		strings.Repeat("ab", 16), strings.Repeat("cd", 8), nano, nano)
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		closed     bool
		room       int
		status     int
		reply      string // contains
		kept       int
	}{
		"protobuf":         {"/v1/traces", good, []string{"Content-Type", otlpBinary}, false, -1, 200, "", 1},
		"gzip":             {"/v1/traces", zipped(t, []byte(good)), []string{"Content-Type", otlpBinary, "Content-Encoding", "gzip"}, false, -1, 200, "", 1},
		"JSON":             {"/v1/traces", asJSON, []string{"Content-Type", "application/json; charset=utf-8"}, false, -1, 200, "{}", 1},
		"nothing":          {"/v1/traces", "", []string{"Content-Type", otlpBinary}, false, -1, 200, "", 0},
		"no such type":     {"/v1/traces", good, []string{"Content-Type", "text/plain"}, false, -1, 415, "application/x-protobuf", 0},
		"no type":          {"/v1/traces", good, nil, false, -1, 415, "", 0},
		"rubbish":          {"/v1/traces", "\xff\xff\xff", []string{"Content-Type", otlpBinary}, false, -1, 400, "none of OTLP", 0},
		"rubbish JSON":     {"/v1/logs", `{"resourceLogs":7}`, []string{"Content-Type", otlpJSON}, false, -1, 400, `{"code":3,"message":`, 0},
		"old":              {"/v1/traces", old, []string{"Content-Type", otlpBinary}, false, -1, 200, "48 hours ago", 0},
		"no room":          {"/v1/traces", good, []string{"Content-Type", otlpBinary}, false, 0, 429, "no room", 0},
		"key":              {"/v1/traces", good, []string{"Content-Type", otlpBinary, keyHeader, strings.ToUpper(labKey)}, true, -1, 200, "", 1},
		"unknown key":      {"/v1/traces", good, []string{"Content-Type", otlpBinary, keyHeader, "x"}, false, -1, 400, "no component", 0},
		"tokens only":      {"/v1/traces", good, []string{"Content-Type", otlpBinary, keyHeader, otherKey}, false, -1, 401, "", 0},
		"token":            {"/v1/traces", good, []string{"Content-Type", otlpBinary, keyHeader, otherKey, "Authorization", "Bearer " + labToken}, false, -1, 200, "", 1},
		"closed":           {"/v1/traces", good, []string{"Content-Type", otlpBinary}, true, -1, 401, "", 0},
		"closed, no right": {"/v1/metrics", "", []string{"Content-Type", otlpBinary, "Authorization", "Bearer another"}, true, -1, 403, "", 0},
		"deep":             {"/v1/logs", strings.Repeat("[", 20_000), []string{"Content-Type", otlpJSON}, false, -1, 400, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.closed, l.room = c.closed, c.room
			status, reply, header := l.send(c.path, c.body, c.headers...)
			if status != c.status || !strings.Contains(reply, c.reply) || len(l.got) != c.kept {
				t.Errorf("answers %d %q and keeps %d, want %d, %q and %d", status, reply, len(l.got), c.status, c.reply, c.kept)
			}
			if (header.Get("Retry-After") != "") != (c.status == http.StatusTooManyRequests) {
				t.Errorf("Retry-After %q", header.Get("Retry-After"))
			}
		})
	}
}

// TestOTLPReply: what was not taken is told in both forms, as their readers want it.
func TestOTLPReply(t *testing.T) {
	a := arriving{rejected: 3, why: `"old"`}
	var told map[string]map[string]string
	if err := json.Unmarshal(a.reply(true, "rejectedSpans"), &told); err != nil || !reflect.DeepEqual(told, map[string]map[string]string{"partialSuccess": {"rejectedSpans": "3", "errorMessage": `"old"`}}) {
		t.Error(told, err)
	}
	// ExportTracePartialSuccess has the numbers of fields that a resource's schema and
	// spans have not: read by hand.
	if got, want := string(a.reply(false, "")), "\x0a\x09\x08\x03\x12\x05\"old\""; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOTLPNotFromPages: a foreign page sends nothing here.
func TestOTLPNotFromPages(t *testing.T) {
	l := newLab(t)
	for path := range signals {
		r, err := http.NewRequest(http.MethodPost, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if l.AllowsOrigin(r) {
			t.Errorf("a page of another origin may send to %s", path)
		}
	}
}

// FuzzOTLP: whatever comes is taken or refused, and what is taken has a time and a body.
func FuzzOTLP(f *testing.F) {
	f.Add(string(aTrace(f, 0)), byte(0))
	f.Add(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"1","timeUnixNano":"1700000000000000000"}]}}]}]}]}`, byte(5))
	f.Add(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"00","body":{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"k"}]}}]}}}]}]}]}`, byte(4))
	f.Fuzz(func(t *testing.T, body string, how byte) {
		l := newLab(t)
		path := [...]string{"/v1/traces", "/v1/logs", "/v1/metrics"}[how%3]
		kind := otlpBinary
		if how%2 == 1 || strings.HasPrefix(body, "{") {
			kind = otlpJSON
		}
		status, reply, _ := l.send(path, body, "Content-Type", kind)
		if status != 200 && status != 400 {
			t.Fatal(status, reply)
		}
		for _, i := range l.got {
			if i.Time.IsZero() || i.Body == nil {
				t.Fatalf("%+v", i)
			}
			for _, s := range item.Of(i.Body.Type()).Fields {
				if s.Text != nil {
					_ = s.Text(i)
				}
			}
		}
	})
}
