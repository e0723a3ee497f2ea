package hubs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// event reads one event.
func (l *lab) event(partition, sequence int) Event {
	l.t.Helper()
	code, got := l.Do("GET", fmt.Sprintf("%s/partitions/%d/events/%d", orders, partition, sequence), "")
	if code != 200 {
		l.t.Fatalf("event %d/%d: %d %v", partition, sequence, code, got)
	}
	text, err := json.Marshal(got)
	must(l.t, err)
	var e Event
	must(l.t, json.Unmarshal(text, &e))
	return e
}

// TestSendAndReadBack: what is sent is what is stored: key, partition, type and
// properties, each with its kind; text that is hostile stays as it is.
func TestSendAndReadBack(t *testing.T) {
	l := newLab(t)
	code, got := l.Do("POST", orders+"/events", `{"body":"{\"note\":\"ok\u202ecod\"}","key":"dangjin","properties":{"schema":"telemetry/2","n":5,"f":0.5,"b":true}}`)
	p := broker.PartitionOf("dangjin", 2)
	if code != 201 || got["partition"] != float64(p) || got["sequence"] != 0.0 {
		t.Fatalf("send: %d %v", code, got)
	}
	e := l.event(p, 0)
	if e.Key != "dangjin" || e.Body != "{\"note\":\"ok\u202ecod\"}" || string(e.Properties) != `{"b":true,"f":0.5,"n":5,"schema":"telemetry/2"}` || string(e.System) != `{"content-type":"application/json"}` {
		t.Errorf("read back: %+v %s %s", e, e.Properties, e.System)
	}
	if code, got := l.Do("POST", fmt.Sprintf("%s/partitions/%d/events/0/again", orders, p), ""); code != 201 || got["sequence"] != 1.0 || got["partition"] != float64(p) {
		t.Fatalf("send again: %d %v", code, got)
	}
	again := l.event(p, 1)
	again.Sequence, again.Offset, again.EnqueuedAt, again.ReadBy = e.Sequence, e.Offset, e.EnqueuedAt, e.ReadBy
	if fmt.Sprint(again) != fmt.Sprint(e) {
		t.Errorf("sent again: %+v, want %+v", again, e)
	}
	if code, _ := l.Do("POST", orders+"/events", `{"binary":"/wAB","partition":1,"contentType":"application/octet-stream"}`); code != 201 {
		t.Fatalf("send bytes: %d", code)
	}
	last := l.search("Orders", Search{Q: "partition:1", Limit: 1}).Rows[0]
	if e := l.event(1, int(last.S)); string(e.Binary) != "\xff\x00\x01" || e.Body != "" || !strings.Contains(string(e.System), "octet-stream") {
		t.Errorf("bytes: %+v", e)
	}
}

// TestReadBy: who has read an event, in which run, and who not yet.
func TestReadBy(t *testing.T) {
	l := newLab(t)
	h, err := l.b.Namespace(account.ID).Hub("orders")
	must(t, err)
	for range 5 {
		put(t, h, 0, "", eventdata.Message{Body: []byte("x")})
	}
	l.consumers[0].Run = func(_ int, sequence int64) (Run, bool) {
		return Run{ID: "run-1", DurationMs: 3}, sequence == 1
	}
	l.counts.FromHost("shop", func(string) uint64 { return account.ID })(host.Checkpointed{Checkpoint: trigger.Checkpoint{Target: "orders", Group: "$Default", Partition: "0", Sequence: 2}})
	for sequence, want := range map[int]string{1: "ingest read behind 0 run-1", 2: "ingest read behind 0 -", 4: "ingest not read behind 2 -"} {
		var got []string
		for _, r := range l.event(0, sequence).ReadBy {
			word, run := "not read", "-"
			if r.Read {
				word = "read"
			}
			if r.Run != nil {
				run = r.Run.ID
			}
			got = append(got, fmt.Sprintf("%s %s behind %d %s", r.Name, word, r.Behind, run))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("event %d: %v, want %s", sequence, got, want)
		}
	}
}

