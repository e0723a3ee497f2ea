package scale

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is the time of a test.
type clock struct {
	now time.Time
	c   *Controller
}

func newClock(p *Plan, l Limits) *clock {
	return &clock{time.Unix(0, 0), NewController(p, l)}
}

// after decides once more when a while has passed.
func (c *clock) after(d time.Duration, samples ...Sample) Decision {
	c.now = c.now.Add(d)
	return c.c.Decide(c.now, samples)
}

func queue(name string, length int64) Sample {
	return Sample{Function: name, Backlog: Backlog{Kind: Queue, Length: length, Target: 16}}
}

func hub(name string, length int64) Sample {
	return Sample{Function: name, Backlog: Backlog{Kind: EventHubs, Length: length, Target: 100, Partitions: 32}}
}

func requests(name string, length int64) Sample {
	return Sample{Function: name, Backlog: Backlog{Kind: HTTP, Length: length, Target: 16}}
}

// counts are the instances of the groups, in words.
func counts(d Decision) string {
	var all []string
	for _, g := range d.Groups {
		all = append(all, fmt.Sprintf("%s %d", g.Group, g.Instances))
	}
	return strings.Join(all, ", ")
}

func want(t *testing.T, d Decision, groups string, reasons ...Reason) {
	t.Helper()
	if got := counts(d); got != groups {
		t.Errorf("%s, want %s", got, groups)
	}
	for i, r := range reasons {
		if got := d.Groups[i].Reason; got != r {
			t.Errorf("%s: reason %d (%s), want %d", d.Groups[i].Group, got, d.Groups[i].Why(), r)
		}
	}
}

// TestOutAndIn: at most four instances at a time and as often as the plan adds any;
// less only when that has been enough for a while, and nothing only after idleness.
func TestOutAndIn(t *testing.T) {
	c := newClock(Consumption(), Limits{})
	want(t, c.after(0, queue("q", 160)), "app 4", OutStep)
	want(t, c.after(29*time.Second, queue("q", 160)), "app 4", Waits)
	want(t, c.after(time.Second, queue("q", 160)), "app 8", OutStep)
	want(t, c.after(30*time.Second, queue("q", 160)), "app 10", Out)
	want(t, c.after(time.Second, queue("q", 20)), "app 10", InWaits)
	want(t, c.after(30*time.Second, queue("q", 160)), "app 10", Stays)
	want(t, c.after(time.Second, queue("q", 20)), "app 10", InWaits)
	want(t, c.after(59*time.Second, queue("q", 20)), "app 10", InWaits)
	want(t, c.after(time.Second, queue("q", 20)), "app 6", InStep)
	want(t, c.after(time.Minute, queue("q", 20)), "app 6", InWaits)
	want(t, c.after(time.Minute, queue("q", 20)), "app 2", In)
	want(t, c.after(time.Second, queue("q", 0)), "app 2", InWaits)
	want(t, c.after(time.Minute, queue("q", 0)), "app 1", Idle)
	want(t, c.after(18*time.Minute, queue("q", 0)), "app 1", Idle)
	want(t, c.after(time.Minute, queue("q", 0)), "app 0", Zero)
	want(t, c.after(time.Minute, queue("q", 0)), "app 0", Stays)
	want(t, c.after(time.Minute, queue("q", 1)), "app 1", Out)
}

// TestVotes: what functions ask for beyond what there is adds up, and who asks for
// more wins over who asks for less; where all ask for less, the greatest counts.
func TestVotes(t *testing.T) {
	c := newClock(Premium(), Limits{})
	want(t, c.after(0, queue("a", 32), queue("b", 48)), "app 4", Out)
	want(t, c.after(10*time.Second, queue("a", 16), queue("b", 96)), "app 6", Out)
	want(t, c.after(2*time.Minute, queue("a", 16), queue("b", 48)), "app 6", InWaits)
	want(t, c.after(time.Minute, queue("a", 16), queue("b", 48)), "app 3", In)
	want(t, c.after(time.Hour, queue("a", 0), queue("b", 0)), "app 3", InWaits)
	want(t, c.after(time.Hour, queue("a", 0), queue("b", 0)), "app 1", In)
	unknown := Sample{Function: "a", Backlog: Backlog{Kind: Queue}, Unknown: "no answer"}
	want(t, c.after(time.Hour, unknown, queue("b", 0)), "app 1", Stays)
}

