package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/trial"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const trialChild = "LAZULI_TEST_TRIAL_CHILD"

// TestTrialChild is the process that a tested query runs in.
func TestTrialChild(t *testing.T) {
	if os.Getenv(trialChild) == "" {
		t.Skip("it is the child that other tests start")
	}
	if err := trial.Serve(t.Context(), os.Stdin, os.Stdout, func() { os.Exit(trial.Exceeded) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// editLab is a running job with its page of the portal.
type editLab struct {
	*jobLab
	*portaltest.Lab
	j *jobs.Job
}

func newEditLab(t *testing.T) *editLab {
	t.Helper()
	t.Setenv(trialChild, "1")
	l := newJobLab(t, plainCopy)
	j, end := l.run()
	t.Cleanup(end)
	l.await(j, jobs.Running)
	page := pagejobs.Of(j, pagejobs.Setup{
		Group: broker.DefaultGroup, Try: []string{os.Args[0], "-test.run=^TestTrialChild$"},
		Name: func(_, _, target string) string { return target },
	})
	return &editLab{l, portaltest.Serve(t, nil, pagejobs.Pages(pagejobs.Fixed(page))...), j}
}

func body(fields ...string) string {
	m := map[string]string{}
	for i := 0; i < len(fields); i += 2 {
		m[fields[i]] = fields[i+1]
	}
	text, _ := json.Marshal(m)
	return string(text)
}

// TestQueryIsTried on the newest events, and the job does not notice.
func TestQueryIsTried(t *testing.T) {
	l := newEditLab(t)
	for i := range 1100 {
		l.send(fmt.Sprintf(`{"id":"e%d","x":%d}`, i, i%2))
	}
	testkit.Eventually(t, jobWait, func() bool { return pagejobs.NumbersOf(l.j).In == 1100 }, "all events are read")
	before := pagejobs.NumbersOf(l.j)

	code, got := l.Do("POST", "/api/jobs/j/test", body("query", "SELECT COUNT(*) AS n, MIN(x) AS least INTO docs FROM readings WHERE x = 1 GROUP BY TumblingWindow(hour, 10)"))
	if code != 200 {
		t.Fatalf("test: %d %v", code, got)
	}
	events := got["inputs"].([]any)[0].(map[string]any)["events"].([]any)
	if first := events[0].(map[string]any); len(events) != 1000 || first["sequence"] != 100.0 || first["body"] != `{"id":"e100","x":0}` {
		t.Errorf("%d events, the first %v", len(events), first)
	}
	sum := 0.0
	out := got["outputs"].([]any)[0].(map[string]any)
	for _, r := range out["rows"].([]any) {
		var row struct{ N float64 }
		if err := json.Unmarshal([]byte(r.(map[string]any)["json"].(string)), &row); err != nil {
			t.Error(err)
		}
		sum += row.N
	}
	if sum != 500 {
		t.Errorf("rows of %v events: %v", sum, got)
	}
	if kinds := fmt.Sprint(got["notes"]); !strings.Contains(kinds, "newest") || !strings.Contains(kinds, "ends") {
		t.Errorf("notes: %s", kinds)
	}
	after := pagejobs.NumbersOf(l.j)
	if after.In != before.In || after.Out != before.Out || !after.StartedAt.Equal(before.StartedAt) || len(documents(t, l.s)) != 0 {
		t.Errorf("the job took note: %+v, before %+v", after, before)
	}
}

// TestMistakesHaveTheirPlace, of the text and of what the job has not.
func TestMistakesHaveTheirPlace(t *testing.T) {
	l := newEditLab(t)
	for text, want := range map[string]string{
		"SELECT id\nINTO docs\nFROM nowhere":     "3:6",
		"SELECT id INTO elsewhere FROM readings": "elsewhere",
	} {
		code, got := l.Do("POST", "/api/jobs/j/test", body("query", text))
		if said := fmt.Sprintf("%v:%v %v", got["line"], got["col"], got["error"]); code != 400 || !strings.Contains(said, want) {
			t.Errorf("test of %q: %d %v", text, code, got)
		}
		code, got = l.Do("POST", "/api/jobs/j/check", body("query", text))
		first := got["problems"].([]any)[0].(map[string]any)
		if said := fmt.Sprintf("%v:%v %v", first["line"], first["col"], first["error"]); code != 200 || !strings.Contains(said, want) {
			t.Errorf("check of %q: %d %v", text, code, got)
		}
	}
	for text, same := range map[string]bool{plainCopy: true, plainCopy + " ": false} {
		if code, got := l.Do("POST", "/api/jobs/j/check", body("query", text)); code != 200 || got["same"] != same || got["explain"] == "" {
			t.Errorf("check: %d %v", code, got)
		}
	}
}

// TestQueryIsSaved to the file that the job has, and meets a change outside.
func TestQueryIsSaved(t *testing.T) {
	l := newEditLab(t)
	etag := func() string {
		code, got := l.Do("GET", "/api/jobs/j/query", "")
		if code != 200 || got["file"] != "job.asaql" {
			t.Fatalf("file: %d %v", code, got)
		}
		return got["etag"].(string)
	}
	old := etag()
	edited := strings.Replace(plainCopy, "x * 2", "x * 3", 1)
	for _, tc := range []struct {
		etag, text, start string
		code              int
		says              string
	}{
		{"", edited, "now", 400, "If-Match"},
		{old, "SELECT id INTO docs FROM nowhere", "now", 400, "nowhere"},
		{old, edited, "last", 412, "an edited query cannot go on from the last checkpoint"},
		{old, edited, "yesterday", 400, "yesterday"},
		{"0", edited, "now", 412, "changed meanwhile"},
	} {
		code, got := l.put(tc.etag, body("text", tc.text, "start", tc.start))
		if code != tc.code || !strings.Contains(fmt.Sprint(got["error"]), tc.says) {
			t.Errorf("%q from %q: %d %v", tc.text, tc.start, code, got)
		}
		if etag() != old {
			t.Fatal("the file was changed all the same")
		}
	}
	if code, got := l.put(old, body("text", edited, "start", "now")); code != 200 || got["etag"] != etag() || etag() == old {
		t.Fatalf("save: %d %v", code, got)
	}
	l.await(l.j, jobs.Running)
	l.send(`{"id":"a","x":2}`)
	testkit.Eventually(t, jobWait, func() bool { return strings.Contains(fmt.Sprint(documents(t, l.s)), `"y":6`) }, "the edited query runs: %v", documents(t, l.s))

	was := etag()
	l.write(edited + "  ")
	if code, got := l.put(was, body("text", edited+" ", "start", "")); code != 412 {
		t.Errorf("a save over another's: %d %v", code, got)
	}
	last := etag()
	link := l.query + ".real"
	if err := os.Rename(l.query, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(link, l.query); err != nil {
		t.Fatal(err)
	}
	if code, got := l.Do("GET", "/api/jobs/j/query", ""); code != 409 {
		t.Errorf("a look through a link: %d %v", code, got)
	}
	if code, got := l.put(last, body("text", edited, "start", "")); code != 409 {
		t.Errorf("a save through a link: %d %v", code, got)
	}
}

func (l *editLab) put(etag, text string) (code int, got map[string]any) {
	l.jobLab.t.Helper()
	req, err := http.NewRequestWithContext(l.jobLab.t.Context(), "PUT", l.URL+"/api/jobs/j/query", strings.NewReader(text))
	if err != nil {
		l.jobLab.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("If-Match", `"`+etag+`"`)
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Do(req)
	if err != nil {
		l.jobLab.t.Fatal(err)
	}
	defer reply.Body.Close()
	_ = json.NewDecoder(reply.Body).Decode(&got) // a test looks at what came
	return reply.StatusCode, got
}
