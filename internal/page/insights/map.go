package insights

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of the map.
const (
	mapped  = 60  // nodes; the rest is counted
	callers = 500 // pairs that are looked at, the most frequent first
	samples = 8   // calls of a pair of which is asked who answered
)

// Map is the answer to GET /api/insights/map: who calls whom. What sampling left out is
// counted.
type Map struct {
	Nodes []MapNode `json:"nodes"` // roles first
	Calls []MapCall `json:"calls"`
	Rest  int       `json:"rest"` // nodes for which there is no room
}

// MapNode is a role, which reports itself, or what roles call or are triggered by.
type MapNode struct {
	ID   string   `json:"id"`
	Role bool     `json:"role"`
	Name string   `json:"name"`
	Sort string   `json:"sort"` // of what is no role: HTTP, SQL and so on
	All  int64    `json:"all"`  // requests of a role; calls of another; what it triggered where none called it
	Bad  int64    `json:"bad"`
	P95  *float64 `json:"p95"` // of a role's requests, milliseconds
}

// MapCall is what flows from one node to another.
type MapCall struct {
	From string   `json:"from"`
	To   string   `json:"to"`
	All  int64    `json:"all"` // 0: that it flows is known, and not how much
	Bad  int64    `json:"bad"`
	P95  *float64 `json:"p95"` // the longest of those that were put together, milliseconds
}

// serveMap serves GET /api/insights/map?component=&from=&to=.
//
// A call goes to the role whose requests have it as their parent; to its target where
// none does, where several do, or where requests name that target as their source, as
// those do that messages and changes trigger.
func (p page) serveMap(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	m := drawing{nodes: map[string]*MapNode{}, calls: map[[2]string]*MapCall{}}
	result, err := p.run(r.Context(), a, fmt.Sprintf(`requests | summarize n = sum(itemCount), bad = sum(iif(success == "False", itemCount, 0)), p95 = percentile(duration, 95) by role = cloud_RoleName, source | top %d by n`, callers))
	if err != nil {
		return err
	}
	sources := map[string]bool{}
	for v := range result.All() {
		role, source := v[0].Text(), v[1].Text()
		n := m.node(true, role)
		n.add(v[2].Int(), v[3].Int(), real64(v[4]))
		// A former SDK names the caller's component so; its calls have a parent too.
		if source == "" || strings.HasPrefix(source, "cid-v1:") {
			continue
		}
		sources[source] = true
		m.call(m.node(false, source), n, v[2].Int(), v[3].Int(), real64(v[4]))
	}
	result, err = p.run(r.Context(), a, fmt.Sprintf(`dependencies | summarize n = sum(itemCount), bad = sum(iif(success == "False", itemCount, 0)), p95 = percentile(duration, 95), ids = make_set(id, %d) by role = cloud_RoleName, type, target | top %d by n`, samples, callers))
	if err != nil {
		return err
	}
	answered, err := p.answered(r, a, result)
	if err != nil {
		return err
	}
	for v := range result.All() {
		from, target := m.node(true, v[0].Text()), cmp.Or(v[2].Text(), v[1].Text())
		all, bad, p95 := v[3].Int(), v[4].Int(), real64(v[5])
		roles := map[string]bool{}
		for _, id := range listed(v[6]) {
			for _, role := range answered[id] {
				roles[role] = true
			}
		}
		if len(roles) == 1 && !sources[target] {
			for role := range roles {
				m.call(from, m.node(true, role), all, bad, p95)
			}
			continue
		}
		to := m.node(false, target)
		to.Sort = cmp.Or(to.Sort, v[1].Text())
		to.add(all, bad, nil)
		m.call(from, to, all, bad, p95)
		if !sources[target] {
			for role := range roles {
				m.call(to, m.node(true, role), 0, 0, nil)
			}
		}
	}
	portal.WriteJSON(w, http.StatusOK, m.drawn())
	return nil
}

// answered are the roles whose requests have the calls of a result as their parent, by
// the id of the call.
func (p page) answered(r *http.Request, a ask, calls *kql.Result) (map[string][]string, error) {
	var ids []string
	for v := range calls.All() {
		for _, id := range listed(v[6]) {
			ids = append(ids, literal(id))
		}
	}
	if ids == nil {
		return nil, nil
	}
	result, err := p.run(r.Context(), a, fmt.Sprintf("requests | where operation_ParentId in (%s) | distinct operation_ParentId, cloud_RoleName", strings.Join(ids, ", ")))
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for v := range result.All() {
		out[v[0].Text()] = append(out[v[0].Text()], v[1].Text())
	}
	return out, nil
}

// listed are the texts of an array.
func listed(v kql.Value) []string {
	all, _ := v.Dynamic().([]any)
	var out []string
	for _, one := range all {
		if s, ok := one.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// drawing is a map that is made.
type drawing struct {
	nodes map[string]*MapNode
	calls map[[2]string]*MapCall
}

func (d *drawing) node(role bool, name string) *MapNode {
	id := "target/" + name
	if role {
		id = "role/" + name
	}
	n, ok := d.nodes[id]
	if !ok {
		n = &MapNode{ID: id, Role: role, Name: cut(name, maxTitle)}
		d.nodes[id] = n
	}
	return n
}

func (d *drawing) call(from, to *MapNode, all, bad int64, p95 *float64) {
	id := [2]string{from.ID, to.ID}
	c, ok := d.calls[id]
	if !ok {
		c = &MapCall{From: from.ID, To: to.ID}
		d.calls[id] = c
	}
	c.All, c.Bad, c.P95 = c.All+all, c.Bad+bad, longer(c.P95, p95)
}

func (n *MapNode) add(all, bad int64, p95 *float64) {
	n.All, n.Bad, n.P95 = n.All+all, n.Bad+bad, longer(n.P95, p95)
}

func longer(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

// drawn is the map in a fixed order: roles first, what fails and what is called most
// before the rest, so that a picture keeps its shape.
func (d *drawing) drawn() Map {
	out := Map{Nodes: []MapNode{}, Calls: []MapCall{}}
	called := map[string]bool{}
	for at := range d.calls {
		called[at[1]] = true
	}
	for at, c := range d.calls {
		if n := d.nodes[at[0]]; !n.Role && !called[n.ID] {
			n.All += c.All
		}
	}
	for _, n := range d.nodes {
		out.Nodes = append(out.Nodes, *n)
	}
	role := func(n MapNode) int {
		if n.Role {
			return 0
		}
		return 1
	}
	slices.SortFunc(out.Nodes, func(a, b MapNode) int {
		return cmp.Or(role(a)-role(b), cmp.Compare(min(b.Bad, 1), min(a.Bad, 1)), cmp.Compare(b.All, a.All), cmp.Compare(a.ID, b.ID))
	})
	if len(out.Nodes) > mapped {
		out.Rest = len(out.Nodes) - mapped
		out.Nodes = out.Nodes[:mapped]
	}
	slices.SortFunc(out.Nodes, func(a, b MapNode) int { return cmp.Or(role(a)-role(b), cmp.Compare(a.ID, b.ID)) })
	kept := map[string]bool{}
	for _, n := range out.Nodes {
		kept[n.ID] = true
	}
	for _, c := range d.calls {
		if kept[c.From] && kept[c.To] {
			out.Calls = append(out.Calls, *c)
		}
	}
	slices.SortFunc(out.Calls, func(a, b MapCall) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
}