// TestHold: a hub's function that asked for more asks for no less within three minutes.
func TestHold(t *testing.T) {
	c := newClock(Flex(), Limits{})
	want(t, c.after(0, hub("h", 350)), "function:h 4", Out)
	d := c.after(2*time.Minute, hub("h", 90))
	want(t, d, "function:h 4", Stays)
	if v := d.Groups[0].Votes[0]; v.Need != 1 || v.Wants != 4 || v.Held != time.Minute || !strings.Contains(v.Why(), "asks for 4 for 1m0s longer") {
		t.Errorf("%+v: %s", v, v.Why())
	}
	want(t, c.after(time.Minute, hub("h", 90)), "function:h 4", InWaits)
	want(t, c.after(time.Minute, hub("h", 90)), "function:h 1", In)
}

// TestGroups: in Flex HTTP functions scale as one, blob functions as one, others alone;
// what is always ready is there at once and stays; one limit is shared fairly.
func TestGroups(t *testing.T) {
	c := newClock(Flex(), Limits{Most: 9, AlwaysReady: map[string]int{GroupHTTP: 2, GroupFunction + "h": 1}})
	blob := func(name string, n int64) Sample {
		return Sample{Function: name, Backlog: Backlog{Kind: Blob, Length: n, Target: 8}}
	}
	want(t, c.after(0), "function:h 1, http 2", Stays, Stays)
	want(t, c.after(time.Second, requests("a", 40), requests("b", 20), blob("c", 9), blob("d", 1), queue("q", 100), hub("h", 0)),
		"blob 3, function:h 1, function:q 2, http 3", Out, Stays, AtLimit, Out)
	d := c.after(time.Second, requests("a", 1600), queue("q", 0))
	want(t, d, "blob 3, function:h 1, function:q 2, http 3", InWaits, Stays, InWaits, AtLimit)
	if d.Wanted <= 9 || !strings.Contains(d.Groups[3].Why(), "97 more asked for; the app has at most 9") {
		t.Errorf("%d wanted: %s", d.Wanted, d.Groups[3].Why())
	}
	want(t, c.after(2*time.Minute), "blob 1, function:h 1, function:q 1, http 3", Idle, Stays, Idle, InWaits)
	want(t, c.after(2*time.Minute), "blob 1, function:h 1, function:q 1, http 2", Idle, Stays, Idle, In)
	want(t, c.after(2*time.Minute), "blob 0, function:h 1, function:q 0, http 2", Zero, Stays, Zero, Stays)
}

// TestByHand: Dedicated has the instances that it was given.
func TestByHand(t *testing.T) {
	c := newClock(Dedicated(), Limits{Least: 3})
	d := c.after(0, queue("q", 1600))
	want(t, d, "app 3", ByHand)
	if d.Wanted != 100 {
		t.Errorf("it would need %d", d.Wanted)
	}
}

// TestLaws: whatever comes, no decision adds more than four to a group, none goes
// beyond the limit or below what is always there, and each begins where the last ended.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]*Plan{Consumption(), Flex(), Premium(), Workers()}).Draw(t, "plan")
		most := rapid.IntRange(5, 60).Draw(t, "most")
		l := Limits{Most: most, Least: 2}
		if p.PerFunction {
			l.AlwaysReady = map[string]int{GroupHTTP: 2}
		}
		c := newClock(p, l)
		was := map[string]int{}
		for range rapid.IntRange(1, 40).Draw(t, "decisions") {
			d := c.after(time.Duration(rapid.IntRange(0, 100).Draw(t, "seconds"))*time.Second,
				requests("r", rapid.Int64Range(0, 2000).Draw(t, "requests")), queue("q", rapid.Int64Range(0, 2000).Draw(t, "messages")),
				hub("h", rapid.Int64Range(0, 9000).Draw(t, "events")))
			total := 0
			for _, g := range d.Groups {
				before, known := was[g.Group]
				if known && before != g.Was {
					t.Fatalf("%s began with %d, and ended with %d before", g.Group, g.Was, before)
				}
				if g.Instances > g.Was+4 || g.Instances < g.Least {
					t.Fatalf("%s went from %d to %d", g.Group, g.Was, g.Instances)
				}
				if g.Why() == "" {
					t.Fatalf("%s: no reason", g.Group)
				}
				was[g.Group] = g.Instances
				total += g.Instances
			}
			if total != d.Instances || total > most {
				t.Fatalf("%d instances, %d counted, limit %d", d.Instances, total, most)
			}
		}
	})
}
