package items

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestSettings(t *testing.T) {
	l := newLab(t)
	l.want("POST", "/api/accounts/default/databases", `{"id":"db"}`, 409)
	l.want("POST", "/api/accounts/default/databases", `{"id":"a/b"}`, 400)
	l.want("POST", "/api/accounts/default/databases/none/containers", `{"resource":{"id":"c","partitionKey":{"paths":["/pk"]}}}`, 404)
	for body, want := range map[string]string{
		`{"id":"c","partitionKey":{"paths":[]}}`:                                               "partition key",
		`{"id":"c","partitionKey":{"paths":["/pk"]},"computedProperties":[{"name":"x"}]}`:      "not supported",
		`{"id":"c","partitionKey":{"paths":["/pk"]},"defaultTtl":-2}`:                          "time to live",
		`{"id":"c","partitionKey":{"paths":["/pk"]},"indexingPolicy":{"includedPaths":"all"}}`: "includedPaths",
	} {
		if got := l.want("POST", "/api/accounts/default/databases/db/containers", `{"resource":`+body+`}`, 400); !strings.Contains(got["error"].(string), want) {
			t.Errorf("%s: %v, want %s", body, got["error"], want)
		}
	}
	made := l.want("POST", "/api/accounts/default/databases/db/containers",
		`{"resource":{"id":"c","partitionKey":{"paths":["/a","/b"],"version":2},"defaultTtl":60,"uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/mail"]}]}},"throughput":{"offerThroughput":800}}`, 201)
	resource := made["resource"].(map[string]any)
	if resource["defaultTtl"] != 60.0 || fmt.Sprint(made["throughput"]) != "map[offerThroughput:800]" || !strings.Contains(fmt.Sprint(resource["uniqueKeyPolicy"]), "/mail") {
		t.Errorf("made: %v", made)
	}
	change := func(etag string, edit func(map[string]any), status int) map[string]any {
		t.Helper()
		r := map[string]any{}
		for k, v := range resource {
			r[k] = v
		}
		edit(r)
		text, err := json.Marshal(map[string]any{"resource": r, "throughput": map[string]any{"offerThroughput": 1000}, "etag": etag})
		if err != nil {
			t.Fatal(err)
		}
		return l.want("PUT", "/api/accounts/default/databases/db/containers/c/settings", string(text), status)
	}
	etag := made["etag"].(string)
	change(etag, func(r map[string]any) { r["id"] = "d" }, 400)
	change(etag, func(r map[string]any) { r["partitionKey"] = map[string]any{"paths": []string{"/x"}} }, 400)
	got := change(etag, func(r map[string]any) { delete(r, "defaultTtl") }, 200)
	if got["resource"].(map[string]any)["defaultTtl"] != nil || fmt.Sprint(got["throughput"]) != "map[offerThroughput:1000]" {
		t.Errorf("changed: %v", got)
	}
	if got := change(etag, func(map[string]any) {}, 412); !strings.Contains(got["error"].(string), "load them again") {
		t.Errorf("an old version: %v", got)
	}
	l.want("DELETE", "/api/accounts/default/databases/db?containers=2", "", 409)
	l.want("DELETE", "/api/accounts/default/databases/db/containers/c", "", 204)
	l.want("DELETE", "/api/accounts/default/databases/db/containers/c", "", 404)
	l.want("DELETE", "/api/accounts/default/databases/db?containers=2", "", 204)
	l.want("GET", base+"/settings", "", 404)
}

// TestChanges follows a feed, and counts what it passes over.
func TestChanges(t *testing.T) {
	l := newLab(t)
	l.put(`{"id":"1","pk":"a"}`)
	start := l.want("GET", base+"/changes?from=now", "", 200)
	if len(start["changes"].([]any)) != 0 {
		t.Errorf("now: %v", start)
	}
	l.put(`{"id":"2","pk":"a"}`, `{"id":"1","pk":"a","n":2}`)
	after := func(next any, more string) map[string]any {
		return l.want("GET", base+fmt.Sprintf("/changes?after=%.0f%s", next, more), "", 200)
	}
	got := after(start["next"], "&live=1")
	changes := got["changes"].([]any)
	if len(changes) != 2 || changes[0].(map[string]any)["id"] != "2" || !strings.Contains(changes[1].(map[string]any)["text"].(string), `"n":2`) || got["skipped"] != 0.0 {
		t.Errorf("changes: %v", got)
	}
	if again := after(got["next"], ""); len(again["changes"].([]any)) != 0 {
		t.Errorf("nothing is new: %v", again)
	}
	for i := range 1000 {
		l.put(fmt.Sprintf(`{"id":"n%d","pk":"a"}`, i))
	}
	live := after(got["next"], "&live=1")
	if n := len(live["changes"].([]any)); n != maxChanges || live["skipped"] != 800.0 || live["next"] != live["lsn"] {
		t.Errorf("live: %d changes, skipped %v", n, live["skipped"])
	}
	all, next := 0, got["next"]
	for {
		page := after(next, "")
		if len(page["changes"].([]any)) == 0 {
			break
		}
		all, next = all+len(page["changes"].([]any)), page["next"]
	}
	if all != 1000 {
		t.Errorf("a patient reader saw %d", all)
	}
	l.want("GET", base+"/changes?from=start", "", 200)
	l.want("GET", base+"/changes?since=2026-11-29T10:00:00Z", "", 200)
	l.want("GET", base+"/changes?since=yesterday", "", 400)
}

