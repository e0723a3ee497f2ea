package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const joined = `SELECT CONCAT(s.deviceId, '-', s.v, '-', r.name) AS id INTO docs FROM readings s JOIN r ON s.deviceId = r.deviceId`

// file writes a file of the project.
func (l *jobLab) file(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.s.Config.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// refers adds reference data r that is read again all the time.
func (l *jobLab) refers(r config.Reference) {
	r.Refresh = config.Duration(20 * time.Millisecond)
	l.spec.Inputs["r"] = config.JobInput{Reference: &r}
}

// sendUntil sends events until a document with the id is there.
func (l *jobLab) sendUntil(id, body string) {
	l.t.Helper()
	testkit.Eventually(l.t, jobWait, func() bool {
		l.send(body)
		return slices.ContainsFunc(documents(l.t, l.s), func(d string) bool { return strings.Contains(d, `"id":"`+id+`"`) })
	}, "document %s", id)
}

// logged is a log that can be asked while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text.Bytes(), []byte(text))
}

// TestReferenceFileIsReadAgain: a file that is overwritten takes the place of
// what was read before, in JSON and in CSV.
func TestReferenceFileIsReadAgain(t *testing.T) {
	for name, texts := range map[string][3]string{
		"ref.json": {`[{"deviceId":"d1","name":"first"}]`, `[{"deviceId":"d1","name":"second"},{"deviceId":"d2","name":"two"}]`, `[`},
		"ref.csv":  {"deviceId,name\nd1,first\n", "deviceId,name\nd1,second\nd2,two\n", "deviceId,name\n\"d1"},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.NoLeaks(t)
			l := newJobLab(t, joined)
			log := &logged{}
			l.s.Log = slog.New(slog.NewTextHandler(log, nil))
			l.file(name, texts[0])
			l.refers(config.Reference{File: name})
			j, end := l.run()
			defer end()
			l.await(j, jobs.Running)
			l.sendUntil("d1-1-first", `{"deviceId":"d1","v":1}`)
			l.file(name, texts[1])
			l.sendUntil("d2-2-two", `{"deviceId":"d2","v":2}`)
			l.sendUntil("d1-2-second", `{"deviceId":"d1","v":2}`)
			l.file(name, texts[2]) // what cannot be read leaves what there is
			testkit.Eventually(t, jobWait, func() bool { return log.has("reference data stays as it is") }, "a line in the log")
			l.sendUntil("d1-3-second", `{"deviceId":"d1","v":3}`)
		})
	}
}

// TestReferenceContainerIsReadAgain, also for a document that is deleted.
func TestReferenceContainerIsReadAgain(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, strings.Replace(joined, "JOIN", "LEFT JOIN", 1))
	c := l.container("names")
	put := func(body string) {
		t.Helper()
		if results, err := c.Write(t.Context(), []docstore.Op{{Kind: docstore.Upsert, Body: []byte(body)}}, false); err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
	}
	put(`{"id":"1","deviceId":"d1","name":"first"}`)
	l.refers(config.Reference{Container: "db/names"})
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	l.sendUntil("d1-1-first", `{"deviceId":"d1","v":1}`)
	put(`{"id":"1","deviceId":"d1","name":"second"}`)
	l.sendUntil("d1-2-second", `{"deviceId":"d1","v":2}`)
}

