package portal_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const testBoard = `{"name":"plants","title":"Plants",
	"datasets":{"readings":{"push":true},"docs":{"container":"db/events"},"alerts":{"push":true}},
	"tiles":[
		{"type":"number","title":"All","dataset":"readings","aggregate":"count"},
		{"type":"number","title":"Documents","dataset":"docs","aggregate":"count"},
		{"type":"map","title":"Map","dataset":"readings","key":"id","lat":"lat","lon":"lon","value":"v","detail":[{"field":"v","title":"V"}]},
		{"type":"alarms","title":"Alarms","dataset":"alerts","key":"id","message":"text"}]}`

// oneDocument is a change feed that holds one document.
type oneDocument struct{}

func (oneDocument) Open(string) (dashboard.Feed, error) { return oneDocument{}, nil }
func (oneDocument) Containers() []string                { return []string{"db/events"} }
func (oneDocument) LSN() uint64                         { return 1 }
func (oneDocument) Changes(_ context.Context, after uint64, _ int) ([][]byte, uint64, error) {
	if after > 0 {
		return nil, after, nil
	}
	return [][]byte{[]byte(`{"id":"1"}`)}, 1, nil
}

func newLab(t *testing.T, pages ...portal.Page) *portaltest.Lab {
	t.Helper()
	testkit.NoLeaks(t)
	boards := dashboard.New(dashboard.Options{Feeds: oneDocument{}})
	boards.Load([]dashboard.File{{Name: "plants.json", Text: []byte(testBoard)}})
	return portaltest.Serve(t, boards, pages...)
}

func TestDashboardFollowsPushesAndDocuments(t *testing.T) {
	l := newLab(t)
	s := l.Listen("dashboard:plants")
	next := func() map[string]any { return s.Next("dashboard:plants").(map[string]any) }
	next()
	rows := `{"rows":[{"id":"p1","lat":37.5,"lon":127,"v":5},{"id":"p2","lat":35.1,"lon":129,"v":7}]}`
	if code, got := l.Do("POST", "/v1.0/myorg/datasets/readings/tables/t/rows", rows); code != 200 {
		t.Fatalf("push: %d %v", code, got)
	}
	value := func(view map[string]any, tile int) any { return view["tiles"].([]any)[tile].(map[string]any)["value"] }
	for view := next(); value(view, 0) != 2.0 || value(view, 1) != 1.0; view = next() {
	}
	if code, past := l.Do("GET", "/api/dashboards/plants/tiles/2/history?key=p2", ""); code != 200 || fmt.Sprint(past["series"]) != "[map[name:v v:[7]]]" {
		t.Errorf("history: %d %v", code, past)
	}
	for path, body := range map[string]string{
		"/v1.0/myorg/datasets/none/tables/t/rows":     rows,
		"/v1.0/myorg/datasets/docs/tables/t/rows":     rows,
		"/v1.0/myorg/datasets/readings/tables/t/rows": `{"rows":[1]}`,
	} {
		if code, got := l.Do("POST", path, body); code/100 != 4 || got["error"] == "" {
			t.Errorf("%s %s: %d %v", path, body, code, got)
		}
	}
	for _, path := range []string{"/api/stream?topic=none", "/api/nothing", "/api/lists/none"} {
		if code, got := l.Do("GET", path, ""); code != 404 || got["error"] == "" {
			t.Errorf("%s: %d %v", path, code, got)
		}
	}
}

// TestAnAlarmDoesNotWaitForTheTick pushes an alarm right after a tick, and a
// plain row after another. The machine may be busy, so the best of some tries
// counts.
func TestAnAlarmDoesNotWaitForTheTick(t *testing.T) {
	l := newLab(t)
	s := l.Listen("dashboard:plants")
	rows := func() int {
		total := 0.0
		for _, d := range s.Next("dashboard:plants").(map[string]any)["datasets"].(map[string]any) {
			total += d.(map[string]any)["rows"].(float64)
		}
		return int(total)
	}
	for rows() == 0 { // the one document
	}
	have := rows()
	soonest := time.Hour
	for try := 0; try < 5 && soonest > 500*time.Millisecond; try++ {
		rows() // a tick: the next one is a second away
		began := time.Now()
		if code, got := l.Do("POST", "/v1.0/myorg/datasets/alerts/tables/t/rows", `{"rows":[{"id":"p1","text":"hot"}]}`); code != 200 {
			t.Fatalf("push: %d %v", code, got)
		}
		for rows() == have {
		}
		have++
		soonest = min(soonest, time.Since(began))
		rows() // the tick that the alarm came before
	}
	if soonest > 500*time.Millisecond {
		t.Errorf("an alarm came after %v, as if it had waited for the tick", soonest)
	}
}

// TestTopicsComeAndGo over one stream.
func TestTopicsComeAndGo(t *testing.T) {
	l := newLab(t, portal.Page{
		Kind: "things", Item: "thing",
		Rows: func(*portal.Rates) []portal.Row {
			return []portal.Row{{ID: "a", Value: map[string]any{"id": "a", "now": time.Now().UnixNano()}}}
		},
		Detail: func(id string, _ *portal.Rates) (any, error) { return map[string]string{"name": id}, nil },
	})
	s := l.Listen()
	code, got := l.Do("POST", "/api/stream/"+s.ID, `{"add":["things","thing:a","nothing","dashboard:"]}`)
	if code != 200 || fmt.Sprint(got["unknown"]) != "[nothing dashboard:]" {
		t.Fatalf("add: %d %v", code, got)
	}
	if v := s.Next("thing:a"); fmt.Sprint(v) != "map[name:a]" {
		t.Errorf("thing:a: %v", v)
	}
	first := s.Rows("things")["a"]["now"]
	if second := s.Rows("things")["a"]["now"]; second == first {
		t.Errorf("a row that changes all the time: %v, then %v", first, second)
	}
	if code, _ := l.Do("POST", "/api/stream/"+s.ID, `{"drop":["things"],"add":["summary"]}`); code != 200 {
		t.Fatalf("drop: %d", code)
	}
	s.Next("summary")
	for range 2 {
		if topic, v, err := s.Event(); err != nil || topic != "summary" {
			t.Errorf("after the drop came %s %v, %v", topic, v, err)
		}
	}
	if code, got := l.Do("POST", "/api/stream/none", `{"add":["things"]}`); code != 404 {
		t.Errorf("a stream that is not open: %d %v", code, got)
	}
	if code, got := l.Do("GET", "/api/lists/things?q=A", ""); code != 200 || got["total"] != 1.0 {
		t.Errorf("the list as a page: %d %v", code, got)
	}
}

func TestPages(t *testing.T) {
	l := newLab(t)
	type answer struct {
		StatusCode int
		Header     http.Header
	}
	get := func(path, tag string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		req.Header.Set("If-None-Match", tag)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return answer{res.StatusCode, res.Header}
	}
	page := get("/", "")
	if page.StatusCode != 200 || page.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(page.Header.Get("Content-Security-Policy"), "default-src 'self';") {
		t.Errorf("start page: %d %v", page.StatusCode, page.Header)
	}
	if again := get("/", page.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("start page again: %d", again.StatusCode)
	}
	if again := get("/hubs/some/route", get("/hubs", "").Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("start page of another route to the same page: %d", again.StatusCode)
	}
	if none := get("/assets/none.js", ""); none.StatusCode != 404 {
		t.Errorf("an asset that is not there: %d", none.StatusCode)
	}
}
