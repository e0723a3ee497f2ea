package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

func rows(texts ...string) []stream.OutputRow {
	out := make([]stream.OutputRow, len(texts))
	for i, s := range texts {
		out[i] = stream.OutputRow{JSON: []byte(s)}
	}
	return out
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
