package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestBadEvents: events that are broken are counted by what is wrong with them,
// and the others go on.
func TestBadEvents(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT id, CAST(x AS bigint) AS y, missing INTO docs FROM readings TIMESTAMP BY t`)
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(time.RFC3339Nano) }
	l.send(
		`{"id":"a","x":1,"t":"`+at(0)+`"}`,
		`{"id":"broken","x":`,
		`no JSON at all`,
		`[1,2]`, // two events
		`{"id":"no-time","x":1}`,
		`{"id":"wrong-time","x":1,"t":"yesterday"}`,
		`{"id":"wrong-type","x":"many","t":"`+at(0)+`"}`,
		`{"id":"future","x":1,"t":"`+at(400*24*time.Hour)+`"}`,
		`{"id":"past","x":1,"t":"`+at(-400*24*time.Hour)+`"}`,
		`{"id":"z","t":"`+at(time.Millisecond)+`"}`,
	)
	l.ids("a past z") // the one of the past has got a later time
	n := pagejobs.NumbersOf(j)
	for what, tc := range map[string]struct{ got, want int64 }{
		"in": {n.In, 11}, "out": {n.Out, 3}, "malformed": {n.Malformed, 4}, "conversion": {n.ConversionErrors, 2},
		"runtime": {n.RuntimeErrors, 1}, "early": {n.Early, 1}, "late": {n.Late, 1},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d, want %d (%+v)", what, tc.got, tc.want, n)
		}
	}
	if len(n.Warnings) != 2 || n.Warnings[0].Kind != "clockBehind" || n.Warnings[1].Kind != "clockAhead" {
		t.Errorf("warnings: %+v", n.Warnings)
	}
	if in := n.Inputs[0]; in.Counts["malformed"] != 4 || in.Partitions[0].Next != 10 || in.Partitions[0].Lag != 0 {
		t.Errorf("input: %+v", in)
	}
}

// warnings keeps the log's warnings.
type warnings struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (w *warnings) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *warnings) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// TestLocalTimeDevice: a device that sends its local time is named, loudly and
// once, with what to do.
func TestLocalTimeDevice(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT id INTO docs FROM readings TIMESTAMP BY t`)
	log := &warnings{}
	l.s.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	for i := range 50 {
		l.send(fmt.Sprintf(`{"id":"seoul-%d","t":%q}`, i, time.Now().UTC().Add(9*time.Hour).Format("2006-01-02T15:04:05")))
	}
	l.send(`{"id":"end","t":"` + time.Now().UTC().Add(time.Second).Format(time.RFC3339Nano) + `"}`)
	l.ids("end")
	w := pagejobs.NumbersOf(j).Warnings
	if len(w) != 1 || w[0].Kind != "clockAhead" || w[0].Input != "readings" || w[0].Events != 50 || w[0].OffsetHours < 8.9 || w[0].OffsetHours > 9.1 || !strings.Contains(w[0].Example, "seoul-") {
		t.Fatalf("warnings: %+v", w)
	}
	for _, want := range []string{"+09:00", "send UTC", "were dropped", "readings"} {
		if !strings.Contains(w[0].Text, want) {
			t.Errorf("%q is not in %s", want, w[0].Text)
		}
	}
	if text := log.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "job=j input=readings") ||
		!strings.Contains(text, "seoul-") || !strings.Contains(text, "offset_hours=+9.0") || !strings.Contains(text, "send UTC") {
		t.Errorf("log: %s", text)
	}
}

