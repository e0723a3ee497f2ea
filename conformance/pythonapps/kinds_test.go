package pythonapps

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// note is what a function of the app kinds saw.
type note map[string]any

func (r running) seen(t *testing.T, kind string) []note {
	t.Helper()
	var all []note
	if err := json.Unmarshal([]byte(r.get(t, "/api/seen")), &all); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(n note) bool { return n["kind"] != kind })
}

// await waits until so many notes of a kind are there.
func (r running) await(t *testing.T, kind string, n int) []note {
	t.Helper()
	var found []note
	eventually(t, func() bool { found = r.seen(t, kind); return len(found) >= n }, fmt.Sprintf("%d of %s", n, kind),
		func() string { return r.get(t, "/api/seen") }, r.Said)
	return found
}

func TestKinds(t *testing.T) {
	broker := lab.NewKafka(t, "plain", "batch")
	t.Setenv("KAFKA", broker.Address)
	r, ok := up(t, "apps/kinds")
	if !ok {
		return
	}
	t.Run("http", func(t *testing.T) { testHTTP(t, r) })
	t.Run("logs", func(t *testing.T) { testLogs(t, r) })
	t.Run("errors", func(t *testing.T) { testErrors(t, r) })
	t.Run("at once", func(t *testing.T) { testAtOnce(t, r) })
	t.Run("events", func(t *testing.T) { testEvents(t, r) })
	t.Run("retries", func(t *testing.T) { testRetries(t, r) })
	t.Run("timer", func(t *testing.T) { testTimer(t, r) })
	t.Run("storage", func(t *testing.T) { testStorage(t, r) })
	t.Run("kafka", func(t *testing.T) { testKafka(t, r, broker) })
	t.Run("warm-up", func(t *testing.T) { testWarmUp(t, r) })
	t.Run("documents", func(t *testing.T) { testDocuments(t, r) })
}

// testKafka: what a function sends to a topic comes to others, alone and in batches.
func testKafka(t *testing.T, r running, broker *lab.Kafka) {
	if got := r.get(t, "/api/produce/word"); got != "produced" {
		t.Fatal(got)
	}
	got := r.await(t, "kafka", 1)[0]
	if fmt.Sprintf("%v %v %v %v", got["value"], got["topic"], got["offset"], got["headers"]) != "word plain 0 [map[Key:h Value:dg==]]" || got["key"] != "k" {
		t.Errorf("%v", got)
	}
	broker.Send(t, "batch", "a", "b")
	bodies := []string{}
	eventually(t, func() bool {
		bodies = nil
		for _, n := range r.seen(t, "kafkas") {
			for _, b := range n["values"].([]any) {
				bodies = append(bodies, fmt.Sprint(b))
			}
		}
		return len(bodies) == 2
	}, "both events", r.Said)
	if fmt.Sprint(bodies) != "[a b]" {
		t.Errorf("%v", bodies)
	}
}

// testWarmUp: the warm-up function ran before all others.
func testWarmUp(t *testing.T, r running) {
	if got := r.seen(t, "warm"); len(got) != 1 || got[0]["first"] != true {
		t.Errorf("%v", got)
	}
}

