package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const (
	jobWait   = 15 * time.Second
	plainCopy = `SELECT id, x * 2 AS y INTO docs FROM readings WHERE x > 1`
)

// jobLab runs one job, from hub readings to container db/docs, over the engines.
type jobLab struct {
	t     *testing.T
	s     *env
	st    *dataFolder
	spec  config.Job
	query string // path

	stop time.Duration // what a project file cannot say: jobs.Spec.StopTimeout
}

func newJobLab(t *testing.T, query string) *jobLab {
	t.Helper()
	s, st := openHouse(t, true)
	l := &jobLab{t: t, s: s, st: st, query: filepath.Join(s.Config.Dir, "job.asaql")}
	l.spec = config.Job{
		Query:   l.query,
		Inputs:  map[string]config.JobInput{"readings": {Hub: "readings"}},
		Outputs: map[string]config.JobOutput{"docs": {Container: "db/docs"}},
	}
	l.write(query)
	if _, err := st.hubs.EnsureHub(broker.HubConfig{Name: "readings", Partitions: 1, Retention: time.Hour}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *jobLab) write(query string) {
	l.t.Helper()
	if err := os.WriteFile(l.query, []byte(query), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *jobLab) build() (*jobs.Job, error) {
	spec := l.s.jobSpec("j", l.spec)
	spec.StopTimeout = l.stop
	return jobs.New(l.t.Context(), spec, l.s.Given.Streams, l.st.jobStore("j"), l.s.Log.With("component", "stream"))
}

// run begins the job's life in a process, and returns what ends the process.
func (l *jobLab) run() (j *jobs.Job, end func()) {
	l.t.Helper()
	j, err := l.build()
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	return j, func() {
		l.t.Helper()
		cancel()
		if err := <-done; err != nil {
			l.t.Errorf("run: %v", err)
		}
	}
}

func (l *jobLab) await(j *jobs.Job, state string) {
	l.t.Helper()
	testkit.Eventually(l.t, jobWait, func() bool { return pagejobs.NumbersOf(j).State == state }, "state %s; is %+v", state, pagejobs.NumbersOf(j))
}

func (l *jobLab) send(bodies ...string) { send(l.t, l.st.hubs, "readings", 0, bodies...) }

// ids waits for so many documents and checks their ids.
func (l *jobLab) ids(want string) {
	l.t.Helper()
	got := ""
	count := len(strings.Fields(want))
	testkit.Eventually(l.t, jobWait, func() bool {
		docs := documents(l.t, l.s)
		got = ""
		for _, d := range docs {
			_, rest, _ := strings.Cut(d, `"id":"`)
			id, _, _ := strings.Cut(rest, `"`)
			got += id + " "
		}
		return len(docs) >= count
	}, "the documents %s", want)
	if got = strings.TrimSpace(got); got != want {
		l.t.Errorf("documents %q, want %q", got, want)
	}
}

// TestJobLife takes a job through what a person does with it. Its state and its
// checkpoint outlive the process.
func TestJobLife(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, plainCopy)
	j, end := l.run()
	l.await(j, jobs.Running)
	l.send(`{"id":"a","x":2}`, `{"id":"b","x":1}`, `{"id":"c","x":3}`)
	l.ids("a c")
	if err := j.Start(t.Context(), "last"); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second start: %v", err)
	}
	end()

	// The next process goes on; a stopped job stays stopped in the one after.
	l.send(`{"id":"d","x":5}`)
	j, end = l.run()
	l.ids("a c d")
	for range 2 { // again is no error
		if err := j.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := pagejobs.NumbersOf(j); n.State != jobs.Stopped || n.In != 1 || n.Out != 1 {
		t.Errorf("stopped: %+v", n)
	}
	l.send(`{"id":"e","x":5}`)
	end()
	j, end = l.run()
	l.await(j, jobs.Stopped)
	if err := j.Start(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	l.ids("a c d e") // what came while it stood is read too
	if n := pagejobs.NumbersOf(j); n.State != jobs.Running || n.Start != "last" || n.StartedAt.IsZero() || n.Lanes == 0 {
		t.Errorf("started again: %+v", n)
	}
	if err := j.Start(t.Context(), "soon"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a start that is none: %v", err)
	}
	end()
	if err := j.Stop(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a stop after the end: %v", err)
	}
}

// TestStartNow discards the checkpoint: what came while the job stood is passed
// over. A start at a time reads what came since.
func TestStartNow(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, plainCopy)
	j, end := l.run()
	l.await(j, jobs.Running)
	l.send(`{"id":"a","x":2}`)
	l.ids("a")
	if err := j.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	since := time.Now().Truncate(time.Millisecond) // as arrivals are
	l.send(`{"id":"b","x":2}`)
	sent := time.Now()
	testkit.Eventually(t, jobWait, func() bool { return time.Since(sent) > 2*time.Millisecond }, "another millisecond")
	if err := j.Start(t.Context(), "now"); err != nil {
		t.Fatal(err)
	}
	l.send(`{"id":"c","x":2}`)
	l.ids("a c")
	if err := j.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.Start(t.Context(), since.Format(time.RFC3339Nano)); err != nil {
		t.Fatal(err)
	}
	l.ids("a b c")
	if err := j.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	end()

	// --stream-start, of a process in which the job would have stayed stopped
	l.s.Force = "all"
	l.write(`SELECT CONCAT('again-', id) AS id INTO docs FROM readings`)
	j, end = l.run()
	l.ids("a b c again-a again-b again-c")
	if n := pagejobs.NumbersOf(j); n.Start != "all" {
		t.Errorf("forced: %+v", n)
	}
	end()
}

// TestEditedQuery: the checkpoint of another query is refused with the way out,
// which works.
func TestEditedQuery(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, plainCopy)
	j, end := l.run()
	l.await(j, jobs.Running)
	l.send(`{"id":"a","x":2}`)
	l.ids("a")
	end()
	l.write(`SELECT id, x * 3 AS y INTO docs FROM readings WHERE x > 1`)
	j, end = l.run()
	l.await(j, jobs.Failed)
	if why := pagejobs.NumbersOf(j).Failed; !strings.Contains(why, "another query") || !strings.Contains(why, "lazuli stream start j --start now") {
		t.Errorf("failed: %s", why)
	}
	if err := j.Start(t.Context(), "last"); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("the same again: %v", err)
	}
	l.write(`SELECT nonsense FROM`)
	if err := j.Start(t.Context(), "now"); err == nil || !strings.Contains(err.Error(), "job.asaql:1:") {
		t.Errorf("a broken query: %v", err)
	}
	l.write(`SELECT id, x * 4 AS y INTO docs FROM readings`)
	if err := j.Start(t.Context(), "now"); err != nil {
		t.Fatal(err)
	}
	l.send(`{"id":"b","x":1}`)
	l.ids("a b")
	if docs := documents(t, l.s); !strings.Contains(docs[1], `"y":4`) || pagejobs.AboutOf(j).Query != `SELECT id, x * 4 AS y INTO docs FROM readings` {
		t.Errorf("documents %s", docs)
	}
	end()
}

