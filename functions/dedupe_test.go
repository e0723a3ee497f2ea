package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// marksHere is a table service that has the marks of tests.
type marksHere struct {
	*httptest.Server
	mu    sync.Mutex
	marks map[string]string // path of the entity -> Expires; guarded by mu
	fail  bool              // guarded by mu
}

func newMarks(t *testing.T) *marksHere {
	t.Helper()
	m := &marksHere{marks: map[string]string{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	t.Setenv("Marks", "AccountName=acct;AccountKey=a2V5;TableEndpoint="+m.URL+"/acct")
	return m
}

func (m *marksHere) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "SharedKeyLite acct:") || m.fail {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/acct/")
	expires, ok := m.marks[path]
	switch {
	case path == "marks()":
		var page struct {
			Value []map[string]string `json:"value"`
		}
		for p, at := range m.marks {
			var partition, row string
			fmt.Sscanf(strings.NewReplacer("'", " ", ",", " ").Replace(p), "marks(PartitionKey= %s RowKey= %s ", &partition, &row)
			if at < time.Now().UTC().Format(markTime) {
				page.Value = append(page.Value, map[string]string{"PartitionKey": partition, "RowKey": row})
			}
		}
		_ = json.NewEncoder(w).Encode(page)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(m.marks, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		fmt.Fprintf(w, `{"Expires":%q}`, expires)
	}
}

// commit does what a host does with the marks of a response.
func (m *marksHere) commit(t *testing.T, resp *funcrpc.InvocationResponse) (written int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range resp.OutputData {
		if o.Name != "output2" {
			continue
		}
		var all []markEntity
		if err := json.Unmarshal([]byte(o.GetData().GetJson()), &all); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			m.marks["marks(PartitionKey='"+e.PartitionKey+"',RowKey='"+e.RowKey+"')"] = e.Expires
		}
		written = len(all)
	}
	return written
}

// TestDedupe: an event that was done is not handed over again; a run that failed leaves no
// mark; an event that is there twice in one batch is done once; marks end.
func TestDedupe(t *testing.T) {
	m := newMarks(t)
	marks := &Dedupe{Table: "marks", Connection: "Marks", TTL: time.Hour, Key: func(item any) string { return string(item.(Event).Body) }}
	out := testOutput()
	var got []string
	app := New()
	app.Use(marks.Middleware)
	app.EventHub("f", testTrigger, func(ctx context.Context, events []Event) error {
		for _, e := range events {
			got = append(got, string(e.Body))
			if string(e.Body) == "bad" {
				return errors.New("bad")
			}
			if err := out.Upsert(ctx, map[string]string{"id": string(e.Body)}); err != nil {
				return err
			}
		}
		return nil
	}, out, marks)
	app.EventHub("other", testTrigger, func(_ context.Context, events []Event) error {
		got = append(got, fmt.Sprint("other ", len(events)))
		return nil
	})
	h := startWorker(t, app)
	run := func(function, want string, wantMarks int, bodies ...string) {
		t.Helper()
		got = nil
		resp := h.invoke(function, batchRequest(function+want, bodies...))
		if n := m.commit(t, resp); strings.Join(got, " ") != want || n != wantMarks {
			t.Errorf("handed over %q with %d marks, want %q with %d: %v", got, n, want, wantMarks, resp.Result)
		}
	}
	run("f", "a b", 2, "a", "b", "a")
	run("f", "c", 1, "a", "c", "b")
	run("f", "", 0, "a")
	run("f", "d bad", 0, "d", "bad")
	run("f", "d", 1, "d")
	run("other", "other 2", 0, "a", "a")
	m.mu.Lock()
	for path := range m.marks {
		m.marks[path] = "2020-01-01T00:00:00.0000000Z"
	}
	m.mu.Unlock()
	run("f", "a", 1, "a")
	if n, err := marks.Sweep(t.Context()); n != 3 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	m.mu.Lock()
	left := len(m.marks)
	m.fail = true
	m.mu.Unlock()
	if left != 1 {
		t.Errorf("%d marks are left", left)
	}
	if resp := h.invoke("f", batchRequest("down", "x")); resp.Result.Status != funcrpc.StatusResult_Failure || !strings.Contains(resp.Result.Exception.Message, "503") {
		t.Errorf("with the table down: %v", resp.Result)
	}
}

// TestDedupeKeys: what tells items apart.
func TestDedupeKeys(t *testing.T) {
	for want, item := range map[string]any{
		"id m-1":               Event{SystemProperties: Properties(`{"message-id":"m-1"}`), PartitionID: "1"},
		"event 1 7":            Event{SystemProperties: Properties(`{"message-id":null}`), PartitionID: "1", SequenceNumber: 7},
		"document a r e":       Document(`{"id":"a","_rid":"r","_etag":"e"}`),
		"message m":            Message{ID: "m"},
		"blob c/n.txt \"0x1\"": Blob{Container: "c", Name: "n.txt", Properties: Properties(`{"ETag":"\"0x1\""}`)},
		"":                     TimerInfo{},
	} {
		if got := DefaultKey(item); got != want {
			t.Errorf("%+v: %q, want %q", item, got, want)
		}
	}
	by := ByProperty("order")
	for want, item := range map[string]any{
		"order 7": Event{Properties: Properties(`{"order":7}`)}, "order x": Event{Properties: Properties(`{"order":"x"}`)}, "": Event{Properties: Properties(`{}`)},
	} {
		if got := by(item); got != want {
			t.Errorf("by property: %q, want %q", got, want)
		}
	}
}

// TestDedupeProblems: what cannot be is said at the start.
func TestDedupeProblems(t *testing.T) {
	app := New()
	app.EventHub("f", testTrigger, func(context.Context, []Event) error { return nil }, &Dedupe{TTL: -1}, testOutput())
	app.Protect("g", Protection{})
	app.Protect("f", Protection{DeadLetter: &DeadLetter{Queue: "a", Hub: "b"}})
	for _, want := range []string{"Dedupe needs Table", "TTL -1ns is negative", "must be the last", "there is no such function yet", "DeadLetter has 2 places"} {
		if err := app.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{
		"":                           "is empty here",
		"nonsense":                   "no connection string",
		"AccountName=a;AccountKey=!": "not base64",
	} {
		t.Setenv("Broken", text)
		if _, err := openMarks("Broken", "t"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"UseDevelopmentStorage=true":                                  "http://127.0.0.1:10002/devstoreaccount1",
		"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5": "http://a.table.core.windows.net",
		"TableEndpoint=https://x/;SharedAccessSignature=?sv=1":        "https://x",
	} {
		t.Setenv("Good", text)
		if m, err := openMarks("Good", "t"); err != nil || m.endpoint != want {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

// TestProtect: the host is told what a function asks for.
func TestProtect(t *testing.T) {
	app := New()
	app.EventHub("f", testTrigger, func(context.Context, []Event) error { return nil })
	app.Protect("f", Protection{DeadLetter: &DeadLetter{Queue: "dead"}, CircuitBreaker: &CircuitBreaker{Failures: 3, Pause: 90 * time.Second}})
	got := app.metadata().FunctionMetadataResults[0].Properties
	if got["lazuli.deadLetter"] != `{"queue":"dead"}` || got["lazuli.circuitBreaker"] != `{"failures":3,"pause":"00:01:30"}` {
		t.Errorf("%v", got)
	}
}
