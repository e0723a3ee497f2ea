package overview

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// fold groups until a picture can be taken in: each step only while there are
// too many nodes. Open groups keep their members apart, the largest of them.
func (g *graph) fold(open map[string]bool) {
	for _, step := range []string{"idle/", "database/", "app/"} {
		if len(g.nodes) > small {
			g.into(step, open)
		}
	}
	if len(g.nodes) > most {
		g.equals(open)
	}
	if len(g.nodes) > most {
		g.rest()
	}
}

// into folds nodes into their groups of a sort.
func (g *graph) into(sort string, open map[string]bool) {
	by := map[string][]*Node{}
	for _, n := range g.sorted() {
		if group := g.parents[n.ID]; strings.HasPrefix(group, sort) && n.State != "bad" {
			by[group] = append(by[group], n)
		}
	}
	g.replaceAll(by, open)
}

// replaceAll puts groups in place of their members, and leads edges to them.
func (g *graph) replaceAll(by map[string][]*Node, open map[string]bool) {
	to := map[string]string{}
	for group, list := range by {
		g.replace(group, list, open, to)
	}
	g.join(to)
}

// replace puts a group in place of its members. Of an open one the largest
// stay, within the limit. to is where members went.
func (g *graph) replace(group string, list []*Node, open map[string]bool, to map[string]string) {
	if open[group] {
		for _, n := range list[:min(members, len(list))] {
			n.Group = group
		}
		list = list[min(members, len(list)):]
	}
	if len(list) < 2 {
		return
	}
	kind, name, _ := strings.Cut(group, "/")
	made := &Node{ID: group, Kind: kind, Of: cmp.Or(list[0].Of, list[0].Kind), Name: name, State: "off"}
	for _, n := range list {
		to[n.ID] = group
		made.add(n)
		delete(g.nodes, n.ID)
	}
	g.nodes[group] = made
}

// add counts a member.
func (n *Node) add(m *Node) {
	n.Members += max(1, m.Members)
	n.Rate += m.Rate
	n.Lag += m.Lag
	n.Count += m.Count
	n.Failing += m.Failing
	if m.State == "bad" {
		n.Failing += max(1, m.Members) - m.Failing
	}
	if worse(m.State) > worse(n.State) {
		n.State = m.State
	}
}

func worse(state string) int {
	return slices.Index([]string{"off", "ok", "busy", "warn", "bad"}, state)
}

// join leads edges to where their ends are now.
func (g *graph) join(to map[string]string) {
	old := g.edges
	g.edges = map[ends]*Edge{}
	at := func(id string) string { return cmp.Or(to[id], id) }
	for _, e := range old {
		into := g.edge(at(e.From), at(e.To), e.Rate)
		into.Feed = into.Feed || e.Feed
	}
}

// equals folds nodes of a kind that have the same neighbours.
func (g *graph) equals(open map[string]bool) {
	near := map[string][]string{}
	for _, e := range g.edges {
		near[e.From] = append(near[e.From], ">"+e.To)
		near[e.To] = append(near[e.To], "<"+e.From)
	}
	by := map[string][]*Node{}
	for _, n := range g.sorted() {
		if n.State == "bad" || n.Members > 0 || n.Group != "" || n.Kind == "source" {
			continue
		}
		slices.Sort(near[n.ID])
		key := n.Kind + " " + strings.Join(near[n.ID], " ")
		by[key] = append(by[key], n)
	}
	sets := map[string][]*Node{}
	for _, list := range by {
		sets["set/"+slices.MinFunc(list, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) }).ID] = list
	}
	g.replaceAll(sets, open)
}

// rest folds the smallest of each kind into "more", until it is enough. Sources
// stay; so does what fails, unless that alone is too much.
func (g *graph) rest() {
	list := g.sorted()
	slices.SortStableFunc(list, func(a, b *Node) int { return cmp.Compare(stays(b), stays(a)) })
	keep := most - 6 // as many kinds as there are may get a group
	by := map[string][]*Node{}
	for _, n := range list[keep:] {
		by["more/"+cmp.Or(n.Of, n.Kind)] = append(by["more/"+cmp.Or(n.Of, n.Kind)], n)
	}
	g.replaceAll(by, nil)
}

func stays(n *Node) int {
	switch {
	case n.Kind == "source":
		return 3
	case n.State == "bad":
		return 2
	case n.Group != "" || n.Members > 0:
		return 1
	}
	return 0
}

// sorted are the nodes, the largest first.
func (g *graph) sorted() []*Node {
	return slices.SortedFunc(maps.Values(g.nodes), func(a, b *Node) int {
		return cmp.Or(cmp.Compare(worse(b.State)/4, worse(a.State)/4), cmp.Compare(b.Rate, a.Rate), cmp.Compare(b.Lag, a.Lag), strings.Compare(a.ID, b.ID))
	})
}

// picture is the graph as it is sent.
func (g *graph) picture() Picture {
	p := Picture{Nodes: []Node{}, Edges: []Edge{}, Things: g.things, Backlog: g.backlog, Late: g.late, Out: g.out}
	for _, id := range slices.Sorted(maps.Keys(g.nodes)) {
		p.Nodes = append(p.Nodes, *g.nodes[id])
	}
	for _, e := range g.edges {
		p.Edges = append(p.Edges, *e)
	}
	slices.SortFunc(p.Edges, func(a, b Edge) int { return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To)) })
	return p
}
