package hubs

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

func TestRatesAndLag(t *testing.T) {
	l := newLab(t)
	s, list, one := l.Listen("summary"), l.Listen("hubs"), l.Listen("hub:default/orders") // a stream each: none misses what another skips
	if first := s.Next("summary").(map[string]any); first["name"] != "lab" || first["counts"].(map[string]any)["hubs"] != 1.0 {
		t.Fatalf("first summary: %v", first)
	}
	for range 10 {
		if code, got := l.Do("POST", orders+"/events", `{"body":"{}","key":"a"}`); code != 201 {
			t.Fatalf("send: %d %v", code, got)
		}
	}
	p := broker.PartitionOf("a", 2)
	l.counts.FromHost("shop", func(string) uint64 { return account.ID })(host.Checkpointed{Checkpoint: trigger.Checkpoint{Target: "orders", Group: "$Default", Partition: fmt.Sprint(p), Sequence: 3}})
	row := list.Rows("hubs")["default/Orders"]
	for row["in"] == 0.0 || row["lag"] != 6.0 {
		row = list.Rows("hubs")["default/Orders"]
	}
	if row["total"] != 10.0 || row["kept"] != 10.0 || row["consumers"] != 1.0 || row["behind"] != 0.0 || row["state"] != "ok" || row["name"] != "Orders" || row["ns"] != "default" {
		t.Errorf("row: %v", row)
	}
	for {
		hub := one.Next("hub:default/orders").(map[string]any)
		reader := hub["readers"].([]any)[0].(map[string]any)
		if hub["in"].(float64) == 0 || hub["total"] != 10.0 || reader["lag"] != 6.0 {
			continue
		}
		if reader["group"] != "$Default" || reader["lags"].([]any)[p] != 6.0 || hub["declared"] != true || hub["settings"].(map[string]any)["partitions"] != 2.0 {
			t.Fatalf("hub: %v", hub)
		}
		break
	}
	for s.Next("summary").(map[string]any)["totals"].(map[string]any)["events"] == 0.0 {
	}
	if _, past := l.Do("GET", "/api/history", ""); past["series"].(map[string]any)["hub:default/orders"] == nil {
		t.Errorf("history: %v", past)
	}
}

// TestLagWithoutWhatRetentionDeleted: events that were deleted before they were
// read are not behind, they are gone; who has read nothing counts from the first
// that is kept.
func TestLagWithoutWhatRetentionDeleted(t *testing.T) {
	for _, tc := range []struct {
		next  int64
		known bool
		want  int64
	}{{0, false, 50}, {4, true, 50}, {99, true, 50}, {100, true, 50}, {101, true, 49}, {150, true, 0}, {160, true, 0}} {
		var b Behind
		b.measure([]broker.PartitionInfo{{BeginSequence: 100, LastSequence: 149}, {LastSequence: -1}}, func(p int) (int64, bool) { return tc.next, tc.known && p == 0 })
		if b.Lag != tc.want || b.Partitions[0] != tc.want || b.Partitions[1] != 0 || b.Seen != tc.known {
			t.Errorf("next %d (%v): %+v, want %d behind", tc.next, tc.known, b, tc.want)
		}
	}
}

