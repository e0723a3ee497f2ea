package hubs

import (
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// The kinds of consumers.
const (
	Function = "function"
	Job      = "job"
	Client   = "client" // whoever reads through a consumer group from outside
)

// Consumer is a function or a job that reads a hub through a consumer group.
type Consumer struct {
	Kind       string
	App, Name  string // App is of a function
	Namespace  uint64 // id of the account
	Hub, Group string
	Off        bool // it is stopped or disabled

	// Next is the sequence number that it processes next, when that is known; nil
	// asks Counts for the checkpoints of the group.
	Next func(partition int) (int64, bool)
	// Run finds the run that had an event; nil where nobody knows.
	Run func(partition int, sequence int64) (Run, bool)
}

// Run is a run of a function that had an event.
type Run struct {
	ID         string  `json:"id"`
	At         int64   `json:"at"` // unix milliseconds
	DurationMs float64 `json:"durationMs"`
	Error      string  `json:"error,omitempty"`
	Retry      int     `json:"retry"`
	Running    bool    `json:"running"`
}

// The states of hubs and consumers.
const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateOff  = "off"
)

// lagWarning is the lag from which on a consumer is marked: more than a second of
// a busy hub.
const lagWarning = 10_000

// Behind is a consumer of a hub. What it has not said to have read counts from
// the first event that is kept.
type Behind struct {
	ID         string  `json:"id"`
	Kind       string  `json:"kind"` // function, job, client
	App        string  `json:"app,omitempty"`
	Name       string  `json:"name"` // of a client, the group
	Group      string  `json:"group"`
	State      string  `json:"state"`    // ok, warn: behind, off: it does not read now
	Growing    bool    `json:"growing"`  // the lag has grown for a minute
	Seen       bool    `json:"seen"`     // it has read, or has a position from before
	Links      int64   `json:"links"`    // of clients, open now
	Out        float64 `json:"out"`      // rate
	LastAt     int64   `json:"lastAt"`   // of clients: when they were given events last; 0 is not since the start
	Lag        int64   `json:"lag"`      // of all partitions
	Partitions []int64 `json:"lags"`     // of each
	Next       []int64 `json:"position"` // of each: the sequence number that comes next

	reads bool // it does so now
}

// counts reports whether the lag is one that the hub's row tells: not that of the
// group that every hub has and nobody uses.
func (b *Behind) counts() bool {
	return b.Seen || b.Kind != Client || b.Group != broker.DefaultGroup
}

// gone reports whether it is a group that no client reads now: where one will begin
// or go on only it knows, so nobody is behind.
func (b *Behind) gone() bool { return b.Kind == Client && !b.reads }

// readers are the functions and jobs of all hubs, by hub.
func (p *page) readers() map[hubName][]Consumer {
	all := map[hubName][]Consumer{}
	for _, c := range p.Consumers() {
		name := hubName{c.Namespace, strings.ToLower(c.Hub)}
		all[name] = append(all[name], c)
	}
	return all
}

// hubName is how a hub is found among others; its name is in lower case.
type hubName struct {
	namespace uint64
	name      string
}

// consumers says how far everybody who reads a hub is behind: functions, jobs,
// then the groups that neither reads through.
func (p *page) consumers(h *broker.Hub, infos []broker.PartitionInfo, readers map[hubName][]Consumer) []Behind {
	out := []Behind{}
	taken := map[string]bool{}
	for _, c := range readers[hubName{h.Namespace(), strings.ToLower(h.Name())}] {
		taken[strings.ToLower(c.Group)] = true
		b := Behind{ID: c.id(), Kind: c.Kind, App: c.App, Name: c.Name, Group: c.Group, Seen: c.Kind == Job, reads: !c.Off}
		b.measure(infos, c.next(p.Counts, h))
		out = append(out, b)
	}
	groups := map[string]*telemetry.Reader{}
	p.Counts.Readers(h.Namespace(), h.Name(), func(group string, n *telemetry.Reader) { groups[group] = n })
	for _, name := range h.ConsumerGroups() {
		n := groups[strings.ToLower(name)]
		if n != nil && n.Links.Load() == 0 && taken[strings.ToLower(name)] || n == nil && taken[strings.ToLower(name)] {
			continue // its reader is one of those above
		}
		b := Behind{ID: Client + "/" + strings.ToLower(name), Kind: Client, Name: name, Group: name}
		next := func(int) (int64, bool) { return 0, false }
		if n != nil {
			next, b.Links, b.LastAt = n.Next, n.Links.Load(), n.LastAt.Load()
			b.reads = b.Links > 0
		}
		b.measure(infos, next)
		out = append(out, b)
	}
	return out
}

