package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// written is a log with a line of each sort.
func written() *telemetry.Logs {
	c := telemetry.New()
	l := c.Logs
	l.Append(telemetry.Line{Source: "broker", Level: slog.LevelWarn, Text: "slow disk", Attrs: []telemetry.Attr{{Key: "ms", Value: "52"}}})
	l.Append(telemetry.Line{Source: "job/rollup", Level: slog.LevelError, Text: "no room"})
	c.FromHost("shop", func(string) uint64 { return 1 })(host.LogWritten{Function: "ingest", ID: "i1", Level: slog.LevelDebug, Message: "Boiler 7\x1b[2J\u202e", Properties: `{"site":"jeju"}`})
	l.Append(telemetry.Line{Source: "app/shop", Level: slog.LevelInfo, Text: strings.Repeat("x", 5000)})
	return l
}

// ids asks for lines and returns the numbers of those that came.
func ids(t *testing.T, lab *portaltest.Lab, query string) string {
	t.Helper()
	code, got := lab.Do("GET", "/api/logs?"+query, "")
	if code != 200 {
		t.Fatalf("%s: %d %v", query, code, got)
	}
	var out []string
	for _, l := range got["lines"].([]any) {
		out = append(out, l.(map[string]any)["id"].(string))
	}
	return strings.Join(out, " ")
}

func TestFilter(t *testing.T) {
	testkit.NoLeaks(t)
	lab := portaltest.Serve(t, nil, Pages(written())...)
	for q, want := range map[string]string{
		"":                    "4 3 2 1",
		"level:error":         "2",
		"level:warning,error": "2 1",
		"level>=warn":         "2 1",
		"-level:debug":        "4 2 1",
		"level!=debug":        "4 2 1",
		"app:shop":            "4 3",
		"function:ingest":     "3",
		"job=rollup":          "2",
		"-function:*":         "4 2 1",
		"source:broker":       "1",
		"run:i1":              "3",
		"boiler":              "3",
		"jeju":                "3",
		"-jeju":               "4 2 1",
		"attr.site:jeju":      "3",
		"attr.ms>50":          "1",
		"attr.ms>52":          "",
		`"slow disk"`:         "1",
		"text:room level=err": "2",
	} {
		if got := ids(t, lab, url.Values{"q": {q}}.Encode()); got != want {
			t.Errorf("%q: %q, want %q", q, got, want)
		}
	}
	for q, at := range map[string][2]float64{"level:loud": {6, 10}, "x leve:error": {2, 12}, "attr:x": {0, 6}} {
		code, got := lab.Do("GET", "/api/logs?"+url.Values{"q": {q}}.Encode(), "")
		start, _ := got["start"].(float64) // 0 is left out
		if code != 400 || got["kind"] != "syntax" || start != at[0] || got["end"] != at[1] {
			t.Errorf("%q: %d %v", q, code, got)
		}
	}
	if got := ids(t, lab, "limit=2&before=4"); got != "3 2" {
		t.Errorf("a page: %q", got)
	}
}

// TestLine: a list holds the begin of a long line, the line itself all of it
// and its neighbours; what gave way is said to have done so.
func TestLine(t *testing.T) {
	testkit.NoLeaks(t)
	lab := portaltest.Serve(t, nil, Pages(written())...)
	_, got := lab.Do("GET", "/api/logs/4?n=1", "")
	line, near := got["line"].(map[string]any), got["lines"].([]any)
	if len(line["text"].(string)) != 5000 || len(near) != 2 || near[1].(map[string]any)["more"] != 5000.0-previewBytes {
		t.Errorf("%v", got)
	}
	if code, _ := lab.Do("GET", "/api/logs/99", ""); code != 410 {
		t.Errorf("a line that is not there: %d", code)
	}
	_, counts := lab.Do("GET", "/api/logs/counts?steps=3&q=app:shop", "")
	if counts["lines"] != 2.0 || fmt.Sprint(counts["sources"]) != "map[app/shop:1 function/shop/ingest:1]" {
		t.Errorf("%v", counts)
	}
}

// TestTail: what is written after the page arrives, filtered.
func TestTail(t *testing.T) {
	testkit.NoLeaks(t)
	logs := written()
	lab := portaltest.Serve(t, nil, Pages(logs)...)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", lab.URL+"/api/logs/tail?after=2&q=-app:shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() (m Tail) {
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := next(); len(m.Lines) != 0 {
		t.Errorf("at first %v", m)
	}
	logs.Append(telemetry.Line{Source: "app/shop", Text: "left out"})
	logs.Append(telemetry.Line{Source: "broker", Text: "new"})
	if m := next(); len(m.Lines) != 1 || m.Lines[0].Text != "new" || m.Lines[0].Level != "info" {
		t.Errorf("then %v", m)
	}
}

func TestExport(t *testing.T) {
	testkit.NoLeaks(t)
	lab := portaltest.Serve(t, nil, Pages(written())...)
	get := func(query string) string {
		res, err := http.Get(lab.URL + "/api/logs/export?" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := get("format=text&q=-level:info")
	if strings.Count(text, "\n") != 3 || strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, `function/shop/ingest: Boiler 7\x1b[2J\u202e site=jeju`) {
		t.Errorf("%q", text)
	}
	if raw := get("format=ndjson"); strings.Count(raw, "\n") != 4 || len(raw) < 5000 || !strings.HasPrefix(raw, `{"id":"1"`) {
		t.Errorf("%q", raw)
	}
	if code, _ := lab.Do("GET", "/api/logs/export", ""); code != 400 {
		t.Errorf("without a format: %d", code)
	}
}
