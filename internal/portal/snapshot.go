package portal

import (
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/host"
)

// Snapshot is the state of everything at one moment: the "status" topic. Rates
// are per second, over the last four seconds.
type Snapshot struct {
	At          int64              `json:"t"` // unix milliseconds
	Name        string             `json:"name"`
	Version     string             `json:"version"`
	StartedAt   time.Time          `json:"startedAt"`
	Hubs        []HubState         `json:"hubs"`
	Databases   []DatabaseState    `json:"databases"`
	Apps        []AppState         `json:"apps"`
	Jobs        []JobState         `json:"jobs"`
	Connections int64              `json:"connections"`
	Requests    float64            `json:"requests"` // Cosmos DB requests
	Charge      float64            `json:"charge"`   // their request units
	Totals      map[string]float64 `json:"totals"`   // rates of the whole: events, documents, items, failures
}

// HubState is an event hub.
type HubState struct {
	Name       string           `json:"name"`
	Retention  float64          `json:"retentionHours"` // 0: for ever
	Groups     []string         `json:"groups"`
	Events     float64          `json:"events"` // rate
	Bytes      float64          `json:"bytes"`  // rate
	Total      int64            `json:"total"`  // events since the start of the process
	Stored     int64            `json:"stored"` // events kept
	Size       int64            `json:"size"`   // bytes on disk
	Partitions []PartitionState `json:"partitions"`
	Readers    []ReaderState    `json:"readers"`
	Consumers  []ConsumerState  `json:"consumers"`
}

// PartitionState is a partition of a hub.
type PartitionState struct {
	ID     int     `json:"id"`
	Begin  int64   `json:"begin"` // oldest sequence number kept
	Last   int64   `json:"last"`  // newest, or -1
	LastAt int64   `json:"lastAt"`
	Size   int64   `json:"size"`
	Events float64 `json:"events"` // rate
}

// ReaderState is what clients of a consumer group read.
type ReaderState struct {
	Group  string  `json:"group"`
	Events float64 `json:"events"` // rate
	LastAt int64   `json:"lastAt"`
}

// ConsumerState is a function that reads the hub, by its checkpoints.
type ConsumerState struct {
	App        string  `json:"app"`
	Function   string  `json:"function"`
	Group      string  `json:"group"`
	Lag        int64   `json:"lag"` // events stored and not yet processed, all partitions
	Partitions []int64 `json:"partitions"`
}

// DatabaseState is a database.
type DatabaseState struct {
	ID         string           `json:"id"`
	Containers []ContainerState `json:"containers"`
}

// ContainerState is a container.
type ContainerState struct {
	ID        string   `json:"id"`
	Key       []string `json:"key"` // paths of the partition key
	Documents int64    `json:"documents"`
	Bytes     int64    `json:"bytes"`
	LSN       uint64   `json:"lsn"`
	Changes   float64  `json:"changes"` // rate
	Leases    bool     `json:"leases"`  // it only keeps positions of change feeds
}

// AppState is a function app.
type AppState struct {
	Name      string          `json:"name"`
	URL       string          `json:"url"`
	Kind      string          `json:"kind"`
	Worker    string          `json:"worker"` // state of its process
	Error     string          `json:"error,omitempty"`
	Functions []FunctionState `json:"functions"`
}

// FunctionState is a function.
type FunctionState struct {
	Name      string   `json:"name"`
	Trigger   string   `json:"trigger"` // type of the binding
	Target    string   `json:"target"`  // a hub, database/container, or a route
	Group     string   `json:"group,omitempty"`
	Methods   []string `json:"methods,omitempty"`
	Outputs   []Output `json:"outputs"`
	State     string   `json:"state"`
	Error     string   `json:"error,omitempty"`
	Disabled  bool     `json:"disabled"`
	Runs      float64  `json:"runs"`      // rate
	Items     float64  `json:"items"`     // rate
	Documents float64  `json:"documents"` // rate
	Failures  float64  `json:"failures"`  // rate
	Total     int64    `json:"total"`
	Failed    int64    `json:"failed"`
	MeanMs    float64  `json:"meanMs"` // of the last four seconds, else 0

	leases string // database/container of a change feed's positions
}

