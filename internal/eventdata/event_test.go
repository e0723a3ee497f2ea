package eventdata

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

func encoded(t testing.TB, m *amqp.Message) []byte {
	t.Helper()
	raw, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestRead reads everything of a message that functions see.
func TestRead(t *testing.T) {
	e, err := Read(encoded(t, &amqp.Message{
		Annotations: amqp.Map{{Key: amqp.Symbol("x-opt-partition-key"), Value: "pk"}, {Key: amqp.Symbol("iothub-connection-device-id"), Value: "d"}},
		Properties:  &amqp.Properties{MessageID: "m-1", ContentType: "application/json"},
		ApplicationProperties: amqp.Map{
			{Key: "eventType", Value: "telemetry"},
			{Key: "n", Value: int64(7)},
			{Key: "f", Value: 1.5},
			{Key: "b", Value: []byte{1}},
			{Key: "q", Value: "a\"b"},
			{Key: "ko", Value: "전력"},
			{Key: "t", Value: time.Unix(0, 0).UTC()},
			{Key: "none", Value: nil},
			{Key: "Diagnostic-Id", Value: "00-trace"},
		},
		Data: [][]byte{[]byte("{}")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	properties, err := e.AppendProperties([]byte("before "))
	if err != nil {
		t.Fatal(err)
	}
	system, err := e.AppendSystem(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Show()
	if err != nil || string(s.System) != string(system) || "before "+string(s.Properties) != string(properties) {
		t.Errorf("shown: %s %s, %v", s.Properties, s.System, err)
	}
	got := map[string]string{"body": string(e.Body), "properties": string(properties), "system": string(system), "trace": s.TraceParent}
	want := map[string]string{
		"body":       "{}",
		"properties": `before {"eventType":"telemetry","n":7,"f":1.5,"b":"AQ==","q":"a\"b","ko":"전력","t":"1970-01-01T00:00:00Z","none":null,"Diagnostic-Id":"00-trace"}`,
		"system":     `{"iothub-connection-device-id":"d","message-id":"m-1","content-type":"application/json"}`,
		"trace":      "00-trace",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBodies(t *testing.T) {
	for name, c := range map[string]struct {
		m    *amqp.Message
		want string
	}{
		"two data sections": {&amqp.Message{Data: [][]byte{[]byte("a"), []byte("b")}}, "ab"},
		"text value":        {&amqp.Message{Value: "hello", HasValue: true}, "hello"},
		"map value":         {&amqp.Message{Value: amqp.Map{{Key: "a", Value: []any{nil, true, uint8(2)}}}, HasValue: true}, `{"a":[null,true,2]}`},
		"no body":           {&amqp.Message{}, ""},
	} {
		e, err := Read(encoded(t, c.m))
		if err != nil || string(e.Body) != c.want {
			t.Errorf("%s: %q, %v", name, e.Body, err)
		}
		if s, err := e.Show(); s.Properties != nil || s.System != nil || s.TraceParent != "" || err != nil {
			t.Errorf("%s: %s %s %v of nothing", name, s.Properties, s.System, err)
		}
	}
	if _, err := Read([]byte{0, 1, 2}); err == nil {
		t.Error("a broken message was taken")
	}
}

// TestTraceParent: the standard name goes before that of older clients.
func TestTraceParent(t *testing.T) {
	e, err := Read(encoded(t, &amqp.Message{ApplicationProperties: amqp.Map{{Key: "Diagnostic-Id", Value: "old"}, {Key: "traceparent", Value: "new"}}}))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := e.Show(); err != nil || s.TraceParent != "new" {
		t.Errorf("%q, %v", s.TraceParent, err)
	}
}

// TestBrokenProperties: properties that cannot be read are an error, not none.
func TestBrokenProperties(t *testing.T) {
	raw := encoded(t, &amqp.Message{ApplicationProperties: amqp.Map{{Key: "name", Value: "value"}}, Data: [][]byte{[]byte("{}")}})
	at := strings.Index(string(raw), "\xa1\x05value")
	raw[at] = 0x3f // no constructor
	e, err := Read(raw)
	if err == nil {
		_, err = e.AppendProperties(nil)
	}
	if err == nil {
		t.Error("a broken property was taken")
	}
}

// TestMessage reads what was made to be stored.
func TestMessage(t *testing.T) {
	for _, c := range []struct {
		m          Message
		properties string
		system     string
	}{
		{Message{Body: []byte("a")}, "", ""},
		{Message{Body: []byte("a"), ContentType: "text/plain"}, "", `{"content-type":"text/plain"}`},
		{Message{Body: []byte("a"), Properties: amqp.Map{{Key: "site", Value: "x"}}}, `{"site":"x"}`, ""},
	} {
		raw, err := c.m.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		properties, _ := e.AppendProperties(nil)
		system, _ := e.AppendSystem(nil)
		if string(e.Body) != "a" || string(properties) != c.properties || string(system) != c.system {
			t.Errorf("%+v: %s %s %s", c.m, e.Body, properties, system)
		}
	}
}

// FuzzRead wants no panic, and JSON that the standard library takes.
func FuzzRead(f *testing.F) {
	f.Add(encoded(f, &amqp.Message{ApplicationProperties: amqp.Map{{Key: "a", Value: int64(1)}}, Properties: &amqp.Properties{MessageID: "m"}, Data: [][]byte{[]byte("{}")}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := Read(raw)
		if err != nil {
			return
		}
		for _, form := range []func([]byte) ([]byte, error){e.AppendProperties, e.AppendSystem} {
			if text, err := form(nil); err == nil && len(text) > 0 && !json.Valid(text) {
				t.Errorf("not JSON: %q", text)
			}
		}
		_, _ = e.Show() // no panic
	})
}

func BenchmarkRead(b *testing.B) {
	full := encoded(b, &amqp.Message{
		Properties: &amqp.Properties{MessageID: "m-1", ContentType: "application/json"},
		ApplicationProperties: amqp.Map{
			{Key: "eventType", Value: "telemetry"}, {Key: "n", Value: int64(7)}, {Key: "f", Value: 1.5}, {Key: "ok", Value: true}, {Key: "site", Value: "seoul-1"},
		},
		Data: [][]byte{[]byte(`{"deviceId":"d-17","temperature":21.5,"t":"2026-01-01T00:00:00Z"}`)},
	})
	plain := amqp.AppendDataSection(nil, []byte(`{"deviceId":"d-17","temperature":21.5,"t":"2026-01-01T00:00:00Z"}`))
	for name, raw := range map[string][]byte{"plain": plain, "properties": full} {
		b.Run("function/"+name, func(b *testing.B) { // all parts, as a trigger takes them
			b.ReportAllocs()
			for b.Loop() {
				e, err := Read(raw)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := e.Show(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("stream/"+name, func(b *testing.B) { // the body, and properties not asked for
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
