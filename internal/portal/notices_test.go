package portal

import (
	"fmt"
	"testing"
	"time"
)

// TestNotices: a trouble is told once for as long as it lasts, stays for an
// hour when it is over, and counts when it comes again.
func TestNotices(t *testing.T) {
	var n Notices
	now := time.Unix(1000, 0)
	bad := Trouble{Kind: "build-failed", Subject: "app", Detail: "main.go:3:1", To: "/functions/app", State: "bad"}
	look := func(after time.Duration, troubles ...Trouble) []Notice {
		now = now.Add(after)
		n.look(now, troubles)
		return n.list(now).Notices
	}
	first := look(0, bad)
	if len(first) != 1 || first[0].Count != 1 || first[0].Over || first[0].First != 1_000_000 {
		t.Fatalf("it begins: %+v", first)
	}
	if still := look(time.Second, bad); fmt.Sprint(still) != fmt.Sprint(first) {
		t.Errorf("it lasts, so nothing is new: %+v", still)
	}
	bad.Count = 5
	if more := look(time.Second, bad); more[0].Count != 5 || more[0].Last != 1_002_000 {
		t.Errorf("it became more: %+v", more)
	}
	if over := look(time.Second); len(over) != 1 || !over[0].Over {
		t.Errorf("it is over: %+v", over)
	}
	if again := look(time.Second, bad); again[0].Over || again[0].Count != 6 || again[0].First != 1_000_000 {
		t.Errorf("it comes again: %+v", again)
	}
	look(time.Second)
	if gone := look(keptNotice + time.Second); len(gone) != 0 {
		t.Errorf("after an hour: %+v", gone)
	}
}

func TestNoticesAreBounded(t *testing.T) {
	var n Notices
	now := time.Unix(1000, 0)
	var all []Trouble
	for i := range maxNotices + 312 {
		all = append(all, Trouble{Kind: "function-failing", Subject: fmt.Sprint(i), State: "bad"})
	}
	n.look(now, all)
	if got := n.list(now); len(got.Notices) != maxNotices || got.More != 312 {
		t.Errorf("%d and %d more", len(got.Notices), got.More)
	}
	n.look(now, nil)
	n.Raise(Trouble{Kind: "dropped", Subject: "one more", State: "warn"})
	if got := n.list(now); len(got.Notices) != maxNotices || got.More != 0 {
		t.Errorf("a new one takes the place of one that is over: %d and %d more", len(got.Notices), got.More)
	}
}

func TestMutedNotices(t *testing.T) {
	var n Notices
	now := time.Unix(1000, 0)
	n.look(now, []Trouble{{Kind: "disk-low", Subject: "/", State: "warn"}})
	if err := n.mute("disk-low/other", now.Add(time.Hour), now); err == nil {
		t.Error("a notice that there is not was muted")
	}
	if err := n.mute("disk-low//", now.Add(time.Hour), now); err != nil {
		t.Fatal(err)
	}
	if !n.list(now).Notices[0].Muted || n.list(now.Add(2 * time.Hour)).Notices[0].Muted {
		t.Error("muted for an hour, not for less or more")
	}
}

// TestRanks holds what names are found by, best first.
func TestRanks(t *testing.T) {
	for _, c := range []struct {
		name, q string
		want    int
	}{
		{"orders", "", 1},
		{"orders", "orders", 1},
		{"db/orders", "orders", 1},
		{"orders_eu", "orders", 2},
		{"db/orders_eu", "orders", 2},
		{"all_orders", "orders", 3},
		{"telemetry_events", "tevs", 4},
		{"당진_발전소", "발전", 3},
		{"당진_발전소", "ㄷㅈ", 3},
		{"orders", "x", 0},
		{"orders", "sredro", 0},
	} {
		if got := rankOf(c.name, c.q); got != c.want {
			t.Errorf("%q for %q: %d, want %d", c.name, c.q, got, c.want)
		}
	}
}
