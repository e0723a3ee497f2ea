package overview

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/page/functions"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/page/queues"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// pageOf is a page of rows that stay as they are.
func pageOf[T any](list []T, id func(T) string) portal.Page {
	rows := []portal.Row{}
	for _, v := range list {
		rows = append(rows, portal.Row{ID: id(v), Value: v})
	}
	return portal.Page{Rows: func(*portal.Rates) []portal.Row { return rows }}
}

// plant is so many hubs, each read by a function that writes to a container; one
// hub in ten is busy, one function in fifty fails.
func plant(n int) []portal.Page {
	var hs []hubs.Row
	var fs []functions.Function
	var cs []items.Container
	for i := range n {
		name := fmt.Sprintf("Hub%03d", i)
		h := hubs.Row{ID: "default/" + name, Namespace: "default", Name: name, State: "ok"}
		c := items.Container{ID: fmt.Sprintf("db%d/c%03d", i/20, i), Database: fmt.Sprint("db", i/20), Name: fmt.Sprintf("c%03d", i)}
		f := functions.Function{
			ID: fmt.Sprintf("app%d/f%03d", i/25, i), App: fmt.Sprint("app", i/25), Name: fmt.Sprintf("f%03d", i), Trigger: "eventHubTrigger",
			Target: name, State: "ok", Outputs: []functions.Output{{Type: "cosmosDB", Target: c.ID}},
		}
		if i%10 == 0 {
			h.In, f.Items, f.Documents, c.Changes = float64(1+i), float64(1+i), float64(1+i), float64(1+i)
		}
		if i%50 == 7 {
			f.State = "bad"
		}
		hs, fs, cs = append(hs, h), append(fs, f), append(cs, c)
	}
	return []portal.Page{
		pageOf(hs, func(h hubs.Row) string { return h.ID }),
		pageOf(cs, func(c items.Container) string { return c.ID }),
		pageOf(fs, func(f functions.Function) string { return f.ID }),
	}
}

func drawn(pages []portal.Page, open ...string) Picture {
	set := map[string]bool{}
	for _, o := range open {
		set[o] = true
	}
	g := collect(pages, portal.NewRates())
	g.fold(set)
	return g.picture()
}

// TestPictureStaysReadable: however much there is, a picture has at most 60
// nodes; nothing is lost in it, nothing that flows, and what fails is seen.
func TestPictureStaysReadable(t *testing.T) {
	for _, n := range []int{1, 7, 50, 200, 500} {
		p := drawn(plant(n))
		things, failing, in := 0, 0, 0.0
		for _, node := range p.Nodes {
			if node.Kind != "source" {
				things += max(1, node.Members)
			}
			if node.State == "bad" {
				failing++
				if node.Members > 0 {
					t.Errorf("%d: what fails is folded into %s", n, node.ID)
				}
			}
			if node.Of == "hub" || node.Kind == "hub" {
				in += node.Rate
			}
		}
		want := 0.0
		for i := 0; i < n; i += 10 {
			want += float64(1 + i)
		}
		if len(p.Nodes) > most || things != 3*n || p.Things != 3*n || failing != (n+42)/50 || in != want || p.Out != want {
			t.Errorf("%d: %d nodes of %d things, %d fail, %v flows in, %v out, want %v", n, len(p.Nodes), things, failing, in, p.Out, want)
		}
		ids := map[string]bool{}
		for _, node := range p.Nodes {
			ids[node.ID] = true
		}
		for _, e := range p.Edges {
			if !ids[e.From] || !ids[e.To] {
				t.Errorf("%d: an edge from %s to %s leads nowhere", n, e.From, e.To)
			}
		}
	}
}

// TestOpenGroup: an open group shows its members, the others stay folded.
func TestOpenGroup(t *testing.T) {
	p := drawn(plant(50), "app/app1")
	inside := 0
	for _, n := range p.Nodes {
		if n.Group == "app/app1" {
			inside++
		}
	}
	i := slices.IndexFunc(p.Nodes, func(n Node) bool { return n.ID == "app/app0" })
	if inside != 24 || i < 0 || p.Nodes[i].Members != 24 { // 25 each, one of them fails and stands alone
		t.Errorf("%d members are shown; the other app: %+v", inside, p.Nodes)
	}
}