// TestSinkDown: with Retry an output that takes nothing holds the job, which
// shows it; it goes on by itself.
func TestSinkDown(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, plainCopy)
	folder := filepath.Join(l.s.Config.Dir, "mount")
	l.spec.Outputs = map[string]config.JobOutput{"docs": {File: filepath.Join(folder, "rows.json")}}
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	l.send(`{"id":"a","x":2}`)
	l.await(j, jobs.Degraded)
	if n := pagejobs.NumbersOf(j); n.Out != 0 || n.OutputErrors == 0 || !strings.Contains(n.Blocked["docs"], "rows.json") || n.Outputs[0].Blocked == "" || n.Outputs[0].Since.IsZero() || !n.Since.Equal(n.Outputs[0].Since) {
		t.Errorf("blocked: %+v", n)
	}
	l.send(`{"id":"b","x":2}`)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	l.await(j, jobs.Running)
	testkit.Eventually(t, jobWait, func() bool { return pagejobs.NumbersOf(j).Out == 2 }, "both rows")
	text, err := os.ReadFile(filepath.Join(folder, "rows.json"))
	if err != nil || string(text) != "{\"id\":\"a\",\"y\":4}\n{\"id\":\"b\",\"y\":4}\n" {
		t.Errorf("rows %s, %v", text, err)
	}
}

// TestKeysWithoutBound: a job whose groups never end fails with a clear reason
// before the process runs out of memory, and leaves everything else running.
func TestKeysWithoutBound(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT id, COUNT(*) AS n INTO docs FROM readings GROUP BY id, TumblingWindow(hour, 1)`)
	l.spec.Limits.Keys = 100
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	for i := range 101 {
		l.send(fmt.Sprintf(`{"id":"%d"}`, i))
	}
	l.await(j, jobs.Failed)
	if why := pagejobs.NumbersOf(j).Failed; !strings.Contains(why, "more than 100 keys") || !strings.Contains(why, "GROUP BY") {
		t.Errorf("failed: %s", why)
	}
	if err := j.Stop(t.Context()); err != nil || pagejobs.NumbersOf(j).State != jobs.Stopped {
		t.Errorf("a failed job cannot be stopped: %v, %+v", err, pagejobs.NumbersOf(j))
	}
}

// TestStopWhileASinkIsDown: the job stops, says what it could not write, and
// writes it when it is started again, once.
func TestStopWhileASinkIsDown(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, plainCopy)
	folder := filepath.Join(l.s.Config.Dir, "mount")
	l.spec.Outputs = map[string]config.JobOutput{"docs": {File: filepath.Join(folder, "rows.json")}}
	log := &warnings{}
	l.s.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	l.stop = 50 * time.Millisecond
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	l.send(`{"id":"a","x":2}`, `{"id":"b","x":2}`)
	l.await(j, jobs.Degraded)
	if err := j.Stop(t.Context()); err != nil || pagejobs.NumbersOf(j).State != jobs.Stopped {
		t.Fatalf("%v, %+v", err, pagejobs.NumbersOf(j))
	}
	if text := log.String(); !strings.Contains(text, "stopped before all its rows were written") {
		t.Errorf("log: %s", text)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := j.Start(t.Context(), "last"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, jobWait, func() bool { return pagejobs.NumbersOf(j).Out == 2 }, "both rows")
	text, err := os.ReadFile(filepath.Join(folder, "rows.json"))
	if err != nil || string(text) != "{\"id\":\"a\",\"y\":4}\n{\"id\":\"b\",\"y\":4}\n" {
		t.Errorf("rows %s, %v", text, err)
	}
}

// TestJavaScriptFunctions finds them by the project file or in the folder beside
// the query, and refuses those that are broken.
func TestJavaScriptFunctions(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT id, udf.twice(x) AS y, udf.half(x) AS h INTO docs FROM readings WHERE x > 1`)
	js := map[string]string{
		"Functions/twice.js": "function main(x) { return x * 2 }", "Functions/half.js": "function main(x) { return x / 2 }",
		"Functions/half.js.json": `{"Name":"half","Type":"JavaScript UDF"}`,
		"js/twice.js":            "function main(x) { return x * 20 }",
		"js/none.js":             "var x = 1", "js/syntax.js": "function main( {", "js/described.js": "function main() {}", "js/described.js.json": "{",
	}
	for name, text := range js {
		path := filepath.Join(l.s.Config.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	j, end := l.run()
	l.await(j, jobs.Running)
	l.send(`{"id":"a","x":2}`)
	l.ids("a")
	if docs := documents(t, l.s); !strings.HasPrefix(docs[0], `{"id":"a","y":4,"h":1`) {
		t.Errorf("documents %s", docs)
	}
	if got := fmt.Sprint(pagejobs.NumbersOf(j).Functions); got != "[udf.half udf.twice]" {
		t.Errorf("functions %s", got)
	}
	end()

	l.spec.Functions = []string{"js/twice.js", "Functions/half.js"}
	j, end = l.run() // the same names do something else now
	l.await(j, jobs.Failed)
	if why := pagejobs.NumbersOf(j).Failed; !strings.Contains(why, "its functions") {
		t.Errorf("failed: %s", why)
	}
	end()
	for files, want := range map[string]string{
		"js/twice.js":                     "udf.half",         // not there
		"js/twice.js js/none.js":          "no function main", //
		"js/twice.js js/syntax.js":        "syntax.js",        //
		"js/twice.js js/described.js":     "is no JSON",       // its description
		"js/twice.js js/twice.js":         "given twice",      //
		"js/twice.js Functions/absent.js": "no such file",     //
	} {
		l.spec.Functions = strings.Fields(files)
		_, err := l.build()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", files, err, want)
		}
	}
}

