package kql

import (
	"os"
	"strings"
	"testing"
)

// TestInsights runs queries as people write them for Application Insights, one a
// line, over its tables in small: each parses, binds, and finds rows.
func TestInsights(t *testing.T) {
	tables := loadTables(t, "testdata/insights.kql")
	data, err := os.ReadFile("testdata/insights.queries")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, query := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		n++
		r, err := Run(t.Context(), tables, query, Options{Now: testNow})
		if err != nil {
			t.Errorf("%s\n%v", query, err)
			continue
		}
		if r.Rows == 0 {
			t.Errorf("%s\nfinds nothing", query)
		}
		if strings.Contains(query, "| render ") != (r.Render != nil) {
			t.Errorf("%s\nrenders as %v", query, r.Render)
		}
	}
	if n < 60 {
		t.Errorf("there are %d queries", n)
	}
}

// TestRender reads the hint.
func TestRender(t *testing.T) {
	r, err := Run(t.Context(), sampleTables(t), "nums | render timechart with (title='a b', xcolumn=k, ycolumns=n, r, ymin=-1)", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := Render{Kind: "timechart", Properties: []Property{{"title", "a b"}, {"xcolumn", "k"}, {"ycolumns", "n,r"}, {"ymin", "-1"}}}
	if r.Render == nil || r.Render.Kind != want.Kind || len(r.Render.Properties) != 4 {
		t.Fatalf("gives %v", r.Render)
	}
	for i, p := range want.Properties {
		if r.Render.Properties[i] != p {
			t.Errorf("property %v, want %v", r.Render.Properties[i], p)
		}
	}
}

// loadTables runs the sections of a file, "-- name" and a query each, and keeps
// what they give as tables.
func loadTables(t testing.TB, file string) *memory {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{tables: map[string]*memoryTable{}, others: map[string]*memory{}}
	for _, section := range strings.Split("\n"+string(data), "\n-- ")[1:] {
		name, query, _ := strings.Cut(section, "\n")
		r, err := Run(t.Context(), m, query, Options{Now: testNow})
		if err != nil {
			t.Fatalf("table %s: %v", name, err)
		}
		m.add(name, r)
	}
	return m
}