// TestSmallPipeline: a small one is shown as it is, with who feeds it.
func TestSmallPipeline(t *testing.T) {
	pages := append(plant(1),
		pageOf([]jobs.Row{{ID: "rollup", State: "running", In: 1, Inputs: []jobs.InputRow{{End: jobs.End{Kind: "hub", Target: "hub000"}, In: 1}}, Outputs: []jobs.OutputRow{{End: jobs.End{Kind: "function", Target: "app0/api/sum"}, Out: 2}}}}, func(j jobs.Row) string { return j.ID }),
		pageOf([]functions.Function{{ID: "app0/sum", App: "app0", Name: "sum", Trigger: "httpTrigger", Target: "api/sum", Runs: 2, State: "ok"}, {ID: "app0/health", App: "app0", Name: "health", Trigger: "httpTrigger", State: "off"}}, func(f functions.Function) string { return f.ID }),
	)
	p := drawn(pages)
	var got []string
	for _, e := range p.Edges {
		got = append(got, fmt.Sprint(e.From, ">", e.To, " ", e.Rate))
	}
	want := []string{
		"function/app0/f000>container/db0/c000 1", "hub/default/Hub000>function/app0/f000 1", "hub/default/Hub000>job/rollup 1", "job/rollup>function/app0/sum 2",
		"source/amqp>hub/default/Hub000 1", "source/http>function/app0/health 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestBacklog: what waits for a function or a job, counted once; a reader that
// has left does not let a pipeline look late.
func TestBacklog(t *testing.T) {
	p := drawn([]portal.Page{
		pageOf([]hubs.Row{{ID: "default/a", Namespace: "default", Name: "a", Lag: 80, Waiting: 7}}, func(h hubs.Row) string { return h.ID }),
		pageOf([]jobs.Row{{ID: "j", State: "running", Backlog: 7, Inputs: []jobs.InputRow{{End: jobs.End{Kind: "hub", Target: "a"}}}}}, func(j jobs.Row) string { return j.ID }),
	})
	if p.Backlog != 7 {
		t.Errorf("backlog %d, want 7", p.Backlog)
	}
}

func TestTopic(t *testing.T) {
	testkit.NoLeaks(t)
	lab := portaltest.Serve(t, nil, Pages(plant(50), func() []string { return nil })...)
	p := lab.Listen("pipeline:-").Next("pipeline:-").(map[string]any)
	if n := len(p["nodes"].([]any)); n == 0 || n > most {
		t.Errorf("%d nodes", n)
	}
}

// TestNamespacesWithoutHubs stand in the picture where a hub comes to be by use, and
// fold as all that is idle.
func TestNamespacesWithoutHubs(t *testing.T) {
	testkit.NoLeaks(t)
	for n, want := range map[int]string{2: "namespace/ns-0 namespace/ns-1", 40: "idle/namespace"} {
		empty := func() (names []string) {
			for i := range n {
				names = append(names, fmt.Sprint("ns-", i))
			}
			return names
		}
		p := portaltest.Serve(t, nil, Pages(nil, empty)...).Listen("pipeline:-").Next("pipeline:-").(map[string]any)
		var ids []string
		for _, node := range p["nodes"].([]any) {
			ids = append(ids, node.(map[string]any)["id"].(string))
		}
		if got := strings.Join(ids, " "); got != want || p["things"] != float64(n) {
			t.Errorf("%d: %s, %v things", n, got, p["things"])
		}
	}
}

// BenchmarkPicture is a second of somebody who looks at 500 of everything.
func BenchmarkPicture(b *testing.B) {
	pages := plant(500)
	for b.Loop() {
		drawn(pages)
	}
}

// TestNamedAccounts: of things of one name, each is drawn to where it leads.
func TestNamedAccounts(t *testing.T) {
	p := drawn([]portal.Page{
		pageOf([]hubs.Row{{ID: "default/r", Namespace: "default", Name: "r"}, {ID: "Contoso/r", Namespace: "Contoso", Name: "r"}, {ID: "Contoso/only", Namespace: "Contoso", Name: "only"}}, func(h hubs.Row) string { return h.ID }),
		pageOf([]items.Container{{ID: "db/c", Account: "default", Database: "db", Name: "c"}, {ID: "fabrikam/db/c", Account: "fabrikam", Database: "db", Name: "c"}}, func(c items.Container) string { return c.ID }),
		pageOf([]functions.Function{
			{ID: "a/near", App: "a", Name: "near", Trigger: "eventHubTrigger", Target: "R", Outputs: []functions.Output{{Type: "cosmosDB", Target: "db/c"}}},
			{ID: "a/far", App: "a", Name: "far", Trigger: "eventHubTrigger", Target: "Contoso/R", Outputs: []functions.Output{{Type: "cosmosDB", Target: "fabrikam/db/c"}, {Type: "eventHub", Target: "only"}}},
		}, func(f functions.Function) string { return f.ID }),
		pageOf([]jobs.Row{{ID: "j", Inputs: []jobs.InputRow{{End: jobs.End{Kind: "hub", Target: "Contoso/only"}}}, Outputs: []jobs.OutputRow{{End: jobs.End{Kind: "container", Target: "fabrikam/db/c"}}}}}, func(j jobs.Row) string { return j.ID }),
	})
	var got []string
	for _, e := range p.Edges {
		if e.From != "source/amqp" {
			got = append(got, e.From+">"+e.To)
		}
	}
	// The hub "only" of the default namespace does not exist.
	want := []string{"function/a/far>container/fabrikam/db/c", "function/a/near>container/db/c", "hub/Contoso/only>job/j", "hub/Contoso/r>function/a/far", "hub/default/r>function/a/near", "job/j>container/fabrikam/db/c"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, n := range p.Nodes {
		if want := map[string]string{"hub/Contoso/r": "Contoso", "hub/Contoso/only": "Contoso", "container/fabrikam/db/c": "fabrikam"}[n.ID]; n.Account != want {
			t.Errorf("%s is said to be in %q, want %q", n.ID, n.Account, want)
		}
	}
}

// TestStored: what functions are bound to in storage accounts is in the picture, with
// the messages that wait, and a queue whose poison queue has some is marked.
func TestStored(t *testing.T) {
	list := []functions.Function{
		{ID: "a/work", App: "a", Name: "work", Trigger: "queueTrigger", Target: "work", State: "ok", Items: 2, Outputs: []functions.Output{{Type: "blob", Target: "contososa/out"}}},
		{ID: "a/thumb", App: "a", Name: "thumb", Trigger: "blobTrigger", Target: "contososa/out", State: "ok", Inputs: []functions.Output{{Type: "table", Target: "Sizes"}}, Outputs: []functions.Output{{Type: "queue", Target: "done"}}},
	}
	p := drawn([]portal.Page{
		pageOf(list, func(f functions.Function) string { return f.ID }),
		pageOf([]queues.Row{{ID: "devstoreaccount1/work", Messages: 7, Dead: 1}, {ID: "devstoreaccount1/other", Messages: 1}}, func(q queues.Row) string { return q.ID }),
	})
	var edges []string
	for _, e := range p.Edges {
		edges = append(edges, e.From+" > "+e.To)
	}
	slices.Sort(edges)
	want := []string{
		"blobs/contososa/out > function/a/thumb", "function/a/thumb > queue/devstoreaccount1/done", "function/a/work > blobs/contososa/out",
		"queue/devstoreaccount1/work > function/a/work", "table/devstoreaccount1/Sizes > function/a/thumb",
	}
	if !slices.Equal(edges, want) {
		t.Errorf("edges %q", edges)
	}
	for _, n := range p.Nodes {
		switch n.ID {
		case "queue/devstoreaccount1/work":
			if n.State != "warn" || n.Lag != 7 || n.Account != "" || n.Name != "work" {
				t.Errorf("%+v", n)
			}
		case "queue/devstoreaccount1/other":
			t.Error("a queue of no function is in the picture")
		case "blobs/contososa/out":
			if n.Account != "contososa" || n.Key != "contososa/out" {
				t.Errorf("%+v", n)
			}
		}
	}
}