// testDocuments: the Cosmos DB input by id and by query, with parts of a route, of a
// query and of a message.
func testDocuments(t *testing.T, r running) {
	if a := r.call(t, http.MethodPost, "/api/put", `[{"id":"d1","kind":"it's","n":1},{"id":"d2","kind":"it's","n":5},{"id":"d3","kind":"other","n":1}]`); a.body != "stored" {
		t.Fatal(a.Status, a.body)
	}
	if got := object(t, r.get(t, "/api/document/d1")); got["kind"] != "it's" || got["_etag"] == nil {
		t.Errorf("by id: %v", got)
	}
	for path, want := range map[string]string{
		"/api/document/none": "none", "/api/documents?kind=it's&below=9": `["d1", "d2"]`, "/api/documents?kind=it's&below=2": `["d1"]`,
		"/api/documents?kind=%27%20OR%20true&below=9": `[]`,
	} {
		if got := r.get(t, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if a := r.call(t, http.MethodGet, "/api/documents?kind=x", ""); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("without a value: %s", a.Status)
	}
	r.says(t, "{below} is not defined by this trigger")
	r.says(t, "property=preferredLocations")
	r.get(t, "/api/look/d2")
	if got := r.await(t, "looked up", 1)[0]; fmt.Sprint(got["ids"]) != "[d2]" {
		t.Errorf("of a message: %v", got)
	}
}

func testHTTP(t *testing.T, r running) {
	a := r.call(t, http.MethodPost, "/api/echo/7/b/c?q=1&q=2&e=", "f=x+y&g=2", "X-Test", "한", "Content-Type", "application/x-www-form-urlencoded",
		"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	got := object(t, a.body)
	if a.StatusCode != 201 || a.Header.Get("X-Answer") != "yes" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", a.Status, a.Header)
	}
	for key, want := range map[string]string{
		"method": `"POST"`, "params": `{"q":"1,2"}`, "route": `{"a":"7","rest":"b/c"}`, "header": `"한"`, "body": `"663d782b7926673d32"`,
		"form": `{"f":"x y","g":"2"}`, "function": `"Echo"`, "directory": `"app"`, "retry": "0", "thread": "false", "setting": `"hello"`,
	} {
		if text, _ := json.Marshal(got[key]); string(text) != want {
			t.Errorf("%s: %s, want %s", key, text, want)
		}
	}
	if trace := fmt.Sprint(got["trace"]); !strings.HasPrefix(trace, "00-0af7651916cd43dd8448eb211c80319c-") {
		t.Errorf("trace %s", trace)
	}
	if a := r.call(t, http.MethodGet, "/api/echo/7/b", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a method that is not declared: %s", a.Status)
	}
	a = r.call(t, http.MethodGet, "/api/cookies", "")
	cookies := a.Header.Values("Set-Cookie")
	slices.Sort(cookies)
	want := []string{"a=1; max-age=60; path=/x; samesite=lax; httponly", "b=2%2B2%3D4; expires=Wed, 21 Oct 2026 07:28:00 GMT; path=/; secure; samesite=none"}
	if a.body != "\x00\xff" || !slices.Equal(cookies, want) {
		t.Errorf("%q %q", a.body, cookies)
	}
	for _, method := range []string{http.MethodHead, http.MethodOptions} {
		a := r.call(t, method, "/api/methods/a%2Fb%20c", "")
		if a.StatusCode != http.StatusAccepted || a.Header.Get("X-Seen") != method+" a%2Fb c" || a.Header.Get("Allow") != "HEAD, OPTIONS" || a.body != "" {
			t.Errorf("%s: %s %v %q", method, a.Status, a.Header, a.body)
		}
	}
	const boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW" // Node takes none of less than 27 signs
	form := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"word\"\r\n\r\n가\r\n" +
		"--" + boundary + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--" + boundary + "--\r\n"
	if a := r.call(t, http.MethodPost, "/api/upload", form, "Content-Type", "multipart/form-data; boundary="+boundary); a.body != "가 a.bin 00ff" {
		t.Errorf("a form of several parts: %s %q", a.Status, a.body)
	}
	for path, want := range map[string]string{"/api/text": "plain", "/api/generic": "generic GET", "/api/blue": "of the blueprint"} {
		if got := r.get(t, path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func testLogs(t *testing.T, r running) {
	id := r.get(t, "/api/logs")
	r.says(t, "from a thread")
	line := ""
	for l := range strings.Lines(r.Said()) {
		if strings.Contains(l, "from a thread") {
			line = l
		}
	}
	if !strings.Contains(line, "ERR") || !strings.Contains(line, id) || !strings.Contains(line, "function=logs") {
		t.Errorf("a record of a thread: %s", line)
	}
	r.says(t, "printed, in pieces")
	if strings.Contains(r.Said(), "not shown") {
		t.Error("debug records are shown")
	}
	r.get(t, "/api/text")
	r.says(t, "async says True")
}

func testErrors(t *testing.T, r running) {
	if a := r.call(t, http.MethodGet, "/api/fail", ""); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s %s", a.Status, a.body)
	}
	r.says(t, "ValueError: outer 한글")
	for _, part := range []string{"KeyError: 'inner'", "function_app.py\", line 86", "The above exception was the direct cause"} {
		r.says(t, part)
	}
	if strings.Contains(r.Said(), "lazuli_worker/invoke.py") {
		t.Error("the stack shows the worker's own frames")
	}
}

// testAtOnce: async functions share a thread, plain ones have one each.
func testAtOnce(t *testing.T, r running) {
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			if got := r.get(t, fmt.Sprintf("/api/together/%d", i)); got != "all" {
				t.Errorf("together: %s", got)
			}
		})
	}
	for range 3 {
		all.Go(func() {
			if got := r.get(t, "/api/threads"); got != "True" {
				t.Errorf("threads: %s", got)
			}
		})
	}
	all.Wait()
}