// Output is an output binding.
type Output struct {
	Type   string `json:"type"`
	Target string `json:"target"` // database/container or a hub; "" when unknown
}

// snapshot reads everything once.
func (s *Server) snapshot(now time.Time) *Snapshot {
	rates := s.rates
	snap := &Snapshot{
		At: now.UnixMilli(), Name: s.cfg.Name, Version: s.cfg.Version, StartedAt: s.meter.started.UTC(),
		Hubs: []HubState{}, Databases: []DatabaseState{}, Apps: []AppState{}, Jobs: []JobState{}, Totals: map[string]float64{},
		Connections: s.meter.connections.Load(),
		Requests:    rates.rate("requests", s.meter.requests.Load()),
		Charge:      rates.rate("charge", s.meter.charge.Load()) / 100,
	}
	for _, a := range s.cfg.Apps {
		snap.Apps = append(snap.Apps, s.appState(a, snap.Totals))
	}
	for _, h := range s.cfg.Hubs.Hubs() {
		hub := s.hubState(h)
		hub.Consumers = s.consumers(h, snap.Apps)
		snap.Totals["events"] += hub.Events
		snap.Hubs = append(snap.Hubs, hub)
	}
	for i := range s.jobs {
		job := s.jobs[i].state(s.rates.rate)
		snap.Totals["items"] += job.In
		snap.Totals["failures"] += s.rates.rate("job/"+job.Name+"/failures", job.Counts["runtime"]+job.Counts["output"])
		snap.Jobs = append(snap.Jobs, job)
	}
	leases := leaseContainers(snap.Apps)
	for _, d := range s.cfg.Store.Databases() {
		db := DatabaseState{ID: d.ID(), Containers: []ContainerState{}}
		for _, c := range d.Containers() {
			state := s.containerState(d, c)
			if state.Leases = leases[d.ID()+"/"+c.ID()]; !state.Leases {
				snap.Totals["documents"] += state.Changes
			}
			db.Containers = append(db.Containers, state)
		}
		snap.Databases = append(snap.Databases, db)
	}
	return snap
}

// leaseContainers are those in which functions keep their positions.
func leaseContainers(apps []AppState) map[string]bool {
	names := map[string]bool{}
	for _, a := range apps {
		for _, f := range a.Functions {
			if f.leases != "" {
				names[f.leases] = true
			}
		}
	}
	return names
}

func (s *Server) hubState(h *broker.Hub) HubState {
	c := s.meter.hub(h.Name())
	key := "hub/" + h.Name()
	state := HubState{
		Name: h.Name(), Retention: h.Retention().Hours(), Groups: h.ConsumerGroups(),
		Events: s.rates.rate(key+"/events", c.events.Load()), Bytes: s.rates.rate(key+"/bytes", c.bytes.Load()),
		Total: c.events.Load(), Partitions: []PartitionState{}, Readers: []ReaderState{}, Consumers: []ConsumerState{},
	}
	for i := range h.PartitionCount() {
		p, err := h.Partition(i)
		if err != nil {
			continue // the hub shrank away between two calls: it was deleted
		}
		info := p.Info()
		state.Stored += info.LastSequence + 1 - info.BeginSequence
		state.Size += info.Bytes
		part := PartitionState{
			ID: i, Begin: info.BeginSequence, Last: info.LastSequence, Size: info.Bytes,
			Events: s.rates.rate(key+"/"+itoa(i), counter(&c.partitions, i).Load()),
		}
		if !info.LastEnqueued.IsZero() {
			part.LastAt = info.LastEnqueued.UnixMilli()
		}
		state.Partitions = append(state.Partitions, part)
	}
	s.meter.readers.Range(func(k, v any) bool {
		if key, r := k.(readerKey), v.(*readerCounters); key.hub == strings.ToLower(h.Name()) {
			state.Readers = append(state.Readers, ReaderState{
				Group: key.group, Events: s.rates.rate("reader/"+key.hub+"/"+key.group, r.events.Load()), LastAt: r.lastAt.Load(),
			})
		}
		return true
	})
	slices.SortFunc(state.Readers, func(a, b ReaderState) int { return strings.Compare(a.Group, b.Group) })
	return state
}

