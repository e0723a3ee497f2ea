package otlp

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// TestGolden reads testdata/*.txt: a name, a span, line or metric in protobuf's JSON
// behind "span", "log" or "metric", and the columns that it has, a line each.
func TestGolden(t *testing.T) {
	file, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for n, block := range strings.Split(strings.TrimSpace(string(file)), "\n\n") {
		head, _, _ := strings.Cut(block, "\n=> ")
		name, sent, _ := strings.Cut(head, "\n")
		if n > 0 {
			out.WriteString("\n\n")
		}
		out.WriteString(head)
		kind, text, _ := strings.Cut(sent, " ")
		for _, i := range read(t, name, kind, text) {
			out.WriteString("\n=> " + shown(i))
		}
	}
	if got := out.String() + "\n"; got != string(file) {
		if os.Getenv("LAZULI_UPDATE") != "" {
			if err := os.WriteFile("testdata/golden.txt", []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Errorf("what is read has changed:\n%s", got)
	}
}

const (
	wrapped = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"box"}}]}`
	scoped  = `"scope":{"name":"lib","version":"1"}`
)

func read(t *testing.T, name, kind, text string) (all []*item.Item) {
	t.Helper()
	keep := func(i *item.Item) { all = append(all, i) }
	switch kind {
	case "span":
		var m trace.TracesData
		if err := protojson.Unmarshal(fmt.Appendf(nil, `{"resourceSpans":[{%s,"scopeSpans":[{%s,"spans":[%s]}]}]}`, wrapped, scoped, text), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		Trace(m.GetResourceSpans(), func(i *item.Item, _ int) { keep(i) })
	case "log":
		var m logs.LogsData
		if err := protojson.Unmarshal(fmt.Appendf(nil, `{"resourceLogs":[{%s,"scopeLogs":[{%s,"logRecords":[%s]}]}]}`, wrapped, scoped, text), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		Logs(m.GetResourceLogs(), keep)
	case "metric":
		var m metrics.MetricsData
		if err := protojson.Unmarshal(fmt.Appendf(nil, `{"resourceMetrics":[{%s,"scopeMetrics":[{%s,"metrics":[%s]}]}]}`, wrapped, scoped, text), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		Metrics(m.GetResourceMetrics(), keep)
	default:
		t.Fatalf("%s: %q is sent", name, kind)
	}
	return all
}

// shown is an item's columns that are not empty.
func shown(i *item.Item) string {
	if i == nil {
		return "nothing"
	}
	s := item.Of(i.Body.Type())
	b := []byte(s.ItemType)
	for _, f := range s.Fields {
		value := ""
		switch {
		case f.Text != nil:
			value = f.Text(i)
		case f.Flag != nil:
			value = fmt.Sprint(f.Flag(i))
		case f.Long != nil:
			if v, ok := f.Long(i); ok && !(f.Name == "itemCount" && v == 1) {
				value = fmt.Sprint(v)
			}
		case f.Real != nil:
			if v, ok := f.Real(i); ok {
				value = fmt.Sprint(v)
			}
		case f.JSON != nil:
			value = string(f.JSON(nil, i))
		}
		if value != "" && value != "{}" && f.Name != "client_Type" && value != "0.0.0.0" && f.Name != "performanceBucket" {
			b = fmt.Appendf(b, " | %s %s", f.Name, value)
		}
	}
	return string(b)
}