// container makes a container of the database db.
func (l *jobLab) container(name string) *docstore.Container {
	l.t.Helper()
	c, err := l.s.containersOf(l.s.Storage.documents).Need(l.t.Context(), "db", name, "")
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// TestReferenceIsOfOneMoment: documents that change while the table is read are
// in it once each.
func TestReferenceIsOfOneMoment(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, joined)
	c := l.container("many")
	const count = 3000
	write := func(ctx context.Context, from, to, version int) error {
		ops := make([]docstore.Op, 0, to-from)
		for i := from; i < to; i++ {
			ops = append(ops, docstore.Op{Kind: docstore.Upsert, Body: fmt.Appendf(nil, `{"id":"%d","v":%d}`, i, version)})
		}
		_, err := c.Write(ctx, ops, false)
		return err
	}
	for i := 0; i < count; i += 100 {
		if err := write(t.Context(), i, i+100, 0); err != nil {
			t.Fatal(err)
		}
	}
	r, err := container.ReferenceKind(l.s.findAccount).Open(t.Context(), jobs.Input{Target: "db/many"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	changing := make(chan struct{})
	go func() {
		defer close(changing)
		for n := 1; ctx.Err() == nil; n++ {
			_ = write(ctx, n%30*100, n%30*100+100, n) // it fails when the test is over
		}
	}()
	for range 20 {
		versions, err := r.Snapshots(t.Context())
		if err != nil || len(versions) != 1 || len(versions[0].Rows) != count {
			t.Errorf("%d rows of %d documents, %v", len(versions[0].Rows), count, err)
			break
		}
	}
	cancel()
	<-changing
}

// TestReferenceIsMended: a job that finds its reference data broken, or not
// there, goes on by itself when that is mended.
func TestReferenceIsMended(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, joined)
	l.refers(config.Reference{File: "ref.json"})
	j, end := l.run()
	defer end()
	for _, c := range []struct{ text, want string }{{"", "no such file"}, {`[{"deviceId":`, "its array is not closed"}} {
		text, want := c.text, c.want
		if text != "" {
			l.file("ref.json", text)
		}
		testkit.Eventually(t, jobWait, func() bool { return strings.Contains(pagejobs.NumbersOf(j).Failed, want) }, "failed by %q: %+v", want, pagejobs.NumbersOf(j))
		if n := pagejobs.NumbersOf(j); n.State != jobs.Failed && n.State != jobs.Starting || !strings.Contains(n.Failed, "tried again") && n.State == jobs.Failed {
			t.Errorf("failed: %+v", n)
		}
	}
	l.file("ref.json", `[{"deviceId":"d1","name":"mended"}]`)
	l.await(j, jobs.Running)
	l.sendUntil("d1-1-mended", `{"deviceId":"d1","v":1}`)
}

// TestStartedAnewKeepsRows: rows without an id of their own never take the place
// of those of an earlier run, while what is written again after a crash does.
func TestStartedAnewKeepsRows(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT x INTO docs FROM readings`)
	rows := func(want string) {
		t.Helper()
		testkit.Eventually(t, jobWait, func() bool {
			var got []string
			for _, d := range documents(t, l.s) {
				_, x, _ := strings.Cut(d, `"x":`)
				got = append(got, x[:1])
			}
			slices.Sort(got)
			return strings.Join(got, "") == want
		}, "rows %s: %v", want, documents(t, l.s))
	}
	j, end := l.run()
	l.await(j, jobs.Running)
	l.send(`{"x":1}`, `{"x":2}`)
	rows("12")
	end()
	l.write(`SELECT x INTO docs FROM readings WHERE x > 0`) // an edited query must be started anew
	j, end = l.run()
	l.await(j, jobs.Failed)
	if err := j.Start(t.Context(), "now"); err != nil {
		t.Fatal(err)
	}
	l.send(`{"x":3}`)
	rows("123")
	if err := j.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.Start(t.Context(), "all"); err != nil {
		t.Fatal(err)
	}
	rows("112233")
	end()
	j, end = l.run() // the same run goes on
	defer end()
	l.await(j, jobs.Running)
	l.send(`{"x":4}`)
	rows("1122334")
}

// TestHubGrowsUnderAJob: partitions that are added are read, in a job of one lane
// and in one of a lane a partition.
func TestHubGrowsUnderAJob(t *testing.T) {
	for name, query := range map[string]string{
		"lanes":    `SELECT id INTO docs FROM readings`,
		"one lane": `SELECT id, COUNT(*) OVER (LIMIT DURATION(second, 1)) AS n INTO docs FROM readings`,
	} {
		t.Run(name, func(t *testing.T) {
			testkit.NoLeaks(t)
			l := newJobLab(t, query)
			j, end := l.run()
			defer end()
			l.await(j, jobs.Running)
			l.send(`{"id":"a"}`)
			l.ids("a")
			if _, err := l.st.hubs.EnsureHub(broker.HubConfig{Name: "readings", Partitions: 3}); err != nil {
				t.Fatal(err)
			}
			for p, id := range []string{"b", "c", "d"} {
				send(t, l.st.hubs, "readings", p, `{"id":"`+id+`"}`)
			}
			testkit.Eventually(t, jobWait, func() bool { return len(documents(t, l.s)) == 4 }, "all four: %v", documents(t, l.s))
			l.await(j, jobs.Running)
			if n := pagejobs.NumbersOf(j); n.Start != "last" || n.Inputs == nil {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestHubIsMadeAnewUnderAJob: a job whose hub is deleted says so and waits, and
// goes on with the hub that takes its name, with nothing twice.
func TestHubIsMadeAnewUnderAJob(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT x INTO docs FROM readings`)
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	l.send(`{"x":1}`, `{"x":2}`)
	testkit.Eventually(t, jobWait, func() bool { return len(documents(t, l.s)) == 2 }, "two rows")
	if err := l.st.hubs.DeleteHub("readings"); err != nil {
		t.Fatal(err)
	}
	l.await(j, jobs.Failed)
	if why := pagejobs.NumbersOf(j).Failed; !strings.Contains(why, "hub readings") || !strings.Contains(why, "tried again") {
		t.Errorf("failed: %s", why)
	}
	if _, err := l.st.hubs.EnsureHub(broker.HubConfig{Name: "readings", Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	send(t, l.st.hubs, "readings", 0, `{"x":3}`)
	send(t, l.st.hubs, "readings", 1, `{"x":4}`)
	l.await(j, jobs.Running)
	testkit.Eventually(t, jobWait, func() bool { return len(documents(t, l.s)) == 4 }, "four rows: %v", documents(t, l.s))

	l.remake(1) // each lane is a partition: one less is one lane less
	l.send(`{"x":5}`)
	testkit.Eventually(t, jobWait, func() bool { return len(documents(t, l.s)) == 5 }, "five rows: %v", documents(t, l.s))
}

// remake deletes the hub and makes it anew at once.
func (l *jobLab) remake(partitions int) {
	l.t.Helper()
	if err := l.st.hubs.DeleteHub("readings"); err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.st.hubs.EnsureHub(broker.HubConfig{Name: "readings", Partitions: partitions}); err != nil {
		l.t.Fatal(err)
	}
}

// TestHubMadeAnewIsSmaller: what a lane holds of a partition that is not there any
// more cannot be gone on with; the job ends and says what to do.
func TestHubMadeAnewIsSmaller(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT id, COUNT(*) OVER (LIMIT DURATION(second, 1)) AS n INTO docs FROM readings`)
	l.remake(2)
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	l.send(`{"id":"a"}`)
	l.ids("a")
	l.remake(1)
	testkit.Eventually(t, jobWait, func() bool { return strings.Contains(pagejobs.NumbersOf(j).Failed, "partition 1") }, "ends: %+v", pagejobs.NumbersOf(j))
	if why := pagejobs.NumbersOf(j).Failed; !strings.Contains(why, "lazuli stream start j --start now") || strings.Contains(why, "tried again") {
		t.Errorf("failed: %s", why)
	}
	if err := j.Start(t.Context(), "all"); err != nil {
		t.Fatal(err)
	}
	l.send(`{"id":"b"}`)
	l.ids("a b")
}

// TestOutputHubIsMadeAnew: a job whose output is deleted shows it and goes on with
// what takes its name.
func TestOutputHubIsMadeAnew(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, `SELECT x INTO docs FROM readings`)
	l.spec.Outputs = map[string]config.JobOutput{"docs": {Hub: "out"}}
	j, end := l.run()
	defer end()
	l.await(j, jobs.Running)
	if err := l.st.hubs.DeleteHub("out"); err != nil {
		t.Fatal(err)
	}
	l.send(`{"x":1}`)
	l.await(j, jobs.Degraded)
	if why := pagejobs.NumbersOf(j).Blocked["docs"]; !strings.Contains(why, "hub out") {
		t.Errorf("blocked by %s", why)
	}
	hub, err := l.st.hubs.EnsureHub(broker.HubConfig{Name: "out", Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := hub.Partition(0)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, jobWait, func() bool { return p.Info().LastSequence == 0 }, "the row")
	l.await(j, jobs.Running)
}
