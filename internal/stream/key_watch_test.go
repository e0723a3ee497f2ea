package stream

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestKeyWatch: a job whose lanes rely on the senders' partition key says when
// they do not use it.
func TestKeyWatch(t *testing.T) {
	parts := make([][]Event, 2)
	for i, key := range []string{"a", "5", "", "b"} {
		value := []string{`"a"`, `5`, `"c"`, `"d"`}[i]
		parts[i%2] = append(parts[i%2], Event{Offset: int64(i), PartitionKey: key, Body: []byte(`{"K":` + value + `}`)})
	}
	for _, tc := range []struct {
		query, property string
		events          int64
	}{
		{"SELECT k, COUNT(*) AS n INTO o FROM i GROUP BY k, TumblingWindow(second, 10)", "k", 2},
		{"SELECT k, COUNT(*) AS n INTO o FROM i GROUP BY k, TumblingWindow(second, 10)", "", 0}, // one lane
		{"SELECT k INTO o FROM i", "k", 0}, // no state: nothing relies on the key
	} {
		var log bytes.Buffer
		job, err := New(Options{
			Name: "job", Program: compile(t, tc.query), Policy: DefaultTimePolicy(), Start: StartAll, PartitionKeys: map[string]string{"I": tc.property},
			Sources: map[string]Source{"i": &memSource{parts: parts}}, Sinks: map[string]Sink{"o": &memSink{}}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		w := job.KeyWarnings()
		if tc.events == 0 {
			if len(w) != 0 {
				t.Errorf("%s by %q: %v", tc.query, tc.property, w)
			}
			continue
		}
		if len(w) != 1 || w[0].Events != tc.events || w[0].Input != "i" || !strings.Contains(w[0].String(), "not partitioned by k") {
			t.Errorf("%s: %+v", tc.query, w)
		}
		if text := log.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "job=job input=i property=k") {
			t.Errorf("log %s", text)
		}
	}
}
