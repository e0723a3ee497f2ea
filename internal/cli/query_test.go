package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPointAt(t *testing.T) {
	for _, tc := range []struct {
		sql        string
		start, end int
		want       string
	}{
		{"SELECT *\nFORM c", 9, 13, "bad\n\n  FORM c\n  ^^^^"},
		{"SELECT '한국' x", 16, 17, "bad\n\n  SELECT '한국' x\n              ^"},
		{"SELECT", 6, 6, "bad\n\n  SELECT\n        ^"},
		{"SELECT", 99, 100, "bad"},
	} {
		if got := pointAt(tc.sql, place{tc.start, tc.end}, "bad"); got != tc.want {
			t.Errorf("pointAt(%q, %d):\n%s\nwant\n%s", tc.sql, tc.start, got, tc.want)
		}
	}
}

func TestTablePagesLineUp(t *testing.T) {
	var out strings.Builder
	table := &tableRows{w: &out, width: 30}
	for _, page := range [][]string{
		{`{"id":"a","data":{"t":1,"deep":{"x":true}},"_ts":1}`},
		{},
		{`{"id":"bb","new":1,"data":{"t":20}}`, `{"id":"line\nbreak","data":{"deep":{"x":"` + strings.Repeat("y", 100) + `"}}}`},
	} {
		var rows [][]byte
		for _, r := range page {
			rows = append(rows, []byte(r))
		}
		if err := table.page(rows); err != nil {
			t.Fatal(err)
		}
	}
	want := "id  data.t  data.deep.x\n" +
		"a   1       true\n" +
		"bb           20\n" +
		"line\\nbreak          yyyyyyyy…\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestSetPath(t *testing.T) {
	object := map[string]any{}
	for _, path := range []string{"a.b", "a.c", "d"} {
		if err := setPath(object, strings.Split(path, "."), path); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]any{"a": map[string]any{"b": "a.b", "c": "a.c"}, "d": "d"}
	if diff := cmp.Diff(want, object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
	if err := setPath(object, []string{"d", "e"}, 1); err == nil || err.Error() != "d is a value already" {
		t.Errorf("error %v", err)
	}
}

func TestCSVValue(t *testing.T) {
	for text, want := range map[string]string{"21.50": "json.Number", "-1e3": "json.Number", "007": "string", "true": "bool", "": "string", "NaN": "string", "{}": "string"} {
		if got := fmt.Sprintf("%T", csvValue(text)); got != want {
			t.Errorf("csvValue(%q) is a %s, want %s", text, got, want)
		}
	}
}