func (c *Consumer) id() string { return strings.Join([]string{c.Kind, c.App, c.Name, c.Group}, "/") }

// next is how a consumer's position in a partition is found.
func (c *Consumer) next(counts *telemetry.Counts, h *broker.Hub) func(int) (int64, bool) {
	if c.Next != nil {
		return c.Next
	}
	return func(partition int) (int64, bool) {
		done, ok := counts.Mark(h.Namespace(), h.Name(), c.Group, partition)
		return done + 1, ok
	}
}

// measure fills the lags.
func (b *Behind) measure(infos []broker.PartitionInfo, next func(int) (int64, bool)) {
	b.Partitions, b.Next = make([]int64, len(infos)), make([]int64, len(infos))
	for i, info := range infos {
		at, known := next(i)
		b.Seen = b.Seen || known
		b.Next[i] = info.BeginSequence
		if known {
			b.Next[i] = max(at, info.BeginSequence) // what retention deleted unread is lost, not late
		}
		b.Partitions[i] = max(0, info.LastSequence+1-b.Next[i])
		b.Lag += b.Partitions[i]
	}
}

// judged is consumers with states and rates.
func (p *page) judged(h *broker.Hub, infos []broker.PartitionInfo, readers map[hubName][]Consumer, r *portal.Rates, now time.Time) []Behind {
	all := p.consumers(h, infos, readers)
	for i := range all {
		b := &all[i]
		id := key(h) + "/" + b.ID
		if b.Seen {
			var sum int64
			for _, n := range b.Next {
				sum += n
			}
			b.Out = r.Of(id, sum)
		}
		b.Growing = p.pace.growing(id, b.Lag, now) && b.reads
		switch {
		case !b.reads:
			b.State = stateOff
		case b.Growing || b.Lag > lagWarning:
			b.State = stateWarn
		default:
			b.State = stateOK
		}
	}
	return all
}

// pace remembers how lags went, to tell one that grows from one that is worked
// off. It is used by one goroutine at a time, under the lock of the rates.
type pace struct{ of map[string]*climb }

const (
	paceEvery   = 5 * time.Second
	paceSamples = 13 // a minute
	paceFloor   = 100
)

// climb is a consumer's lag, a sample each five seconds.
type climb struct {
	at   time.Time // of the last
	lags []int64   // oldest first
}

// growing notes a lag, and reports whether it has only grown for a minute.
func (p *pace) growing(id string, lag int64, now time.Time) bool {
	c := p.of[id]
	if c == nil || now.Sub(c.at) > 3*paceEvery { // nobody looked
		c = &climb{}
		p.of[id] = c
		p.forget(now)
	}
	if now.Sub(c.at) >= paceEvery {
		c.at = now
		c.lags = append(c.lags, lag)
		c.lags = c.lags[max(0, len(c.lags)-paceSamples):]
	}
	n := len(c.lags)
	return n == paceSamples && slices.IsSorted(c.lags) && c.lags[n-1] > c.lags[0] && c.lags[n-1] >= paceFloor
}

// forget drops what nobody asked for.
func (p *pace) forget(now time.Time) {
	for id, c := range p.of {
		if len(c.lags) > 0 && now.Sub(c.at) > time.Minute {
			delete(p.of, id)
		}
	}
}