func TestExport(t *testing.T) {
	l := newLab(t)
	l.put(`{"id":"1","pk":"a","n":1.50,"t":"x,\"y\""}`, `{"id":"2","pk":"a","o":{"p":[1,2]}}`)
	export := func(body string) (string, ended) {
		t.Helper()
		l.want("POST", base+"/export", body, 202)
		e := <-l.tasks
		if e.err != nil || e.To != "/data/default/db/events/items" {
			t.Fatalf("export: %+v", e)
		}
		text, head := l.get(e.result)
		if !strings.HasPrefix(head.Get("Content-Disposition"), "attachment; filename=events-") {
			t.Errorf("header: %v", head)
		}
		return text, e
	}
	text, e := export(`{"format":"ndjson"}`)
	if text != "{\"id\":\"1\",\"pk\":\"a\",\"n\":1.50,\"t\":\"x,\\\"y\\\"\"}\n{\"id\":\"2\",\"pk\":\"a\",\"o\":{\"p\":[1,2]}}\n" || e.done != 2 || e.of != 2 {
		t.Errorf("all items: %s %+v", text, e)
	}
	if text, _ := export(`{"format":"ndjson","system":true}`); !strings.Contains(text, `"_etag"`) {
		t.Errorf("with system properties: %s", text)
	}
	if text, _ := export(`{"format":"csv","query":"SELECT c.id, c.n, c.t, c.o FROM c"}`); text != "id,n,t,o\n1,1.50,\"x,\"\"y\"\"\",\n2,,,\"{\"\"p\"\":[1,2]}\"\n" {
		t.Errorf("a table: %s", text)
	}
	if text, _ := export(`{"format":"csv","query":"SELECT VALUE c.id FROM c"}`); text != "value\n1\n2\n" {
		t.Errorf("values: %s", text)
	}
	if got := l.want("POST", base+"/export", `{"format":"csv","query":"SELECT"}`, 400); got["line"] != 1.0 {
		t.Errorf("a wrong query: %v", got)
	}
	l.want("POST", base+"/export", `{"format":"xml"}`, 400)
	for _, name := range []string{"nothing-20261129-100000-1.csv", "..%2F..%2Fqueries.ndjson", "import-1"} {
		if code, _ := l.Do("GET", "/api/exports/"+name, ""); code != 404 {
			t.Errorf("%s: %d", name, code)
		}
	}
}

// TestImportAsksForRoomFirst: nothing is kept of a file that no task would read.
func TestImportAsksForRoomFirst(t *testing.T) {
	l := newLab(t)
	l.full = fault.New(fault.Throttled, "tasks", "8 run already")
	res, err := http.Post(l.URL+base+"/import?name=a.json", "application/octet-stream", strings.NewReader("[]"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("import: %s", res.Status)
	}
	if files, err := os.ReadDir(l.exports); err == nil {
		t.Errorf("a file was made: %v", files)
	}
}

func TestImport(t *testing.T) {
	l := newLab(t)
	e := l.upload("name=a.json", `[{"id":"1","pk":"a","n":1.50},{"pk":"a"}]`)
	if e.err != nil || e.said != "2 written" || e.done != e.of {
		t.Errorf("an array: %+v", e)
	}
	e = l.upload("name=a.ndjson&exists=skip", "{\"id\":\"1\",\"pk\":\"a\",\"n\":2}\n{\"id\":\"3\",\"pk\":\"a\",\"_etag\":\"old\",\"_rid\":\"r\",\"_self\":\"s\",\"_ts\":1}\n")
	if e.err != nil || e.said != "1 written, 1 there already" {
		t.Errorf("lines: %+v", e)
	}
	if got := l.want("GET", base+`/item?id=1&key=["a"]`, "", 200); !strings.Contains(got["text"].(string), `"n":1.50`) {
		t.Errorf("the item that was there: %v", got)
	}
	e = l.upload("name=a.csv&exists=replace&types=1", "id,pk,n,code,ok\n1,a,7,007,true\n")
	if got := l.want("GET", base+`/item?id=1&key=["a"]`, "", 200); e.err != nil || !strings.HasPrefix(got["text"].(string), `{"code":"007","id":"1","n":7,"ok":true,"pk":"a"`) {
		t.Errorf("a table: %+v %v", e, got)
	}
	for text, want := range map[string]string{
		"{\"id\":\"8\",\"pk\":\"a\"}\nnonsense\n{\"id\":\"9\",\"pk\":\"a\"}\n": "2 written, 1 not taken. row 2: this is not JSON",
		`[{"id":"10","pk":"a"},`:            "cut off after 1 rows",
		`{"id":"1","pk":"a"}`:               "row 1: ",
		"\x1f\x8b\x08":                      "gzip",
		`{"id":"11","pk":["not","scalar"]}`: "row 1: ",
	} {
		if e := l.upload("name=b.ndjson", text); e.err == nil || !strings.Contains(e.err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, e.err, want)
		}
	}
	l.want("POST", base+"/import?name=x", `{}`, 400) // a form of a foreign page
}
