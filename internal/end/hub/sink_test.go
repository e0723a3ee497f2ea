package hub

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

func (l *lab) sink(out jobs.Output) (stream.Sink, error) {
	out.Target = "h"
	return SinkKind(l.namespace).Open(l.t.Context(), out)
}

// shown is an event with its key and properties.
func shown(t *testing.T, e stream.Event) string {
	t.Helper()
	text := e.PartitionKey + " " + string(e.Body)
	if err := e.Properties.Each(func(name string, v streamsql.Value) {
		text += " " + name + "=" + string(v.AppendJSON(nil)) + ":" + v.Kind().String()
	}); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRowsBecomeEvents in each form that an output can ask for.
func TestRowsBecomeEvents(t *testing.T) {
	for name, c := range map[string]struct {
		out  jobs.Output
		want []string
	}{
		"plain":      {jobs.Output{}, []string{`k1 {"a":1,"b":"x"}`, `k1 {"a":2.5,"b":null}`, `k2 {"a":3,"b":"y, \"z\""}`, `k1 {"b":"w","c":{"d":1}}`}},
		"json":       {jobs.Output{Format: "json", Column: "b"}, []string{`no text in column b`}},
		"properties": {jobs.Output{Properties: []string{"a", "b"}}, []string{`k1 {"a":1,"b":"x"} a=1:bigint b="x":nvarchar(max)`, `k1 {"a":2.5,"b":null} a=2.5:float`, `k2 {"a":3,"b":"y, \"z\""} a=3:bigint b="y, \"z\"":nvarchar(max)`, `k1 {"b":"w","c":{"d":1}} b="w":nvarchar(max)`}},
		"array":      {jobs.Output{Format: "array"}, []string{`k1 [{"a":1,"b":"x"},{"a":2.5,"b":null},{"b":"w","c":{"d":1}}]`, `k2 [{"a":3,"b":"y, \"z\""}]`}},
		"csv":        {jobs.Output{Format: "csv"}, []string{"k1 a,b\r\n1,x\r\n2.5,\r\n", "k2 a,b\r\n3,\"y, \"\"z\"\"\"\r\n", "k1 b,c\r\nw,\"{\"\"d\"\":1}\"\r\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			s, err := l.sink(c.out)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			err = s.Write(t.Context(), stream.OutputBatch{Rows: []stream.OutputRow{
				{JSON: []byte(`{"a":1,"b":"x"}`), Key: "k1"},
				{JSON: []byte(`{"a":2.5,"b":null}`), Key: "k1"},
				{JSON: []byte(`{"a":3,"b":"y, \"z\""}`), Key: "k2"},
				{JSON: []byte(`{"b":"w","c":{"d":1}}`), Key: "k1"},
			}})
			if err != nil {
				if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want[0]) {
					t.Error(err)
				}
				return
			}
			r := l.open(l.source(), stream.AtOffset(0))
			for len(got) < len(c.want) {
				for _, e := range l.read(r) {
					got = append(got, shown(t, e))
				}
			}
			// one key keeps its order; keys come in the order in which they began
			if diff := cmp.Diff(byKey(c.want), byKey(got)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCSVKeepsValues: line breaks, quotes, what a spreadsheet would take for a
// formula and what a terminal would obey are values like others.
func TestCSVKeepsValues(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"x\ny","b":1}`:           "a,b\r\n\"x\ny\",1\r\n",
		`{"a":"x\r\ny\rz","b":"\r"}`:   "a,b\r\n\"x\r\ny\rz\",\"\r\"\r\n",
		`{"a":"=1+1","b":"\u001b[2J"}`: "a,b\r\n=1+1,\x1b[2J\r\n",
		`{"a":"\"","b":" y"}`:          "a,b\r\n\"\"\"\",\" y\"\r\n",
		`{"a":""}`:                     "a\r\n\"\"\r\n",
		`{"a":null}`:                   "a\r\n\"\"\r\n",
	} {
		if got, _, err := appendCSV(nil, []byte(in)); err != nil || string(got) != want {
			t.Errorf("%s is written %q, %v; want %q", in, got, err, want)
		}
	}
}

func byKey(events []string) map[string][]string {
	m := map[string][]string{}
	for _, e := range events {
		key, _, _ := strings.Cut(e, " ")
		m[key] = append(m[key], e)
	}
	return m
}

// TestManyRowsTogether: an event that is made of rows stays within its bound, and
// no row is lost.
func TestManyRowsTogether(t *testing.T) {
	for _, format := range []string{"array", "csv"} {
		make, err := formOf(jobs.Output{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		var rows []outRow
		for i := range 5000 {
			rows = append(rows, outRow{json: fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, i, strings.Repeat("x", 200))})
		}
		events, err := make(rows)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range events {
			n += strings.Count(string(e.Body), "xx,") + strings.Count(string(e.Body), strings.Repeat("x", 200))
			if len(e.Body) > maxTogether+300 {
				t.Errorf("%s: an event of %d bytes", format, len(e.Body))
			}
		}
		if n != 5000 || len(events) < 4 || len(events) > 6 {
			t.Errorf("%s: %d rows in %d events", format, n, len(events))
		}
	}
}

// TestRefusedForms are named.
func TestRefusedForms(t *testing.T) {
	l := newLab(t)
	for want, out := range map[string]jobs.Output{
		"format avro":                 {Format: "avro"},
		"properties need format json": {Format: "csv", Properties: []string{"a"}},
	} {
		if _, err := l.sink(out); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", out, err, want)
		}
	}
}