// TestSeveralEventsInOneMessage: an array, lines and a byte order mark, as
// gateways and the vendor's own output send them.
func TestSeveralEventsInOneMessage(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, plainCopy)
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	l.send(`[{"id":"a","x":2},{"id":"b","x":3}]`, `[]`, "{\"id\":\"c\",\"x\":2}\r\n{\"id\":\"d\",\"x\":2}\n", "\xef\xbb\xbf{\"id\":\"e\",\"x\":2}")
	l.ids("a b c d e")
	if n := pagejobs.NumbersOf(j); n.Malformed != 0 || n.Inputs[0].Partitions[0].Next != 4 || n.LastError != "" {
		t.Errorf("%+v", n)
	}
}

// TestEachBadEventIsCountedOnce, however many SELECTs read its input, by kind.
func TestEachBadEventIsCountedOnce(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT id INTO docs FROM readings TIMESTAMP BY t WHERE x = 1
		SELECT id INTO docs FROM readings TIMESTAMP BY t WHERE x = 2
		SELECT id INTO docs FROM readings TIMESTAMP BY t WHERE x = 3
		SELECT id INTO docs FROM readings TIMESTAMP BY t WHERE x = 4`)
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(time.RFC3339Nano) }
	l.send(`{"id":"a","x":1,"t":"`+at(0)+`"}`, `{"id":"ahead","x":1,"t":"`+at(10*time.Minute)+`"}`, `{"id":"none","x":1}`, `{"id":"soon","x":1,"t":"soon"}`,
		`{"id":"b","x":2,"t":"`+at(0)+`"}`, `{"id":"c","x":3,"t":"`+at(0)+`"}`)
	testkit.Eventually(t, jobWait, func() bool { return len(documents(t, l.s)) == 3 }, "three rows: %v", documents(t, l.s))
	n := pagejobs.NumbersOf(j)
	if n.In != 6 || n.Early != 1 || n.ConversionErrors != 2 || n.Malformed+n.RuntimeErrors+n.Dropped != 0 {
		t.Errorf("%+v", n)
	}
	kinds := map[string]int64{}
	for _, e := range n.DataErrors {
		kinds[e.Kind+" "+e.Input] = e.Events
	}
	if want := fmt.Sprint(map[string]int64{"InputDeserializerError.MissingColumns readings": 1, "InvalidInputTimeStamp readings": 1}); fmt.Sprint(kinds) != want {
		t.Errorf("kinds %v, want %s", kinds, want)
	}
	if len(n.Warnings) != 1 || n.Warnings[0].Events != 1 || !strings.Contains(n.Warnings[0].Text, "10 minutes") {
		t.Errorf("warnings %+v", n.Warnings)
	}
}