// TestWindowsBeforeTheStart: a job that starts at a time gives the window around
// it whole, from events before that time, and none that ended before.
func TestWindowsBeforeTheStart(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT COUNT(*) AS n, CAST(System.Timestamp() AS nvarchar(max)) AS id INTO docs
		FROM readings TIMESTAMP BY t GROUP BY TumblingWindow(second, 2)`)
	begin := time.Now().UTC().Truncate(2 * time.Second).Add(-20 * time.Second)
	late := config.Duration(time.Hour)
	l.spec.Late, l.spec.Start = &late, begin.Add(5*time.Second).Format(time.RFC3339) // inside the third window
	for i := range 10 {                                                              // one a second, and one that closes all of it
		l.send(fmt.Sprintf(`{"t":%q}`, begin.Add(time.Duration(i)*time.Second+time.Millisecond).Format(time.RFC3339Nano)))
	}
	l.send(fmt.Sprintf(`{"t":%q}`, begin.Add(19*time.Second).Format(time.RFC3339Nano)))
	_, end := l.run()
	defer end()
	l.ids(stamps(begin, 6, 8, 10))
	for _, d := range documents(t, l.s) {
		if !strings.Contains(d, `"n":2`) {
			t.Errorf("a window that is not whole: %s", d)
		}
	}
}

func stamps(begin time.Time, seconds ...int) string {
	var all []string
	for _, s := range seconds {
		all = append(all, begin.Add(time.Duration(s)*time.Second).Format("2006-01-02T15:04:05.0000000Z"))
	}
	return strings.Join(all, " ")
}
