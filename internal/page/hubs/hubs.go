// Package hubs is the portal's page of event hubs: the list, what is in each
// partition and who is how far behind, and the ways to look at events and to send
// one.
package hubs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Hubs are the hubs of a namespace.
type Hubs interface {
	Hub(name string) (*broker.Hub, error)
	Hubs() []*broker.Hub
}

// Consumer is a function that reads a hub through a consumer group.
type Consumer struct{ App, Function, Hub, Group string }

// Config is what the page shows.
type Config struct {
	Namespace uint64 // id of the account
	Hubs      Hubs
	Counts    *telemetry.Counts
	Consumers func() []Consumer
}

type page struct{ Config }

// lagWarning is the lag from which on a reader is marked: more than a second of
// a busy hub.
const lagWarning = 10_000

// Pages returns the page.
func Pages(c Config) []portal.Page {
	p := page{c}
	return []portal.Page{{
		Kind: "hubs", Item: "hub",
		Rows: p.rows, Detail: p.detail, Count: func() int { return len(c.Hubs.Hubs()) },
		Totals: func(add func(string, int64)) {
			c.Counts.Hubs(c.Namespace, func(_ string, h *telemetry.Hub) { add("events", h.Events.Load()) })
		},
		Series: func(add func(string, int64)) {
			c.Counts.Hubs(c.Namespace, func(name string, h *telemetry.Hub) { add("hub:"+name, h.Events.Load()) })
		},
		Levels: func(set func(string, int64)) { set("connections", c.Counts.Connections.Load()) },
		Routes: []portal.Route{
			{Pattern: "GET /api/hubs/{hub}/partitions/{partition}/events", Serve: p.peekEvents},
			{Pattern: "POST /api/hubs/{hub}/events", Serve: p.sendEvent},
		},
	}}
}

// Row is a hub in the list.
type Row struct {
	ID        string  `json:"id"` // its name
	Events    float64 `json:"events"`
	Total     int64   `json:"total"`  // events since the start of the process
	Stored    int64   `json:"stored"` // events kept
	Consumers int     `json:"consumers"`
	Lag       int64   `json:"lag"`  // of the consumer that is furthest behind
	Late      bool    `json:"late"` // that is worth a warning
}

// Detail is an event hub: the topic "hub:NAME". Rates are per second, over the
// last four seconds.
type Detail struct {
	Name       string      `json:"name"`
	Retention  float64     `json:"retentionHours"` // 0: for ever
	Groups     []string    `json:"groups"`
	Events     float64     `json:"events"` // rate
	Bytes      float64     `json:"bytes"`  // rate
	Total      int64       `json:"total"`  // events since the start of the process
	Stored     int64       `json:"stored"` // events kept
	Size       int64       `json:"size"`   // bytes on disk
	Partitions []Partition `json:"partitions"`
	Readers    []Reader    `json:"readers"`
	Consumers  []Behind    `json:"consumers"`
}

// Partition is a partition of a hub.
type Partition struct {
	ID     int     `json:"id"`
	Begin  int64   `json:"begin"`  // oldest sequence number kept
	Last   int64   `json:"last"`   // newest, or -1
	LastAt int64   `json:"lastAt"` // unix milliseconds; 0 before the first
	Size   int64   `json:"size"`
	Events float64 `json:"events"` // rate
}

// Reader is what clients of a consumer group read.
type Reader struct {
	Group  string  `json:"group"`
	Events float64 `json:"events"` // rate
	LastAt int64   `json:"lastAt"`
}

// Behind is a function that reads the hub, by its checkpoints.
type Behind struct {
	App        string  `json:"app"`
	Function   string  `json:"function"`
	Group      string  `json:"group"`
	Lag        int64   `json:"lag"` // events stored and not yet processed, all partitions
	Late       bool    `json:"late"`
	Partitions []int64 `json:"partitions"`
}

