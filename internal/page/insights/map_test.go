package insights

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// said writes a map, a line each: id sort all/bad, then from > to all/bad.
func said(m Map) string {
	var all []string
	for _, n := range m.Nodes {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", n.ID, n.Sort))+fmt.Sprintf(" %d/%d", n.All, n.Bad))
	}
	for _, c := range m.Calls {
		all = append(all, fmt.Sprintf("%s > %s %d/%d", c.From, c.To, c.All, c.Bad))
	}
	return strings.Join(all, "\n")
}

func of(role string, i *item.Item) *item.Item {
	i.Role = role
	return i
}

func TestMap(t *testing.T) {
	l := newLab(t, "default", "second")
	// A gateway calls a function over HTTP; that writes documents, whose changes trigger
	// another; both call a bank that reports nothing, and a door behind which two answer.
	l.put("default",
		of("gateway", after(0, "a", "", &item.Request{ID: "g1", Name: "GET /x", Success: true})),
		of("gateway", after(1, "a", "g1", &item.Dependency{ID: "d1", Target: "localhost:7071", Kind: "Backend", Success: true, Duration: 5 * time.Millisecond})),
		of("app", after(2, "a", "d1", &item.Request{ID: "f1", Name: "save", Success: true})),
		of("app", after(3, "a", "f1", &item.Dependency{ID: "d2", Target: "db/events", Kind: "Microsoft.DocumentDB", Success: true, Duration: time.Millisecond})),
		of("app", after(4, "a", "f1", &item.Dependency{ID: "d3", Target: "bank", Kind: "HTTP", Duration: time.Second})),
		of("alarms", after(5, "a", "d2", &item.Request{ID: "f2", Name: "alarm", Source: "db/events", Success: true})),
		of("alarms", after(6, "a", "f2", &item.Dependency{ID: "d4", Target: "bank", Kind: "HTTP", Success: true})),
		of("alarms", after(7, "a", "f2", &item.Dependency{ID: "d5", Target: "door", Kind: "HTTP", Success: true})),
		of("alarms", after(7, "a", "f2", &item.Dependency{ID: "d6", Target: "door", Kind: "HTTP", Success: true})),
		of("app", after(8, "a", "d5", &item.Request{ID: "f3", Name: "save", Source: "cid-v1:an-app", Success: true})),
	)
	many := of("second", after(9, "a", "d6", &item.Request{ID: "s1", Name: "pay"}))
	many.Count = 10
	l.put("second", many)
	var got Map
	l.get("/api/insights/map?"+span, &got)
	want := `role/alarms 1/0
role/app 2/0
role/gateway 1/0
role/second 10/10
target/bank HTTP 2/1
target/db/events Microsoft.DocumentDB 1/0
target/door HTTP 2/0
role/alarms > target/bank 1/0
role/alarms > target/door 2/0
role/app > target/bank 1/1
role/app > target/db/events 1/0
role/gateway > role/app 1/0
target/db/events > role/alarms 1/0
target/door > role/app 0/0
target/door > role/second 0/0`
	if have := said(got); have != want {
		t.Errorf("got\n%s\nwant\n%s", have, want)
	}
	if got.Calls[2].P95 == nil || *got.Calls[2].P95 != 1000 {
		t.Errorf("the call of the bank: %+v", got.Calls[2])
	}
	l.get("/api/insights/map?component=second&"+span, &got)
	if have := said(got); have != "role/second 10/10" {
		t.Errorf("of one component:\n%s", have)
	}
}

// TestMapOfTriggers: what nobody calls is counted by what it triggers.
func TestMapOfTriggers(t *testing.T) {
	l := newLab(t, "default")
	l.put("default",
		of("app", after(0, "a", "", &item.Request{ID: "f1", Name: "save", Source: "ns/hub", Success: true})),
		of("app", after(1, "b", "", &item.Request{ID: "f2", Name: "save", Source: "ns/hub"})),
		of("other", after(2, "c", "", &item.Request{ID: "f3", Name: "look", Source: "ns/hub", Success: true})),
	)
	var got Map
	l.get("/api/insights/map?"+span, &got)
	if have, want := said(got), "role/app 2/1\nrole/other 1/0\ntarget/ns/hub 3/0\ntarget/ns/hub > role/app 2/1\ntarget/ns/hub > role/other 1/0"; have != want {
		t.Errorf("got\n%s\nwant\n%s", have, want)
	}
}

// TestWideMap: of many targets those that fail and the most frequent are drawn.
func TestWideMap(t *testing.T) {
	l := newLab(t, "default")
	var all []*item.Item
	for n := range 100 {
		i := of("app", after(n, "x", "", &item.Dependency{ID: fmt.Sprint("d", n), Target: fmt.Sprintf("t%02d \"\\\n", n), Kind: "HTTP", Success: n != 0}))
		i.Count = n + 1
		all = append(all, i)
	}
	l.put("default", all...)
	var got Map
	l.get("/api/insights/map?"+span, &got)
	if len(got.Nodes) != mapped || got.Rest != 101-mapped || len(got.Calls) != mapped-1 {
		t.Fatalf("%d nodes, %d more, %d calls", len(got.Nodes), got.Rest, len(got.Calls))
	}
	if first, second := got.Nodes[1], got.Nodes[2]; !strings.HasPrefix(first.Name, "t00") || first.Bad != 1 || !strings.HasPrefix(second.Name, "t42") {
		t.Errorf("%+v, %+v", first, second)
	}
}