// TestSendMany: a count, and a file of lines, by a task.
func TestSendMany(t *testing.T) {
	l := newLab(t)
	if code, got := l.Do("POST", orders+"/events", `{"body":"{\"n\":1}\r\n\n{\"n\":2}\nthree","lines":true,"count":200,"partition":1}`); code != 202 || got["task"] == "" || got["of"] != 600.0 {
		t.Fatalf("%d %v", code, got)
	}
	deadline := time.Now().Add(10 * time.Second)
	for l.search("Orders", Search{}).Of < 600 {
		if time.Now().After(deadline) {
			t.Fatal("600 events do not come")
		}
	}
	for q, want := range map[string]int64{"partition:1 body.n:2": 200, "partition:1 three": 200, "partition:1": 600, "partition:0": 0} {
		if got := l.search("Orders", Search{Q: q, Limit: maxFound}); got.Matched != want {
			t.Errorf("%s: %d events, want %d", q, got.Matched, want)
		}
	}
	for body, want := range map[string]int{
		`{"body":"x","count":-1}`: 400, `{"body":"\n","lines":true}`: 400, `{"body":"x","properties":{"a":[1]}}`: 400,
		`{"body":"x","partition":7}`: 404, `{"body":"` + strings.Repeat("x", maxEvent) + `"}`: 413, `{"body":"x","key":"` + strings.Repeat("k", 129) + `"}`: 400,
	} {
		if code, got := l.Do("POST", orders+"/events", body); code != want || got["error"] == "" {
			t.Errorf("%.60s: %d %v, want %d", body, code, got, want)
		}
	}
}

// TestChanges: hubs and groups come, change and go.
func TestChanges(t *testing.T) {
	l := newLab(t)
	if _, got := l.Do("GET", "/api/hubs", ""); fmt.Sprint(got) != "map[namespaces:[default]]" {
		t.Errorf("namespaces: %v", got)
	}
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/api/hubs/default", `{"name":"new","partitions":3,"retentionHours":2,"groups":["lake"]}`, 201},
		{"POST", "/api/hubs/default", `{"name":"NEW","partitions":3}`, 409},
		{"POST", "/api/hubs/default", `{"name":"a b","partitions":3}`, 400},
		{"POST", "/api/hubs/default", `{"name":"x","partitions":2,"retentionHours":-1}`, 400},
		{"POST", "/api/hubs/other", `{"name":"x","partitions":2}`, 404},
		{"PUT", "/api/hubs/default/new", `{"partitions":2}`, 409},
		{"PUT", "/api/hubs/default/new", `{"partitions":5,"retentionHours":0.5,"retentionMiB":64}`, 204},
		{"PUT", "/api/hubs/default/new", `{"retentionMiB":1e18}`, 400},
		{"POST", "/api/hubs/default/new/groups", `{"name":"dash"}`, 201},
		{"POST", "/api/hubs/default/new/groups", `{"name":"DASH"}`, 409},
		{"POST", "/api/hubs/default/new/groups", `{"name":"-"}`, 400},
		{"DELETE", "/api/hubs/default/new/groups/lake", "", 204},
		{"DELETE", "/api/hubs/default/new/groups/lake", "", 404},
		{"DELETE", "/api/hubs/default/new/groups/$Default", "", 400},
	} {
		if code, got := l.Do(step.method, step.path, step.body); code != step.want {
			t.Errorf("%s %s %s: %d %v, want %d", step.method, step.path, step.body, code, got, step.want)
		}
	}
	d := l.Listen("hub:default/new").Next("hub:default/new").(map[string]any)
	if s := fmt.Sprint(d["settings"]); s != "map[groups:[$Default dash] partitions:5 retentionHours:0.5 retentionMiB:64]" || len(d["parts"].([]any)) != 5 || d["declared"] != false {
		t.Errorf("settings %v of %v", s, d)
	}
	if code, _ := l.Do("DELETE", "/api/hubs/default/new", ""); code != 204 {
		t.Errorf("delete: %d", code)
	}
	if code, _ := l.Do("DELETE", "/api/hubs/default/new", ""); code != 404 {
		t.Errorf("delete again: %d", code)
	}
}
