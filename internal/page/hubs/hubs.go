// Package hubs is the portal's page of event hubs: the list, what is in each
// partition and who is how far behind, and the ways to search events, to follow
// them, to send some, and to make and change hubs.
//
// A hub's id is NAMESPACE/HUB: of its row, behind "hub:" of its topic and of its
// history, and in its addresses, /api/hubs/NAMESPACE/HUB/….
package hubs

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Config is what the page shows. All fields are required.
type Config struct {
	Broker     *broker.Broker
	Namespaces func() []resource.Account
	Counts     *telemetry.Counts
	Consumers  func() []Consumer // functions and jobs; the groups of other clients are known from Counts
	Tasks      *portal.Tasks     // carries out what takes long
	Changes    Changes
}

// Changes make, change and delete. Each is durable when it returns.
type Changes struct {
	Create func(ctx context.Context, id resource.ID, s Settings) error // fault.Conflict when there is one
	Update func(ctx context.Context, id resource.ID, s Settings) error
	Ensure func(ctx context.Context, id resource.ID) error // a consumer group
	Remove func(ctx context.Context, id resource.ID) error // a hub, or a consumer group
	// Declared reports whether the project file names the hub: what it says
	// holds again after the next start.
	Declared func(id resource.ID) bool
}

// Settings are what can be chosen of a hub.
type Settings struct {
	Partitions     int      `json:"partitions"`     // may grow, never shrink; 0 leaves them
	RetentionHours float64  `json:"retentionHours"` // 0: for ever
	RetentionMiB   int64    `json:"retentionMiB"`   // of a partition; 0: no limit
	Groups         []string `json:"groups"`         // beside $Default; added, never removed
}

type page struct {
	Config
	sparks   sparks
	pace     pace
	searches chan struct{} // a place each
	tails    chan struct{}
}

// Pages returns the page.
func Pages(c Config) []portal.Page {
	p := &page{Config: c, searches: make(chan struct{}, maxSearches), tails: make(chan struct{}, maxTails)}
	p.pace.of = map[string]*climb{}
	return []portal.Page{{
		Kind: "hubs", Item: "hub", Rows: p.rows, Detail: p.detail, Count: p.count, Totals: p.totals, Series: p.series, Metrics: p.metrics,
		Levels: func(set func(string, int64)) { set("connections", c.Counts.Connections.Load()) },
		Routes: p.routes(),
	}}
}

func (p *page) count() (n int) {
	for _, account := range p.Namespaces() {
		n += len(p.Broker.Namespace(account.ID).Hubs())
	}
	return n
}

func (p *page) totals(add func(string, int64)) {
	for _, account := range p.Namespaces() {
		p.Counts.Hubs(account.ID, func(_ string, h *telemetry.Hub) { add("events", h.Events.Load()) })
	}
}

func (p *page) series(add func(string, int64)) {
	now := time.Now()
	for _, account := range p.Namespaces() {
		p.Counts.Hubs(account.ID, func(name string, h *telemetry.Hub) {
			total := h.Events.Load()
			add("hub:"+account.Name+"/"+name, total)
			p.sparks.add(hubName{account.ID, name}, total, now)
		})
	}
}

func (p *page) routes() []portal.Route {
	const hub = "/api/hubs/{namespace}/{hub}"
	return []portal.Route{
		{Pattern: "GET /api/hubs", Serve: p.listNamespaces},
		{Pattern: "POST /api/hubs/{namespace}", Serve: p.createHub},
		{Pattern: "PUT " + hub, Serve: p.updateHub},
		{Pattern: "DELETE " + hub, Serve: p.deleteHub},
		{Pattern: "POST " + hub + "/groups", Serve: p.addGroup},
		{Pattern: "DELETE " + hub + "/groups/{group}", Serve: p.removeGroup},
		{Pattern: "POST " + hub + "/events:search", Serve: p.searchEvents},
		{Pattern: "POST " + hub + "/events:replay", Serve: p.replayEvents},
		{Pattern: "POST " + hub + "/events:tail", Serve: p.tailEvents},
		{Pattern: "GET " + hub + "/events:count", Serve: p.countEvents},
		{Pattern: "POST " + hub + "/events", Serve: p.sendEvents},
		{Pattern: "GET " + hub + "/partitions/{partition}/events/{sequence}", Serve: p.getEvent},
		{Pattern: "POST " + hub + "/partitions/{partition}/events/{sequence}/again", Serve: p.sendAgain},
	}
}

// target is a hub that a request or a topic names.
type target struct {
	account resource.Account
	hub     *broker.Hub
}

