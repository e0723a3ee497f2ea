package portal_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// withFolder runs a portal over a folder of dashboards.
func withFolder(t *testing.T) (*portaltest.Lab, string) {
	t.Helper()
	testkit.NoLeaks(t)
	dir := filepath.Join(t.TempDir(), dashboard.FolderName)
	return portaltest.Serve(t, dashboard.New(dashboard.Options{Dir: dir, Feeds: oneDocument{}})), dir
}

// save is PUT or DELETE with If-Match.
func save(t *testing.T, l *portaltest.Lab, method, name, etag, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, l.URL+"/api/dashboards/"+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if etag != "" {
		req.Header.Set("If-Match", `"`+etag+`"`)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestADashboardIsMadeSavedAndDeleted over HTTP, and the list tells of it.
func TestADashboardIsMadeSavedAndDeleted(t *testing.T) {
	l, dir := withFolder(t)
	s := l.Listen("dashboards", "dashboard:doors")
	if rows := s.Rows("dashboards"); len(rows) != 0 {
		t.Fatalf("%v", rows)
	}
	const text = `{"name":"doors","title":"Doors","datasets":{"doors":{"push":true,"time":"at"}},"tiles":[{"type":"number","title":"n","dataset":"doors","aggregate":"count"}]}`
	code, made := l.Do("POST", "/api/dashboards", fmt.Sprintf(`{"name":"doors","text":%q}`, text))
	if code != http.StatusCreated {
		t.Fatalf("%d %v", code, made)
	}
	if row := s.Rows("dashboards")["doors"]; row["state"] != "ok" || row["tiles"] != 1.0 {
		t.Errorf("the list: %v", row)
	}
	view, ok := s.Next("dashboard:doors").(map[string]any)
	for ; !ok; view, ok = s.Next("dashboard:doors").(map[string]any) { // null before it was there
	}
	code, note := l.Do("POST", "/v1.0/myorg/datasets/doors/tables/rows/rows", `{"rows":[{"door":"north","at":"2020-01-01T00:00:00Z"}]}`)
	if code != 200 || note["old"] != 1.0 || !strings.Contains(fmt.Sprint(note["note"]), "older than what the tiles show") {
		t.Errorf("an old row: %d %v", code, note)
	}
	code, past := l.Do("GET", "/api/dashboards/doors/view?from=1577836700000&to=1577836900000", "")
	if code != 200 || past["tiles"].([]any)[0].(map[string]any)["value"] != 1.0 {
		t.Errorf("in its time: %d %v", code, past)
	}
	etag := made["etag"].(string)
	broken := strings.Replace(text, `"count"`, `"median"`, 1)
	for _, tc := range []struct {
		method, etag, body string
		code               int
		says               string
	}{
		{"PUT", "", text, 400, "If-Match"},
		{"PUT", "none", text, 412, "changed meanwhile"},
		{"PUT", etag, `{"name":"doors",}`, 400, `"line":1,"col":16`},
		{"PUT", etag, broken, 200, `"etag"`},
		{"DELETE", etag, "", 412, "changed meanwhile"},
	} {
		if code, got := save(t, l, tc.method, "doors", tc.etag, tc.body); code != tc.code || !strings.Contains(got, tc.says) {
			t.Errorf("%s %q %s: %d %s", tc.method, tc.etag, tc.body, code, got)
		}
	}
	code, board := l.Do("GET", "/api/dashboards/doors", "")
	if problems := board["problems"].([]any); code != 200 || len(problems) != 1 || problems[0].(map[string]any)["tile"] != 0.0 || board["rev"] == view["rev"] {
		t.Errorf("a broken tile: %d %v", code, board)
	}
	if row := s.Rows("dashboards")["doors"]; row["state"] != "warn" {
		t.Errorf("the list: %v", row)
	}
	file := filepath.Join(dir, "doors.json")
	if have, err := os.ReadFile(file); err != nil || string(have) != broken {
		t.Errorf("%s: %s %v", file, have, err)
	}
	if code, got := save(t, l, "DELETE", "doors", board["etag"].(string), ""); code != http.StatusNoContent {
		t.Errorf("%d %s", code, got)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error(err)
	}
	for _, name := range []string{"..%2Fx", "x%2Fy", "none"} {
		if code, got := save(t, l, "PUT", name, "x", text); code != 404 {
			t.Errorf("%s: %d %s", name, code, got)
		}
	}
	if code, got := l.Do("POST", "/api/dashboards", `{"name":"../x","text":"{}"}`); code != 400 {
		t.Errorf("%d %v", code, got)
	}
}

// TestPreviewAndSuggestionsOverHTTP.
func TestPreviewAndSuggestionsOverHTTP(t *testing.T) {
	l, _ := withFolder(t)
	code, got := l.Do("POST", "/api/dashboard-preview", `{"name":"x","datasets":{"d":{"container":"db/events"}},"tiles":[{"type":"number","title":"n","dataset":"d","aggregate":"count","window":"24h"}]}`)
	if code != 200 || got["view"].(map[string]any)["tiles"].([]any)[0].(map[string]any)["value"] != 1.0 {
		t.Errorf("%d %v", code, got)
	}
	code, got = l.Do("GET", "/api/dashboard-fields?container=db/events", "")
	if code != 200 || got["rows"] != 1.0 {
		t.Errorf("%d %v", code, got)
	}
	code, got = l.Do("GET", "/api/dashboard-sources", "")
	if code != 200 || fmt.Sprint(got["containers"]) != "[db/events]" {
		t.Errorf("%d %v", code, got)
	}
	if code, got := l.Do("GET", "/api/dashboard-suggestions", ""); code != 200 || len(got[""].([]any)) != 1 { // "latest": one row with an id
		t.Errorf("%d %v", code, got)
	}
}

// TestDashboardsAreSentAsJSON, as all that changes something: a form of a foreign
// page cannot be.
func TestDashboardsAreSentAsJSON(t *testing.T) {
	l := portaltest.Serve(t, nil)
	for _, order := range []string{"PUT /api/dashboards/plants", "POST /api/dashboard-preview"} {
		method, path, _ := strings.Cut(order, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, l.URL+path, strings.NewReader(`{"title":"x","tiles":[]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/plain")
		req.Header.Set("If-Match", `"1"`)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 400 || !strings.Contains(string(text), "Content-Type") {
			t.Errorf("%s: %s %s %v", order, res.Status, text, err)
		}
	}
}
