package nodeapps

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

func seen(t *testing.T, a lab.App, kind string) []note {
	t.Helper()
	var all []note
	if err := json.Unmarshal([]byte(a.Get(t, "/api/seen")), &all); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(n note) bool { return n["kind"] != kind })
}

// await waits until so many notes of a kind are there.
func await(t *testing.T, a lab.App, kind string, n int) []note {
	t.Helper()
	var found []note
	lab.Eventually(t, func() bool { found = seen(t, a, kind); return len(found) >= n }, fmt.Sprintf("%d of %s", n, kind),
		func() string { return a.Get(t, "/api/seen") }, a.Said)
	return found
}

func TestKinds(t *testing.T) {
	broker := lab.NewKafka(t, "plain", "batch")
	t.Setenv("KAFKA", broker.Address)
	a, ok := up(t, "apps/kinds")
	if !ok {
		return
	}
	for name, test := range map[string]func(*testing.T, lab.App){
		"http": testHTTP, "answers": testAnswers, "logs": testLogs, "errors": testErrors, "at once": testAtOnce,
		"events": testEvents, "retries": testRetries, "timer": testTimer, "storage": testStorage, "documents": testDocuments, "warm-up": testWarmUp,
		"kafka": func(t *testing.T, a lab.App) { testKafka(t, a, broker) },
	} {
		t.Run(name, func(t *testing.T) { test(t, a) })
	}
	t.Run("exit", func(t *testing.T) { testExit(t, a) })
}

func testHTTP(t *testing.T, a lab.App) {
	got := a.Call(t, http.MethodPost, "/api/echo/7/b/c?q=1&q=2&e=", "f=x+y&g=2", "X-Test", "v", "Content-Type", "application/x-www-form-urlencoded",
		"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	saw := object(t, got.Text)
	if got.StatusCode != 201 || got.Header.Get("X-Answer") != "yes" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	for key, want := range map[string]string{
		"method": `"POST"`, "path": `"/api/echo/7/b/c"`, "query": `"1,2"`, "empty": `""`, "params": `{"a":"7","rest":"b/c"}`, "header": `"v"`,
		"body": `"663d782b7926673d32"`, "form": `{"f":"x y","g":"2"}`, "function": `"echo"`, "setting": `"hello"`, "options": `"echo/{a:int}/{*rest}"`,
	} {
		if text, _ := json.Marshal(saw[key]); string(text) != want {
			t.Errorf("%s: %s, want %s", key, text, want)
		}
	}
	if trace := fmt.Sprint(saw["trace"]); !strings.HasPrefix(trace, "00-0af7651916cd43dd8448eb211c80319c-") {
		t.Errorf("trace %s", trace)
	}
	if got := a.Call(t, http.MethodGet, "/api/echo/7/b", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("a method that is not declared: %s", got.Status)
	}
}

func testAnswers(t *testing.T, a lab.App) {
	got := a.Call(t, http.MethodGet, "/api/cookies", "")
	cookies := got.Header.Values("Set-Cookie")
	slices.Sort(cookies)
	want := []string{"a=1; max-age=60; path=/x; samesite=lax; httponly", "b=2%2B2%3D4%20%EA%B0%80; expires=Wed, 21 Oct 2026 07:28:00 GMT; path=/; secure; samesite=none"}
	if got.Text != "\x00\xff" || !slices.Equal(cookies, want) {
		t.Errorf("%q %q", got.Text, cookies)
	}
	for path, want := range map[string]string{
		"GET /api/object": "202 한글", "GET /api/nothing": "200 ", "GET /api/empty": "204 ", "GET /api/text": "500 ", "DELETE /api/text": "200 DELETE",
	} {
		method, path, _ := strings.Cut(path, " ")
		if got := a.Call(t, method, path, ""); fmt.Sprint(got.StatusCode, " ", got.Text) != want {
			t.Errorf("%s: %d %q, want %q", path, got.StatusCode, got.Text, want)
		}
	}
	for _, method := range []string{http.MethodHead, http.MethodOptions} {
		got := a.Call(t, method, "/api/methods/a%2Fb%20c", "")
		if got.StatusCode != http.StatusAccepted || got.Header.Get("X-Seen") != method+" a%2Fb c" || got.Header.Get("Allow") != "HEAD, OPTIONS" || got.Text != "" {
			t.Errorf("%s: %s %v %q", method, got.Status, got.Header, got.Text)
		}
	}
	const boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW" // Node takes none of less than 27 signs
	form := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"word\"\r\n\r\n가\r\n" +
		"--" + boundary + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--" + boundary + "--\r\n"
	if got := a.Call(t, http.MethodPost, "/api/upload", form, "Content-Type", "multipart/form-data; boundary="+boundary); got.Text != "가 a.bin 00ff" {
		t.Errorf("a form of several parts: %s %q", got.Status, got.Text)
	}
	a.Says(t, `The HTTP response must be an object with optional properties`)
}

func testLogs(t *testing.T, a lab.App) {
	id := a.Get(t, "/api/logs")
	a.Says(t, "printed, { in: 'pieces' }")
	a.Says(t, "an error 7")
	for l := range strings.Lines(a.Said()) {
		if strings.Contains(l, "an error 7") && !(strings.Contains(l, "ERR") && strings.Contains(l, id) && strings.Contains(l, "function=logs")) {
			t.Errorf("a record of a function: %s", l)
		}
	}
	if strings.Contains(a.Said(), "not shown") {
		t.Error("debug records are shown")
	}
}

func testErrors(t *testing.T, a lab.App) {
	if got := a.Call(t, http.MethodGet, "/api/fail", ""); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s %s", got.Status, got.Text)
	}
	for _, part := range []string{"outer 한글", "RangeError: outer 한글", "src/functions/http.js:50:", "caused by SyntaxError: "} {
		a.Says(t, part)
	}
}

