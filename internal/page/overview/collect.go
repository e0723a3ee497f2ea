package overview

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/page/functions"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/page/queues"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// graph is everything, before and after folding.
type graph struct {
	nodes   map[string]*Node
	edges   map[ends]*Edge
	parents map[string]string // node -> the group that it can be folded into
	hubIDs  map[string]string // namespace/hub in lower case -> node
	things  int
	backlog int64
	late    bool
	out     float64
}

type ends struct{ from, to string }

func (g *graph) node(n Node) *Node {
	g.nodes[n.ID] = &n
	return &n
}

// edge joins two nodes that there are; what flows twice between them adds up.
func (g *graph) edge(from, to string, rate float64) *Edge {
	if g.nodes[from] == nil || g.nodes[to] == nil || from == to {
		return &Edge{}
	}
	key := ends{from, to}
	if g.edges[key] == nil {
		g.edges[key] = &Edge{From: from, To: to}
	}
	g.edges[key].Rate += rate
	return g.edges[key]
}

// usual is the namespace or account that is meant where none is named.
const usual = "default"

// named is an account that is to be told apart, or "".
func named(account string) string {
	if account == usual {
		return ""
	}
	return account
}

// hub finds the node of HUB in the default namespace, or of NAMESPACE/HUB. A hub
// is one in any case.
func (g *graph) hub(name string) string {
	if !strings.Contains(name, "/") {
		name = usual + "/" + name
	}
	return g.hubIDs[strings.ToLower(name)]
}

// ids of nodes.
func containerID(id string) string { return "container/" + id }
func functionID(id string) string  { return "function/" + id }
func jobID(name string) string     { return "job/" + name }
func (g *graph) end(kind, target string) string {
	switch kind {
	case "hub":
		return g.hub(target)
	case "container":
		return containerID(target)
	}
	return ""
}

// collect reads the pages' rows.
func collect(pages []portal.Page, r *portal.Rates) *graph {
	g := &graph{nodes: map[string]*Node{}, edges: map[ends]*Edge{}, parents: map[string]string{}, hubIDs: map[string]string{}}
	var all rows
	for i := range pages {
		if pages[i].Rows != nil {
			all.take(pages[i].Rows(r))
		}
		if pages[i].Levels != nil {
			pages[i].Levels(func(name string, v int64) {
				if name == "connections" {
					all.connections += v
				}
			})
		}
	}
	g.hubs(all.hubs)
	g.containers(all.containers)
	for i := range all.functions {
		g.function(&all.functions[i], &all)
	}
	for i := range all.jobs {
		g.job(&all.jobs[i], &all)
	}
	g.things = len(g.nodes)
	g.sources(&all)
	return g
}

// rows are what the picture is made of.
type rows struct {
	hubs        []hubs.Row
	containers  []items.Container
	apps        map[string]functions.AppRow
	functions   []functions.Function
	jobs        []jobs.Row
	queues      map[string]queues.Row // by account/name
	connections int64
}

func (a *rows) take(list []portal.Row) {
	for _, row := range list {
		switch v := row.Value.(type) {
		case hubs.Row:
			a.hubs = append(a.hubs, v)
		case items.Container:
			a.containers = append(a.containers, v)
		case functions.AppRow:
			if a.apps == nil {
				a.apps = map[string]functions.AppRow{}
			}
			a.apps[v.ID] = v
		case functions.Function:
			a.functions = append(a.functions, v)
		case queues.Row:
			if a.queues == nil {
				a.queues = map[string]queues.Row{}
			}
			a.queues[v.ID] = v
		case jobs.Row:
			a.jobs = append(a.jobs, v)
		}
	}
}

// namespaces shows those that wait for their first hub.
func (g *graph) namespaces(empty []string) {
	for _, name := range empty {
		n := g.node(Node{ID: "namespace/" + name, Kind: "namespace", Name: name, State: "off"})
		g.parents[n.ID] = "idle/namespace"
		g.things++
	}
}

func (g *graph) hubs(list []hubs.Row) {
	for _, h := range list {
		n := g.node(Node{ID: "hub/" + h.ID, Kind: "hub", Name: h.Name, Key: h.ID, Account: named(h.Namespace), State: "ok", Rate: h.In, Lag: h.Lag, Count: h.Kept})
		if h.State == "warn" {
			n.State = "warn"
		}
		g.hubIDs[strings.ToLower(h.ID)] = n.ID
		if h.In == 0 && h.Lag == 0 {
			g.parents[n.ID] = "idle/hub"
		}
		g.backlog += h.Waiting // a job that reads the hub is among its consumers
		g.late = g.late || n.State == "warn"
	}
}

