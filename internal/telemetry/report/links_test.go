package report

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

const (
	traceA, spanA = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	traceB, spanB = "1bf7651916cd43dd8448eb211c80319c", "c7ad6b7169203331"
	own           = "00-2cf7651916cd43dd8448eb211c80319c-d7ad6b7169203331-01"
)

// reported are the items of a run that is caused by links.
func reported(t *testing.T, call trigger.Call, between ...host.Event) map[item.Type]*item.Item {
	t.Helper()
	all := map[item.Type]*item.Item{}
	tell := FromHost(Host{App: "app", Levels: func() hostjson.Logging { return hostjson.Logging{} }, Put: func(items ...*item.Item) {
		for _, i := range items {
			all[i.Body.Type()] = i
		}
	}})
	at := time.Unix(1_700_000_000, 0)
	tell(host.InvocationStarted{Function: "f", ID: "1", Items: 2, TraceParent: own, Caller: call.TraceParent, Links: call.Links, Source: trigger.Place{Host: "ns", Target: "hub"}, At: at})
	for _, e := range between {
		tell(e)
	}
	tell(host.InvocationFinished{Function: "f", ID: "1", Items: 2, Duration: time.Second, At: at.Add(time.Second)})
	return all
}

func linked(items ...trigger.Link) (c trigger.Call) {
	c.CausedBy(len(items), func(i int) trigger.Link { return items[i] })
	return c
}

// TestLinks holds what a request says of where its items come from: it is the child of
// the only sender, and names several.
func TestLinks(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	a := trigger.Link{TraceParent: "00-" + traceA + "-" + spanA + "-01", Enqueued: at.Add(-time.Second)}
	b := trigger.Link{TraceParent: "00-" + traceB + "-" + spanB + "-01", Enqueued: at.Add(-3 * time.Second)}
	hostile := trigger.Link{TraceParent: `00-"}]<b>6cd43dd8448eb211c80319c-b7ad6b7169203331-01`}
	for _, c := range []struct {
		name   string
		items  []trigger.Link
		parent string
		links  string // operations
		waited float64
	}{
		{"one", []trigger.Link{a}, spanA, "", 1000},
		{"two of one", []trigger.Link{a, a}, spanA, "", 1000},
		{"two", []trigger.Link{a, b}, "", traceA + spanA + traceB + spanB, 2000},
		{"two, and what is none", []trigger.Link{a, hostile, b}, "", traceA + spanA + traceB + spanB, -1},
		{"none", []trigger.Link{{}}, "", "", -1},
		{"a clock ahead", []trigger.Link{{Enqueued: at.Add(time.Hour)}}, "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := reported(t, linked(c.items...))[item.RequestType]
			if i.Operation.ID != tracecontext.Trace(own) || i.Operation.ParentID != c.parent || i.Body.(*item.Request).Source != "ns/hub" {
				t.Errorf("%+v %+v", i.Operation, i.Body)
			}
			got := ""
			for _, p := range i.Properties {
				if p.Name != linksProperty {
					continue
				}
				var all []struct {
					Operation string `json:"operation_Id"`
					ID        string `json:"id"`
				}
				if err := json.Unmarshal([]byte(p.Value), &all); err != nil {
					t.Fatal(p.Value, err)
				}
				for _, l := range all {
					got += l.Operation + l.ID
				}
			}
			waited := -1.0
			for _, m := range i.Measurements {
				if m.Name == "timeSinceEnqueued" {
					waited = m.Value
				}
			}
			if got != c.links || waited != c.waited {
				t.Errorf("links %s, waited %v", got, waited)
			}
		})
	}
}

// TestOutputs holds that what an output wrote is a call within its run.
func TestOutputs(t *testing.T) {
	e := host.OutputWritten{
		Function: "f", ID: "1", Binding: "docs", Type: "CosmosDB", Place: trigger.Place{Host: "localhost", Target: "db/c"},
		TraceParent: "00-" + tracecontext.Trace(own) + "-" + spanB + "-01", Written: output.Written{Documents: 3}, Duration: time.Millisecond, At: time.Unix(1_700_000_000, 0),
	}
	i := reported(t, trigger.Call{}, e)[item.DependencyType]
	d := i.Body.(*item.Dependency)
	if i.Operation.ID != tracecontext.Trace(own) || i.Operation.ParentID != tracecontext.Span(own) || d.ID != spanB || d.Kind != "Microsoft.DocumentDB" ||
		d.Target != "localhost/db/c" || !d.Success || i.Measurements[0] != (item.Measurement{Name: "Items", Value: 3}) {
		t.Errorf("%+v %+v", i, d)
	}
	e.Type, e.Err = "sendGrid", errors.New("no")
	d = reported(t, trigger.Call{}, e)[item.DependencyType].Body.(*item.Dependency)
	if d.Kind != "sendGrid" || d.Name != "db/c" || d.Success {
		t.Errorf("%+v", d)
	}
}