func testEvents(t *testing.T, r running) {
	events := t.TempDir() + "/events.txt"
	write(t, events, "a\nb\nc\n")
	r.Run(t, "send", "many", "--file", events, "--partition-key", "k")
	got := r.await(t, "many", 1)[0]
	if fmt.Sprint(got["bodies"], got["numbers"], got["keys"], got["times"]) != "[a b c] [0 1 2] [k k k] [true true true]" {
		t.Errorf("many: %v", got)
	}
	if names := fmt.Sprint(got["names"]); !strings.Contains(names, "SystemPropertiesArray") || !strings.Contains(names, "PartitionContext") {
		t.Errorf("metadata: %s", names)
	}
	one := r.await(t, "one", 1)[0]
	if one["body"] != "one of 3" || one["number"] != 0.0 || one["offset"] == nil {
		t.Errorf("one: %v", one)
	}
	ids := map[string]bool{}
	eventually(t, func() bool {
		for _, n := range r.seen(t, "changed") {
			for _, id := range n["ids"].([]any) {
				ids[fmt.Sprint(id)] = n["type"] == "Document"
			}
		}
		return ids["a"] && ids["b"] && ids["c"]
	}, "all changes are seen", func() string { return r.get(t, "/api/seen") })
}

func testRetries(t *testing.T, r running) {
	r.Run(t, "send", "retried", "--count", "1")
	got := r.await(t, "retried", 3)
	if len(got) != 3 || got[0]["count"] != 0.0 || got[2]["count"] != 2.0 || got[1]["max"] != 2.0 || !strings.Contains(fmt.Sprint(got[1]["why"]), "attempt 0") {
		t.Errorf("%v", got)
	}
}

func testTimer(t *testing.T, r running) {
	a := r.call(t, http.MethodPost, "/admin/functions/tick", "{}", "Content-Type", "application/json")
	if a.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	if got := r.await(t, "timer", 1)[0]; got["past_due"] != false || got["schedule"] != "dict" {
		t.Errorf("%v", got)
	}
}

func testStorage(t *testing.T, r running) {
	if got := r.get(t, "/api/enqueue/word"); got != "queued" {
		t.Fatal(got)
	}
	if got := r.await(t, "queue", 1)[0]; got["body"] != "word" || got["count"] != 1.0 || got["id"] != true || got["inserted"] != true {
		t.Errorf("queue: %v", got)
	}
	if got := r.await(t, "blob", 1)[0]; got["name"] != "out/word.txt" || got["body"] != "blob of word" || got["length"] != 12.0 || got["uri"] != "word.txt" {
		t.Errorf("blob: %v", got)
	}
}