// testAtOnce: the handlers of a worker wait side by side.
func testAtOnce(t *testing.T, a lab.App) {
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if got := a.Get(t, "/api/together"); got != "all" {
				t.Errorf("together: %s", got)
			}
		})
	}
	all.Wait()
}

func testEvents(t *testing.T, a lab.App) {
	events := t.TempDir() + "/events.txt"
	write(t, events, "a\n{\"id\":\"b\"}\nc\n")
	a.Run(t, "send", "many", "--file", events, "--partition-key", "k")
	got := await(t, a, "many", 1)[0]
	if fmt.Sprint(got["bodies"], got["numbers"], got["keys"], got["offsets"], got["times"]) != "[a map[id:b] c] [0 1 2] [k k k] 3 [true true true]" {
		t.Errorf("many: %v", got)
	}
	if names := fmt.Sprint(got["names"]); !strings.Contains(names, "systemPropertiesArray") || !strings.Contains(names, "partitionContext") {
		t.Errorf("metadata: %s", names)
	}
	one := await(t, a, "one", 1)[0]
	if fmt.Sprint(one["body"], one["number"]) != "map[count:3] 0" || one["offset"] == nil {
		t.Errorf("one: %v", one)
	}
	ids := map[string]bool{}
	lab.Eventually(t, func() bool {
		for _, n := range seen(t, a, "changed") {
			for _, id := range n["ids"].([]any) {
				ids[fmt.Sprint(id)] = true
			}
		}
		return ids["a"] && ids["b"] && ids["c"]
	}, "all changes are seen", func() string { return a.Get(t, "/api/seen") })
}

func testRetries(t *testing.T, a lab.App) {
	a.Run(t, "send", "retried", "--count", "1")
	got := await(t, a, "retried", 3)
	if len(got) != 3 || got[0]["count"] != 0.0 || got[2]["count"] != 2.0 || got[1]["max"] != 2.0 || got[0]["why"] != "" || got[1]["why"] != "attempt 0" {
		t.Errorf("%v", got)
	}
}