func (g *graph) containers(list []items.Container) {
	for _, c := range list {
		if c.Leases {
			continue // where positions are kept is no part of the pipeline
		}
		g.node(Node{ID: containerID(c.ID), Kind: "container", Name: c.Name, Key: c.ID, Account: named(c.Account), State: "ok", Rate: c.Changes, Count: c.Documents})
		g.parents[containerID(c.ID)] = "database/" + strings.TrimSuffix(c.ID, "/"+c.Name)
	}
}

func (g *graph) function(f *functions.Function, all *rows) {
	n := g.node(Node{ID: functionID(f.ID), Kind: "function", Name: f.Name, Key: f.ID, State: "ok", Rate: max(f.Runs, f.Items), Note: f.Error})
	g.parents[n.ID] = "app/" + f.App
	if n.State = f.State; n.Note == "" && f.State == "bad" {
		n.Note = all.apps[f.App].Error
	}
	switch strings.ToLower(f.Trigger) {
	case "eventhubtrigger":
		g.edge(g.hub(f.Target), n.ID, f.Items)
	case "cosmosdbtrigger":
		g.edge(containerID(f.Target), n.ID, f.Items).Feed = true
	default:
		g.edge(g.stored(f.Trigger, f.Target, all), n.ID, f.Items)
	}
	for _, in := range f.Inputs {
		g.edge(g.stored(in.Type, in.Target, all), n.ID, f.Runs)
	}
	g.out += f.Documents
	for _, o := range f.Outputs {
		to := containerID(o.Target)
		switch strings.ToLower(o.Type) {
		case "eventhub":
			to = g.hub(o.Target)
		case "queue", "blob", "table":
			to = g.stored(o.Type, o.Target, all)
		}
		g.edge(n.ID, to, f.Documents)
	}
}

func (g *graph) job(j *jobs.Row, all *rows) {
	n := g.node(Node{ID: jobID(j.ID), Kind: "job", Name: j.ID, Key: j.ID, State: "ok", Rate: j.In, Lag: j.Backlog, Note: j.Failed})
	switch {
	case j.Failed != "" || j.State == "failed":
		n.State = "bad"
	case j.State == "degraded" || j.Warnings > 0 || j.Late:
		n.State = "warn"
	case j.State == "stopped":
		n.State = "off"
	case j.State == "starting" || j.State == "stopping":
		n.State = "busy"
	}
	g.late = g.late || j.Late
	g.out += j.Out
	for _, in := range j.Inputs {
		g.edge(g.end(in.Kind, in.Target), n.ID, in.In)
	}
	for _, out := range j.Outputs {
		to := g.end(out.Kind, out.Target)
		if out.Kind == "function" {
			to = functionOf(all, out.Target)
		}
		g.edge(n.ID, to, out.Out)
	}
}

// functionOf finds the HTTP function that a job's output app/route calls.
func functionOf(all *rows, target string) string {
	app, route, _ := strings.Cut(target, "/")
	for i := range all.functions {
		if f := &all.functions[i]; f.App == app && (f.Target == route || f.Name == route) {
			return functionID(f.ID)
		}
	}
	return ""
}

// sources are who stands outside: programs that send to hubs, and call
// functions.
func (g *graph) sources(all *rows) {
	fed, inner := map[string]bool{}, map[string]float64{}
	for e, edge := range g.edges {
		fed[e.to] = true
		inner[e.to] += edge.Rate
	}
	for _, h := range all.hubs {
		id := "hub/" + h.ID
		rest := h.In - inner[id]
		if fed[id] && (all.connections == 0 || rest <= h.In*0.2+1) {
			continue
		}
		if h.In == 0 && len(all.hubs) > small {
			continue // who might send to 500 idle hubs says nothing
		}
		if g.nodes["source/amqp"] == nil {
			g.node(Node{ID: "source/amqp", Kind: "source", Name: "amqp", State: "ok", Count: all.connections})
		}
		g.edge("source/amqp", id, max(0, rest))
		g.nodes["source/amqp"].Rate += max(0, rest)
	}
	for i := range all.functions {
		f := &all.functions[i]
		if !strings.EqualFold(f.Trigger, "httpTrigger") || fed[functionID(f.ID)] {
			continue
		}
		if g.nodes["source/http"] == nil {
			g.node(Node{ID: "source/http", Kind: "source", Name: "http", State: "ok"})
		}
		g.edge("source/http", functionID(f.ID), f.Runs)
		g.nodes["source/http"].Rate += f.Runs
	}
}
