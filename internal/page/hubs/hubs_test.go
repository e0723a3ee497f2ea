package hubs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a broker in memory. Function ingest reads hub Orders.
type lab struct {
	*portaltest.Lab
	counts *telemetry.Counts
}

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	l := &lab{counts: telemetry.New()}
	b, err := broker.Open(broker.Options{FS: vfs.NewMem(), Dir: "hubs", Log: testkit.Discard(), Events: l.counts.FromBroker})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Namespace(namespace).EnsureHub(broker.HubConfig{Name: "Orders", Partitions: 2, Retention: time.Hour}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-end; err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	l.Lab = portaltest.Serve(t, nil, Pages(Config{
		Namespace: namespace, Hubs: b.Namespace(namespace), Counts: l.counts,
		Consumers: func() []Consumer { return []Consumer{{"shop", "ingest", "orders", "$Default"}} },
	})...)
	return l
}

const namespace = 7

func TestRatesAndLag(t *testing.T) {
	l := newLab(t)
	s, list, one := l.Listen("summary"), l.Listen("hubs"), l.Listen("hub:orders") // a stream each: none misses what another skips
	if first := s.Next("summary").(map[string]any); first["name"] != "lab" || first["counts"].(map[string]any)["hubs"] != 1.0 {
		t.Fatalf("first summary: %v", first)
	}
	for range 10 {
		if code, got := l.Do("POST", "/api/hubs/Orders/events", `{"body":"{}","key":"a"}`); code != 201 {
			t.Fatalf("send: %d %v", code, got)
		}
	}
	p := broker.PartitionOf("a", 2)
	l.counts.FromHost("shop", namespace)(host.Checkpointed{Checkpoint: trigger.Checkpoint{Target: "orders", Group: "$Default", Partition: fmt.Sprint(p), Sequence: 3}})
	l.counts.FromCosmos(cosmos.RequestDone{Status: 200, Charge: 2.5})
	row := list.Rows("hubs")["Orders"]
	for row["events"] == 0.0 || row["lag"] != 6.0 {
		row = list.Rows("hubs")["Orders"]
	}
	if row["total"] != 10.0 || row["stored"] != 10.0 || row["consumers"] != 1.0 || row["late"] != false {
		t.Errorf("row: %v", row)
	}
	for {
		hub := one.Next("hub:orders").(map[string]any)
		consumer := hub["consumers"].([]any)[0].(map[string]any)
		if hub["events"].(float64) == 0 || hub["total"] != 10.0 || consumer["lag"] != 6.0 {
			continue
		}
		if consumer["group"] != "$Default" || hub["total"] != 10.0 || consumer["partitions"].([]any)[p] != 6.0 {
			t.Fatalf("hub: %v", hub)
		}
		break
	}
	l.counts.Delivered(namespace, "orders", "$default", 1) // as a client's link may write it
	for {
		readers := one.Next("hub:orders").(map[string]any)["readers"].([]any)
		if len(readers) == 0 {
			continue
		}
		if group := readers[0].(map[string]any)["group"]; group != "$Default" {
			t.Errorf("clients read through %v, which is declared as $Default", group)
		}
		break
	}
	for s.Next("summary").(map[string]any)["totals"].(map[string]any)["events"] == 0.0 {
	}
	if _, past := l.Do("GET", "/api/history", ""); past["series"].(map[string]any)["hub:orders"] == nil {
		t.Errorf("history: %v", past)
	}
}

// TestLagWithoutWhatRetentionDeleted: events that were deleted before they were
// read are not behind, they are gone.
func TestLagWithoutWhatRetentionDeleted(t *testing.T) {
	kept := broker.PartitionInfo{BeginSequence: 100, LastSequence: 149}
	for _, tc := range []struct {
		done int64
		any  bool
		want int64
	}{{0, false, 50}, {3, true, 50}, {98, true, 50}, {99, true, 50}, {100, true, 49}, {149, true, 0}, {160, true, 0}} {
		if got := lag(kept, tc.done, tc.any); got != tc.want {
			t.Errorf("processed up to %d (%v): %d behind, want %d", tc.done, tc.any, got, tc.want)
		}
	}
	if got := lag(broker.PartitionInfo{LastSequence: -1}, 0, false); got != 0 {
		t.Errorf("an empty partition: %d behind", got)
	}
}

func TestPeek(t *testing.T) {
	l := newLab(t)
	p := broker.PartitionOf("a", 2)
	for i := range 5 {
		if code, got := l.Do("POST", "/api/hubs/orders/events", fmt.Sprintf(`{"body":"e%d","key":"a"}`, i)); code != 201 || got["partition"] != float64(p) {
			t.Fatalf("send: %d %v", code, got)
		}
	}
	base := fmt.Sprintf("/api/hubs/Orders/partitions/%d/events", p)
	for query, want := range map[string]string{
		"?count=2": "e4 e3", "?count=2&before=3": "e2 e1", "?count=50": "e4 e3 e2 e1 e0", "?before=0": "", "?count=1&before=99": "e4",
	} {
		_, got := l.Do("GET", base+query, "")
		var bodies []string
		for _, e := range got[""].([]any) {
			bodies = append(bodies, e.(map[string]any)["body"].(string))
		}
		if have := strings.Join(bodies, " "); have != want {
			t.Errorf("%s: %q, want %q", query, have, want)
		}
	}
	for path, want := range map[string]int{
		base + "?count=x": 400, "/api/hubs/none/partitions/0/events": 404, "/api/hubs/Orders/partitions/9/events": 404,
	} {
		if code, got := l.Do("GET", path, ""); code != want || got["error"] == "" {
			t.Errorf("%s: %d %v, want %d", path, code, got, want)
		}
	}
}

// TestAHubThatIsNotThere is told as null, and comes when it is made.
func TestAHubThatIsNotThere(t *testing.T) {
	l := newLab(t)
	if got := l.Listen("hub:none").Next("hub:none"); got != nil {
		t.Errorf("a hub that is not there: %v", got)
	}
}