// id is the hub as a resource.
func (t target) id() resource.ID {
	return resource.ID{Account: t.account, Type: resource.Hubs, Name: t.hub.Name()}
}

// group is a consumer group of it.
func (t target) group(name string) resource.ID {
	return resource.ID{Account: t.account, Type: resource.ConsumerGroups, Name: t.hub.Name() + "/" + name}
}

// address is the hub's page.
func (t target) address() string {
	return "/hubs/" + url.PathEscape(t.account.Name) + "/" + url.PathEscape(t.hub.Name())
}

// target finds the hub of a request.
func (p *page) target(r *http.Request) (target, error) {
	return p.find(r.PathValue("namespace"), r.PathValue("hub"))
}

func (p *page) find(namespace, hub string) (t target, err error) {
	if t.account, err = p.namespace(namespace); err == nil {
		t.hub, err = p.Broker.Namespace(t.account.ID).Hub(hub)
	}
	return t, err
}

func (p *page) namespace(name string) (resource.Account, error) {
	for _, account := range p.Namespaces() {
		if strings.EqualFold(account.Name, name) {
			return account, nil
		}
	}
	return resource.Account{}, fault.New(fault.NotFound, "namespace "+name, "it does not exist")
}

// Row is a hub in the list. Rates are per second, over the last four seconds.
type Row struct {
	ID         string  `json:"id"` // NAMESPACE/HUB
	Namespace  string  `json:"ns"`
	Name       string  `json:"name"`
	State      string  `json:"state"` // ok, warn: a consumer is behind, off: nothing came for ten minutes
	In         float64 `json:"in"`    // rate
	Out        float64 `json:"out"`   // rate, of all consumers
	Total      int64   `json:"total"` // events since the start of the process
	Kept       int64   `json:"kept"`  // events
	Size       int64   `json:"size"`  // bytes on disk
	LastAt     int64   `json:"lastAt"`
	Partitions int     `json:"partitions"`
	Consumers  int     `json:"consumers"`
	Behind     int     `json:"behind"` // consumers that are
	Lag        int64   `json:"lag"`    // of the consumer that is furthest behind
	Waiting    int64   `json:"-"`      // the same of functions and jobs: a client that left waits for nothing
	Spark      []int   `json:"spark"`  // events in the last 24 buckets of 12 seconds, oldest first; [] for none
}

// idleAfter is when a hub without events is no active one any more.
const idleAfter = 10 * time.Minute

func (p *page) rows(r *portal.Rates) []portal.Row {
	now := time.Now()
	readers := p.readers()
	rows := []portal.Row{}
	for _, account := range p.Namespaces() {
		for _, h := range p.Broker.Namespace(account.ID).Hubs() {
			infos := infos(h)
			row := p.row(target{account, h}, infos, r)
			row.add(p.judged(h, infos, readers, r, now))
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		}
	}
	return rows
}

// add tells of the consumers.
func (row *Row) add(all []Behind) {
	for i := range all {
		c := &all[i]
		row.Consumers++
		row.Out += c.Out
		if c.State == stateWarn {
			row.Behind++
			row.State = stateWarn
		}
		if c.counts() && !c.gone() {
			row.Lag = max(row.Lag, c.Lag)
		}
		if c.Kind != Client {
			row.Waiting = max(row.Waiting, c.Lag)
		}
	}
}

// row is a hub without its consumers.
func (p *page) row(t target, infos []broker.PartitionInfo, r *portal.Rates) Row {
	h := t.hub
	total := p.Counts.Hub(h.Namespace(), h.Name()).Events.Load()
	row := Row{
		ID: t.account.Name + "/" + h.Name(), Namespace: t.account.Name, Name: h.Name(), State: stateOK,
		In: r.Of(key(h)+"/events", total), Total: total, Partitions: len(infos),
		Spark: p.sparks.of(hubName{h.Namespace(), strings.ToLower(h.Name())}),
	}
	var last time.Time
	for _, info := range infos {
		row.Kept += info.LastSequence + 1 - info.BeginSequence
		row.Size += info.Bytes
		if info.LastEnqueued.After(last) {
			last = info.LastEnqueued
		}
	}
	if !last.IsZero() {
		row.LastAt = last.UnixMilli()
	}
	if time.Since(last) > idleAfter {
		row.State = stateOff
	}
	return row
}

// key names a hub among rates.
func key(h *broker.Hub) string {
	return "hub/" + strconv.FormatUint(h.Namespace(), 10) + "/" + h.Name()
}

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
