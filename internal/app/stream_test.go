package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func rows(texts ...string) []stream.OutputRow {
	out := make([]stream.OutputRow, len(texts))
	for i, s := range texts {
		out[i] = stream.OutputRow{JSON: []byte(s)}
	}
	return out
}

// TestJobFromHubToContainer runs a job over the engines: events of a hub become
// documents, and a job that goes on from its checkpoint writes nothing twice.
func TestJobFromHubToContainer(t *testing.T) {
	testkit.NoLeaks(t)
	s, st := openSources(t, true)
	query := filepath.Join(s.cfg.Dir, "job.asaql")
	text := `SELECT id, x * 2 AS y INTO docs FROM readings WHERE x > 1`
	if err := os.WriteFile(query, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &App{opts: Options{Config: s.cfg}, log: testkit.Discard(), storage: st, meter: portal.NewMeter()}
	spec := config.Job{
		Query:   query,
		Inputs:  map[string]config.JobInput{"readings": {Hub: "readings"}},
		Outputs: map[string]config.JobOutput{"docs": {Container: "db/docs"}},
	}
	for round, want := range []int{2, 3} {
		job, err := a.buildJob("j", spec, s)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- job.job.Run(ctx) }()
		if round == 0 {
			// The job starts now: wait for it to read before events come.
			testkit.Eventually(t, 10*time.Second, func() bool {
				send(t, st.broker, "readings", 1, `{"id":"a","x":2}`, `{"id":"b","x":1}`, `{"id":"c","x":3}`)
				return len(documents(t, s)) == want
			}, "two documents")
		} else {
			send(t, st.broker, "readings", 2, `{"id":"d","x":5}`)
			testkit.Eventually(t, 10*time.Second, func() bool { return len(documents(t, s)) == want }, "a third document")
		}
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Errorf("run: %v", err)
		}
	}
	if last := documents(t, s); !strings.HasPrefix(last[len(last)-1], `{"id":"d","y":10`) {
		t.Errorf("documents %s", last)
	}
	delete(spec.Outputs, "docs")
	if _, err := a.buildJob("j", spec, s); err == nil {
		t.Error("a query whose output is not bound was accepted")
	}
}

func documents(t *testing.T, s *sources) []string {
	t.Helper()
	c, err := s.find("db", "docs")
	if err != nil {
		t.Fatal(err)
	}
	items, _, err := c.Changes(t.Context(), 0, docstore.ChangeOptions{Max: 100})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(items))
	for i := range items {
		out[i] = string(items[i].Body)
	}
	return out
}

func TestDocumentIDs(t *testing.T) {
	for _, tc := range []struct{ column, row, want string }{
		{"", `{"id":"a","x":1}`, `{"id":"a","x":1}`},
		{"", `{"x":1}`, `{"id":"j-o-all-7","x":1}`},
		{"", `{}`, `{"id":"j-o-all-7"}`},
		{"plant", `{"plant":"p","x":1}`, `{"id":"p","plant":"p","x":1}`},
		{"n", `{"n":5}`, `{"id":"5","n":5}`},
		{"plant", `{"x":1}`, "no column plant"},
		{"", `{"id":5}`, "not a text"},
		{"plant", `{"id":"a","plant":"p"}`, "is to be the id"},
	} {
		s := &containerSink{idColumn: tc.column, name: "j-o"}
		got, err := s.document([]byte(tc.row), "all", 7)
		if err != nil {
			got = []byte(err.Error())
		}
		if !strings.Contains(string(got), tc.want) || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s by %q: %s, want %s", tc.row, tc.column, got, tc.want)
		}
	}
}

// TestFunctionSink posts arrays that the function can take: 413 halves them.
func TestFunctionSink(t *testing.T) {
	var got []int
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Error(err)
		}
		if len(batch) > 2 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		got = append(got, len(batch))
		w.WriteHeader(status)
	}))
	defer server.Close()
	s := &functionSink{server.URL, server.Client()}
	if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`)}); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	status = http.StatusInternalServerError
	if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{}`)}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a failing function: %v", err)
	}
	status = http.StatusRequestEntityTooLarge
	if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{}`)}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a row that is too large: %v", err)
	}
}

func TestJobStore(t *testing.T) {
	_, st := openSources(t, true)
	s, other, ctx := st.jobStore("j"), st.jobStore("j2"), t.Context()
	check := func(wantState string, wantJournal ...string) {
		t.Helper()
		state, journal, err := s.Load(ctx, "lane")
		var texts []string
		for _, e := range journal {
			texts = append(texts, string(e))
		}
		if err != nil || string(state) != wantState || strings.Join(texts, " ") != strings.Join(wantJournal, " ") {
			t.Errorf("%q %q %v, want %q %q", state, texts, err, wantState, wantJournal)
		}
	}
	check("")
	for _, err := range []error{
		s.Append(ctx, "lane", []byte("a")), s.Append(ctx, "lane", []byte("b")), other.Append(ctx, "lane", []byte("x")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check("", "a", "b")
	if err := s.Save(ctx, "lane", []byte("state"), [][]byte{[]byte("c")}); err != nil {
		t.Fatal(err)
	}
	check("state", "c")
	if _, journal, err := other.Load(ctx, "lane"); err != nil || len(journal) != 1 {
		t.Errorf("another job: %q, %v", journal, err)
	}
}

func TestFileSinkAndReference(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.json")
	s := &fileSink{path}
	for range 2 {
		if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{"a":1}`)}); err != nil {
			t.Fatal(err)
		}
	}
	versions, err := fileReference{path}.Snapshots(t.Context())
	if err != nil || len(versions) != 1 || len(versions[0].Rows) != 2 {
		t.Errorf("%v, %v", versions, err)
	}
	for text, want := range map[string]int{`[{"a":1},{"b":2},{}]`: 3, "": 0, "[1]": -1, "{": -1} {
		got, err := jsonRows([]byte(text))
		if want < 0 && err == nil || want >= 0 && (err != nil || len(got) != want) {
			t.Errorf("%q: %d rows, %v", text, len(got), err)
		}
	}
	if _, err := (fileReference{path + "x"}).Snapshots(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestStreamProperties(t *testing.T) {
	got := streamProperties([]byte(`{"s":"t","n":5,"f":1.5,"b":true,"o":{"a":1},"z":null}`))
	var text strings.Builder
	for _, p := range got {
		io.WriteString(&text, p.Name+":"+p.Value.Kind().String()+" ")
	}
	if want := "b:bit f:float n:bigint o:nvarchar(max) s:nvarchar(max) z:"; !strings.HasPrefix(text.String(), want) {
		t.Errorf("%s, want %s", text.String(), want)
	}
}
