package localrun

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const countQuery = `SELECT k, COUNT(*) AS n INTO counts FROM readings TIMESTAMP BY t GROUP BY k, TumblingWindow(second, 10)`

// newCases writes a project of one query and its test configuration.
func newCases(t *testing.T, config, expected string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "query.asaql", "\xef\xbb\xbf"+countQuery)
	put(t, dir, "in.json", `[{"k":"a","t":"2026-01-31T00:00:01Z"},{"k":"b","t":"2026-01-31T00:00:02Z"},{"k":"a","t":"2026-01-31T00:00:00.5Z"}]`)
	put(t, dir, "expected.json", expected)
	put(t, dir, "testConfig.json", config)
	return dir
}

const countCase = `{"Name":"one","Inputs":[{"InputAlias":"Readings","Type":"Data Stream","FilePath":".\\in.json"}],
	"ExpectedOutputs":[{"OutputAlias":"COUNTS","FilePath":"expected.json","Required":true}]}`

// TestCases: rows are a multiset, so order is free but numbers of equal rows are
// not; events are sorted by time.
func TestCases(t *testing.T) {
	config := `{"Script":"query.asaql","TestCases":[` + countCase + `]}`
	for name, tc := range map[string]struct {
		expected string
		detail   []string
	}{
		"same order":      {`[{"k":"a","n":2},{"k":"b","n":1}]`, nil},
		"other order":     {`[{"n":1.0,"k":"b"},{"k":"a","n":2,"nothing":null}]`, nil},
		"a row too few":   {`[{"k":"a","n":2}]`, []string{"COUNTS:\n  + {\"k\":\"b\",\"n\":1}\n"}},
		"a row too many":  {`[{"k":"a","n":2},{"k":"b","n":1},{"k":"b","n":1}]`, []string{"COUNTS:\n  - {\"k\":\"b\",\"n\":1}\n"}},
		"another value":   {`[{"k":"a","n":3},{"k":"b","n":1}]`, []string{"COUNTS:\n  - {\"k\":\"a\",\"n\":3}\n  + {\"k\":\"a\",\"n\":2}\n"}},
		"nothing at all":  {`[]`, []string{"COUNTS:\n  + {\"k\":\"a\",\"n\":2}\n  + {\"k\":\"b\",\"n\":1}\n"}},
		"lines, not JSON": {"{\"k\":\"a\",\"n\":2}\n{\"k\":\"b\",\"n\":1}\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			results, err := Test(t.Context(), newCases(t, config, tc.expected), TestOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != 1 || results[0].Case != "one" || results[0].Passed() != (tc.detail == nil) || filepath.Base(results[0].File) != "testConfig.json" {
				t.Fatalf("results %+v", results)
			}
			var detail []string
			for i := range results[0].Differ {
				detail = append(detail, results[0].Differ[i].Text(0))
			}
			if diff := cmp.Diff(tc.detail, detail); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestConfigsThatAreRefused: what is wrong is named with its file.
func TestConfigsThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"no JSON":       {`{`, "not the JSON"},
		"no script":     {`{"TestCases":[` + countCase + `]}`, "no Script, and no asaproj.json"},
		"no cases":      {`{"Script":"query.asaql"}`, "needs TestCases"},
		"absent script": {`{"Script":"other.asaql","TestCases":[` + countCase + `]}`, "other.asaql"},
		"absent input":  {`{"Script":"query.asaql","TestCases":[` + strings.ReplaceAll(countCase, "in.json", "absent.json") + `]}`, "absent.json"},
		"absent output": {`{"Script":"query.asaql","TestCases":[` + strings.ReplaceAll(countCase, "expected.json", "absent.json") + `]}`, "absent.json"},
		"other input":   {`{"Script":"query.asaql","TestCases":[` + strings.ReplaceAll(countCase, "Readings", "others") + `]}`, "readings"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Test(t.Context(), newCases(t, tc.config, "[]"), TestOptions{})
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "testConfig.json") {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	if _, err := Test(t.Context(), t.TempDir(), TestOptions{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a folder without cases: %v", err)
	}
}

// TestOutputsThatMayBeAbsent: an expected file that is not required may be
// missing; an output that the query does not have is a failure.
func TestOutputsThatMayBeAbsent(t *testing.T) {
	optional := strings.ReplaceAll(strings.ReplaceAll(countCase, "expected.json", "absent.json"), "true", "false")
	unknown := strings.ReplaceAll(countCase, "COUNTS", "others")
	results, err := Test(t.Context(), newCases(t, `{"Script":"query.asaql","TestCases":[`+optional+`,`+unknown+`]}`, "[]"), TestOptions{})
	if err != nil || len(results) != 2 || !results[0].Passed() || results[1].Passed() || !strings.Contains(results[1].Differ[0].Text(1), "no such output") {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestScriptOfTheProject: an empty Script, and one of another machine, mean the
// query of the project that the folder lies in.
func TestScriptOfTheProject(t *testing.T) {
	for _, script := range []string{`""`, `"C:\\Users\\me\\job\\q.asaql"`, `"/home/other/q.asaql"`} {
		dir := newCases(t, `{}`, "[]")
		put(t, dir, "asaproj.json", `{"startFile":"query.asaql"}`)
		for _, name := range []string{"in.json", "expected.json"} {
			put(t, dir, "test/unit/"+name, `[]`)
		}
		put(t, dir, "test/unit/testConfig.json", `{"Script":`+script+`,"TestCases":[`+countCase+`]}`)
		results, err := Test(t.Context(), filepath.Join(dir, "test"), TestOptions{})
		if err != nil || len(results) != 1 || !results[0].Passed() {
			t.Errorf("Script %s: %+v, %v", script, results, err)
		}
	}
}

// TestChosenCases: cases are chosen by name or pattern.
func TestChosenCases(t *testing.T) {
	two := countCase + "," + strings.Replace(countCase, `"one"`, `"Two of them"`, 1)
	dir := newCases(t, `{"Script":"query.asaql","TestCases":[`+two+`]}`, "[]")
	for pattern, want := range map[string]int{"one": 1, "TWO*": 1, "*": 2, "*e*": 2, "*e": 1, "o*f": 0} {
		results, err := Test(t.Context(), dir, TestOptions{Cases: []string{pattern}})
		if len(results) != want || (want == 0) != fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %d cases, %v", pattern, len(results), err)
		}
	}
}

// TestBoundedText: of many rows the first few are shown, and how many more.
func TestBoundedText(t *testing.T) {
	d := Difference{Output: "o", Missing: []string{"1", "2", "3"}, Unexpected: []string{"4", "5"}}
	if got, want := d.Text(2), "o:\n  - 1\n  - 2\n  - … and 1 more missing\n  + 4\n  + 5\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