func testTimer(t *testing.T, a lab.App) {
	got := a.Call(t, http.MethodPost, "/admin/functions/tick", "{}", "Content-Type", "application/json")
	if got.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s", got.Status, got.Text)
	}
	if got := await(t, a, "timer", 1)[0]; got["pastDue"] != false || got["schedule"] != "object" {
		t.Errorf("%v", got)
	}
}

func testStorage(t *testing.T, a lab.App) {
	if got := a.Get(t, "/api/enqueue/word"); got != "queued" {
		t.Fatal(got)
	}
	for _, n := range await(t, a, "queue", 2) {
		if body := fmt.Sprint(n["body"]); body != "word" && body != "map[object:word]" || n["count"] != 1.0 || n["id"] == nil || n["inserted"] != true {
			t.Errorf("queue: %v", n)
		}
	}
	got := await(t, a, "blob", 1)[0]
	if got["name"] != "word.txt" || got["body"] != "blob of word" || got["uri"] != "word.txt" || got["again"] != "blob of word" {
		t.Errorf("blob: %v", got)
	}
}

// testKafka: what a function sends to a topic comes to others, alone and in batches.
func testKafka(t *testing.T, a lab.App, broker *lab.Kafka) {
	if got := a.Get(t, "/api/produce/word"); got != "produced" {
		t.Fatal(got)
	}
	got := await(t, a, "kafka", 1)[0]
	if fmt.Sprintf("%v %v %v %v", got["value"], got["topic"], got["offset"], got["headers"]) != "word plain 0 [map[Key:h Value:dg==]]" {
		t.Errorf("%v", got)
	}
	broker.Send(t, "batch", "a", "b")
	values := []string{}
	lab.Eventually(t, func() bool {
		values = nil
		for _, n := range seen(t, a, "kafkas") {
			for _, v := range n["values"].([]any) {
				values = append(values, fmt.Sprint(v))
			}
		}
		return len(values) == 2
	}, "both events", a.Said)
	if fmt.Sprint(values) != "[a b]" {
		t.Errorf("%v", values)
	}
}

// testWarmUp: the warm-up function ran before all others.
func testWarmUp(t *testing.T, a lab.App) {
	if got := seen(t, a, "warm"); len(got) != 1 || got[0]["first"] != true {
		t.Errorf("%v", got)
	}
}

// testDocuments: the Cosmos DB input by id and by query, with parts of a route, of a
// query and of a message.
func testDocuments(t *testing.T, a lab.App) {
	if got := a.Call(t, http.MethodPost, "/api/put", `[{"id":"d1","kind":"it's"},{"id":"d2","kind":"it's"},{"id":"d3","kind":"other"}]`); got.Text != "stored" {
		t.Fatal(got.Status, got.Text)
	}
	if got, _ := object(t, a.Get(t, "/api/document/d1"))["found"].(map[string]any); got["kind"] != "it's" || got["_etag"] == nil {
		t.Errorf("by id: %v", got)
	}
	for path, want := range map[string]string{
		"/api/document/none": `{"found":null}`, "/api/documents?kind=it's": `["d1","d2"]`, "/api/documents?kind=%27%20OR%20true": `[]`,
	} {
		if got := a.Get(t, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	a.Get(t, "/api/look/d2")
	if got := await(t, a, "looked up", 1)[0]; got["id"] != "d2" {
		t.Errorf("of a message: %v", got)
	}
}

// testExit: a function that ends the process fails, and the next one runs on a new
// worker.
func testExit(t *testing.T, a lab.App) {
	if got := a.Call(t, http.MethodGet, "/api/exit", ""); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s %s", got.Status, got.Text)
	}
	a.Says(t, "process.exit(0) was called at src/functions/http.js:55:")
	if got := a.Get(t, "/api/seen"); got != `[{"kind":"warm","first":true}]` {
		t.Errorf("the worker is not new: %s", got)
	}
}
