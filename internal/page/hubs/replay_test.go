package hubs

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/eventdata"
)

// replayed waits until a hub has so many events.
func (l *lab) replayed(hub string, of int64) {
	l.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); l.search(hub, Search{}).Of < of; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("%s has %d events, and not %d", hub, l.search(hub, Search{}).Of, of)
		}
	}
}

// TestReplay: what a filter leaves comes again, in its order, with key and properties,
// into the same hub or another; what is sent meanwhile does not.
func TestReplay(t *testing.T) {
	l := newLab(t)
	h, err := l.b.Namespace(account.ID).Hub("orders")
	must(t, err)
	l.ensure("copy", 1)
	for n := range 300 {
		key := ""
		if n%3 == 0 {
			key = "dangjin"
		}
		part := n % 2
		if key != "" {
			part = h.Route(key).ID()
		}
		put(t, h, part, key, eventdata.Message{Body: fmt.Appendf(nil, `{"n":%d}`, n)})
	}
	if code, got := l.Do("POST", orders+"/events:replay", `{"q":"body.n>=100","into":"copy"}`); code != 202 || got["task"] == "" || got["of"] != 300.0 {
		t.Fatalf("%d %v", code, got)
	}
	l.replayed("copy", 200)
	rows := l.search("copy", Search{Oldest: true, Limit: maxFound}).Rows
	if len(rows) != 200 {
		t.Fatalf("%d events", len(rows))
	}
	next := map[int]int{} // of each partition that they came from, the order holds
	for _, r := range rows {
		var n int
		if _, err := fmt.Sscanf(r.B, `{"n":%d}`, &n); err != nil {
			t.Fatal(err)
		}
		from := n % 2
		if n%3 == 0 {
			from = h.Route("dangjin").ID()
		}
		if n < 100 || n < next[from] || (r.K == "dangjin") != (n%3 == 0) {
			t.Fatalf("%+v after %v", r, next)
		}
		next[from] = n
	}
	if code, _ := l.Do("POST", orders+"/events:replay", `{"q":"key:dangjin"}`); code != 202 {
		t.Fatal(code)
	}
	l.replayed("Orders", 400)
	if got := l.search("Orders", Search{Q: "key:dangjin", Limit: maxFound}); got.Matched != 200 || got.Of != 400 {
		t.Errorf("%d of %d", got.Matched, got.Of)
	}
	for body, want := range map[string]int{`{"pace":-1}`: 400, `{"pace":1e9}`: 400, `{"into":"nowhere"}`: 404, `{"q":"colour:red"}`: 400} {
		if code, got := l.Do("POST", orders+"/events:replay", body); code != want || got["error"] == "" {
			t.Errorf("%s: %d %v, want %d", body, code, got, want)
		}
	}
}

// TestPace: the pauses between events are as they were, or shorter.
func TestPace(t *testing.T) {
	a := replay{pace: 10}
	begin := time.Now().Add(-time.Hour)
	if wait := a.due(begin); wait > 0 {
		t.Errorf("the first event waits %v", wait)
	}
	if wait := a.due(begin.Add(20 * time.Minute)); wait < 119*time.Second || wait > 2*time.Minute {
		t.Errorf("20 minutes later: %v, want 2 minutes", wait)
	}
	a = replay{}
	if wait := a.due(begin); wait != 0 {
		t.Errorf("without pauses: %v", wait)
	}
}