// TestConsumers: functions, jobs and groups, also those that never read.
func TestConsumers(t *testing.T) {
	l := newLab(t)
	h := l.ensure("wide", 3, "archive", "lake")
	for i := range 9 {
		put(t, h, i%3, "", eventdata.Message{Body: []byte("x")})
	}
	l.consumers = append(l.consumers,
		Consumer{Kind: Job, Name: "solar", Namespace: account.ID, Hub: "WIDE", Group: "$Default", Next: func(p int) (int64, bool) { return 2, p == 1 }},
		Consumer{Kind: Function, App: "shop", Name: "off", Namespace: account.ID, Hub: "wide", Group: "ARCHIVE", Off: true})
	address := eventhubs.Address{Hub: "wide", Group: "lake", Partition: "2"}
	l.counts.FromEventHubs(eventhubs.LinkOpened{Namespace: account.ID, Address: address, Next: 1})
	l.counts.FromEventHubs(eventhubs.Delivered{Namespace: account.ID, Hub: "wide", Group: "lake", Partition: 2, Count: 1, Last: 1})
	p := page{Config: Config{Counts: l.counts, Consumers: func() []Consumer { return l.consumers }}}
	got := ""
	for _, b := range p.consumers(h, infos(h), p.readers()) {
		got += fmt.Sprintln(b.Kind, b.Name, b.Group, b.Partitions, b.Lag, "seen", b.Seen, "reads", b.reads, "counts", b.counts())
	}
	want := `job solar $Default [3 1 3] 7 seen true reads true counts true
function off ARCHIVE [3 3 3] 9 seen false reads false counts true
client lake lake [3 3 1] 7 seen true reads true counts true
`
	if got != want {
		t.Errorf("consumers:\n%swant\n%s", got, want)
	}
	l.counts.FromEventHubs(eventhubs.LinkClosed{Namespace: account.ID, Address: address})
	for _, b := range p.consumers(h, infos(h), p.readers()) {
		if b.Name == "lake" && (b.reads || !b.Seen || !b.gone()) {
			t.Errorf("after its link was closed: %+v", b)
		}
		var row Row
		if row.add([]Behind{b}); b.Name == "lake" && row.Lag != 0 {
			t.Errorf("the hub is behind by %d for a reader that has left", row.Lag)
		}
	}
	orders, err := l.b.Namespace(account.ID).Hub("orders")
	must(t, err)
	for _, b := range p.consumers(orders, infos(orders), nil) {
		if b.Name == "$Default" && b.counts() {
			t.Error("the group that nobody made and nobody uses counts as behind")
		}
	}
}

// TestWaiting: a client's lag is the hub's, and nothing that waits.
func TestWaiting(t *testing.T) {
	var row Row
	row.add([]Behind{{Kind: Client, Group: "nobody", Lag: 900}}) // it has never read
	row.add([]Behind{{Kind: Client, Seen: true, Lag: 80, reads: true}, {Kind: "function", Seen: true, Lag: 3}, {Kind: "job", Seen: true, Lag: 7}})
	if row.Lag != 80 || row.Waiting != 7 {
		t.Errorf("lag %d, waiting %d; want 80, 7", row.Lag, row.Waiting)
	}
}

// TestGrowingLag: only one that grew for a minute, without a step back.
func TestGrowingLag(t *testing.T) {
	at := time.Unix(0, 0)
	run := func(lags ...int64) (grown bool) {
		p := pace{map[string]*climb{}}
		for _, lag := range lags {
			for range 5 {
				grown = p.growing("c", lag, at)
				at = at.Add(time.Second)
			}
		}
		at = at.Add(time.Hour)
		return grown
	}
	up := []int64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120}
	if !run(up...) {
		t.Error("a lag that grew for a minute does not count as growing")
	}
	if run(up[:12]...) || run(append([]int64{130}, up[1:]...)...) || run(make([]int64, 20)...) || run(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) {
		t.Error("a lag counts as growing too early")
	}
}

func TestSparks(t *testing.T) {
	var s sparks
	hub, at := hubName{7, "h"}, time.Unix(1_800_000_000, 0)
	for i := range 400 {
		s.add(hub, int64(i*2), at.Add(time.Duration(i)*time.Second))
	}
	got := s.of(hub)
	if len(got) != 24 || got[0] != 24 || got[23] != 24 {
		t.Errorf("after 400 s of 2 events: %v", got)
	}
	s.add(hub, 798, at.Add(time.Hour))
	if got := s.of(hub); len(got) != 0 || len(s.of(hubName{7, "none"})) != 0 {
		t.Errorf("after an hour without events: %v", got)
	}
}

// TestAHubThatIsNotThere is told as null, and comes when it is made.
func TestAHubThatIsNotThere(t *testing.T) {
	l := newLab(t)
	for _, topic := range []string{"hub:default/none", "hub:other/orders", "hub:orders"} {
		if got := l.Listen(topic).Next(topic); got != nil {
			t.Errorf("%s: %v", topic, got)
		}
	}
}