// consumers are the functions that read the hub, and how far behind they are.
func (s *Server) consumers(h *broker.Hub, apps []AppState) []ConsumerState {
	out := []ConsumerState{}
	for _, a := range apps {
		for _, f := range a.Functions {
			if f.Group == "" || !strings.EqualFold(f.Target, h.Name()) {
				continue
			}
			c := ConsumerState{App: a.Name, Function: f.Name, Group: f.Group}
			for i := range h.PartitionCount() {
				lag := s.lag(h, f.Group, i)
				c.Lag += lag
				c.Partitions = append(c.Partitions, lag)
			}
			out = append(out, c)
		}
	}
	return out
}

func (s *Server) lag(h *broker.Hub, group string, partition int) int64 {
	p, err := h.Partition(partition)
	if err != nil {
		return 0
	}
	info := p.Info()
	done, ok := s.meter.mark(h.Name(), group, partition)
	if !ok {
		done = info.BeginSequence - 1 // nothing processed yet
	}
	return max(0, info.LastSequence-max(done, info.BeginSequence-1))
}

func (s *Server) containerState(d *docstore.Database, c *docstore.Container) ContainerState {
	docs, bytes := c.Usage()
	lsn := c.LSN()
	return ContainerState{
		ID: c.ID(), Key: c.Spec().PartitionKey.Paths, Documents: docs, Bytes: bytes, LSN: lsn,
		Changes: s.rates.rate("container/"+d.ID()+"/"+c.ID(), int64(lsn)),
	}
}

func (s *Server) appState(a App, totals map[string]float64) AppState {
	status := a.Host.Status()
	state := AppState{
		Name: a.Host.Name(), URL: a.URL, Kind: status.Kind, Worker: string(status.Worker.State),
		Error: status.Worker.LastError, Functions: []FunctionState{},
	}
	for _, info := range a.Host.Functions() {
		f := s.functionState(state.Name, info)
		totals["items"] += f.Items
		totals["failures"] += f.Failures
		state.Functions = append(state.Functions, f)
	}
	for _, b := range status.Broken {
		state.Functions = append(state.Functions, FunctionState{
			Name: b.Name, State: "Broken", Error: b.Err.Error(), Outputs: []Output{},
		})
	}
	return state
}

func (s *Server) functionState(app string, info host.FunctionInfo) FunctionState {
	c := s.meter.function(app, info.Name)
	key := "function/" + app + "/" + info.Name
	f := FunctionState{
		Name: info.Name, Trigger: info.Trigger, Target: info.Source.Target, Group: info.Source.Group, Outputs: []Output{},
		State: string(info.Listener), Disabled: info.Disabled,
		Runs: s.rates.rate(key+"/runs", c.runs.Load()), Items: s.rates.rate(key+"/items", c.items.Load()),
		Documents: s.rates.rate(key+"/documents", c.documents.Load()), Failures: s.rates.rate(key+"/failures", c.failures.Load()),
		Total: c.runs.Load(), Failed: c.failures.Load(),
	}
	if micros := s.rates.rate(key+"/micros", c.micros.Load()); f.Runs > 0 {
		f.MeanMs = micros / f.Runs / 1000
	}
	if info.Err != nil {
		f.Error = info.Err.Error()
	}
	if info.HTTP != nil {
		f.Methods = info.HTTP.Methods
	}
	for _, o := range info.Outputs {
		f.Outputs = append(f.Outputs, Output(o))
	}
	f.leases = info.Source.Positions
	return f
}