func (p page) rows(r *portal.Rates) []portal.Row {
	all := p.Consumers()
	rows := []portal.Row{}
	for _, h := range p.Hubs.Hubs() {
		c := p.Counts.Hub(p.Namespace, h.Name())
		row := Row{ID: h.Name(), Total: c.Events.Load()}
		row.Events = r.Of(key(h)+"/events", row.Total)
		infos := infos(h)
		for _, info := range infos {
			row.Stored += info.LastSequence + 1 - info.BeginSequence
		}
		for _, consumer := range p.behind(h, infos, all) {
			row.Consumers++
			row.Lag = max(row.Lag, consumer.Lag)
		}
		row.Late = row.Lag > lagWarning
		rows = append(rows, portal.Row{ID: row.ID, Value: row})
	}
	return rows
}

func key(h *broker.Hub) string { return "hub/" + h.Name() }

// infos reads the ends of all partitions.
func infos(h *broker.Hub) []broker.PartitionInfo {
	all := make([]broker.PartitionInfo, 0, h.PartitionCount())
	for i := range h.PartitionCount() {
		part, err := h.Partition(i)
		if err != nil {
			break // the hub was deleted between two calls
		}
		all = append(all, part.Info())
	}
	return all
}

func (p page) detail(name string, r *portal.Rates) (any, error) {
	h, err := p.Hubs.Hub(name)
	if err != nil {
		return nil, err
	}
	c := p.Counts.Hub(p.Namespace, h.Name())
	d := Detail{
		Name: h.Name(), Retention: h.Retention().Hours(), Groups: h.ConsumerGroups(),
		Events: r.Of(key(h)+"/events", c.Events.Load()), Bytes: r.Of(key(h)+"/bytes", c.Bytes.Load()),
		Total: c.Events.Load(), Partitions: []Partition{}, Readers: []Reader{},
	}
	infos := infos(h)
	for i, info := range infos {
		d.Stored += info.LastSequence + 1 - info.BeginSequence
		d.Size += info.Bytes
		part := Partition{
			ID: i, Begin: info.BeginSequence, Last: info.LastSequence, Size: info.Bytes,
			Events: r.Of(key(h)+"/"+strconv.Itoa(i), c.Partition(i).Load()),
		}
		if !info.LastEnqueued.IsZero() {
			part.LastAt = info.LastEnqueued.UnixMilli()
		}
		d.Partitions = append(d.Partitions, part)
	}
	p.Counts.Readers(p.Namespace, h.Name(), func(group string, n *telemetry.Reader) {
		d.Readers = append(d.Readers, Reader{named(group, d.Groups), r.Of(key(h)+"/reader/"+group, n.Events.Load()), n.LastAt.Load()})
	})
	slices.SortFunc(d.Readers, func(a, b Reader) int { return strings.Compare(a.Group, b.Group) })
	d.Consumers = p.behind(h, infos, p.Consumers())
	return d, nil
}

// named is the group as it was declared: clients write it in any case.
func named(group string, declared []string) string {
	for _, g := range declared {
		if strings.EqualFold(g, group) {
			return g
		}
	}
	return group // removed since
}

// behind says how far each function that reads the hub is behind.
func (p page) behind(h *broker.Hub, infos []broker.PartitionInfo, all []Consumer) []Behind {
	out := []Behind{}
	for _, c := range all {
		if !strings.EqualFold(c.Hub, h.Name()) {
			continue
		}
		b := Behind{App: c.App, Function: c.Function, Group: c.Group, Partitions: []int64{}}
		for i, info := range infos {
			done, ok := p.Counts.Mark(p.Namespace, h.Name(), c.Group, i)
			n := lag(info, done, ok)
			b.Lag += n
			b.Partitions = append(b.Partitions, n)
		}
		b.Late = b.Lag > lagWarning
		out = append(out, b)
	}
	return out
}

// lag is how many of the events that are kept a group has still to process. done
// is the last one that it has, if it has any. What retention deleted before it
// was read is lost, not late: nobody will ever process it.
func lag(info broker.PartitionInfo, done int64, any bool) int64 {
	if floor := info.BeginSequence - 1; !any || done < floor {
		done = floor
	}
	return max(0, info.LastSequence-done)
}
