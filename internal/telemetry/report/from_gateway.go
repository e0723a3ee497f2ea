package report

import (
	"context"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

// Gateway is what the API gateways report: a call is a request, what backends were asked
// are dependencies, what a call failed with is an exception, and policies add traces and
// metrics, all in the trace of the caller.
//
// API Management does so of APIs that have diagnostics with a logger; here it is on. Its
// rows are not documented: names of properties are those of published queries. Addresses
// are without their queries, in which keys stand.
type Gateway struct {
	put  func(items ...*item.Item)
	wake chan struct{}

	mu    sync.Mutex // guards what follows
	calls []call     // of this batch, that are told
	count int        // all of them
}

// call is one that is told, and for how many it stands.
type call struct {
	gateway.Call
	standsFor int
}

const (
	gatewaySDK = "apim:lazuli"
	// Calls are told of behind them, together: no caller waits until they are.
	gatewayBatch = 50 * time.Millisecond
	// Of so many calls of a batch each is told, 1,000 a second; of those beyond one in so
	// many, which says that it stands for them: what is told of a call costs about a third
	// of the call.
	wholeBatch, oneIn = 50, 16
)

// NewGateway reports to put, which gives items to a component and does not wait. Run
// must be called.
func NewGateway(put func(items ...*item.Item)) *Gateway {
	return &Gateway{put: put, wake: make(chan struct{}, 1)}
}

// Done is told of a call that is over.
func (g *Gateway) Done(c gateway.Call) {
	g.mu.Lock()
	first := len(g.calls) == 0
	if g.count++; g.count <= wholeBatch {
		g.calls = append(g.calls, call{c, 1})
	} else if g.count%oneIn == 0 {
		g.calls = append(g.calls, call{c, oneIn})
	}
	g.mu.Unlock()
	if first {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}
}

// Run tells of calls until ctx ends, then of those that are left.
func (g *Gateway) Run(ctx context.Context) error {
	for {
		select {
		case <-g.wake:
		case <-ctx.Done():
			g.tell()
			return nil
		}
		select {
		case <-time.After(gatewayBatch):
		case <-ctx.Done():
		}
		g.tell()
	}
}

func (g *Gateway) tell() {
	g.mu.Lock()
	calls := g.calls
	g.calls, g.count = make([]call, 0, len(calls)), 0
	g.mu.Unlock()
	for i := range calls {
		all := g.items(&calls[i].Call)
		for _, one := range all {
			one.Count = calls[i].standsFor
		}
		g.put(all...)
	}
}

// items are what a call is.
func (g *Gateway) items(c *gateway.Call) []*item.Item {
	x := c.Exchange
	r := g.base(x)
	r.Time, r.Operation.ParentID, r.Client.IP = x.Began, tracecontext.Span(x.Caller), c.Exchange.Request.ClientIP
	r.Body = &item.Request{
		ID: tracecontext.Span(x.TraceParent), Name: c.Method + " " + c.Path, URL: address(x.Request.Original), ResultCode: strconv.Itoa(c.Status),
		Success: c.Status < 400, Duration: c.Took,
	}
	all := append(make([]*item.Item, 0, 2+len(x.Forwarded)), r)
	for n := range x.Forwarded {
		all = append(all, g.forwarded(x, &x.Forwarded[n]))
	}
	if f := c.Failure; f != nil {
		i := g.base(x)
		i.Time, i.Operation.ParentID = x.Began.Add(c.Took), tracecontext.Span(x.TraceParent)
		i.Body = &item.Exception{Chain: []item.Cause{{ID: 1, Type: f.Reason, Message: f.Message}}, Severity: item.Error, HandledAt: f.Section}
		i.Properties = append(i.Properties, item.Property{Name: "Policy", Value: f.Source})
		all = append(all, i)
	}
	return all
}

func (g *Gateway) forwarded(x *policy.Exchange, f *policy.Forwarded) *item.Item {
	d := &item.Dependency{
		ID: tracecontext.Span(f.TraceParent), Name: f.Method, Kind: "Backend", Success: f.Status > 0 && f.Status < 400,
		ResultCode: strconv.Itoa(f.Status), Duration: f.Took,
	}
	if u, err := url.Parse(f.URL); err == nil {
		d.Name, d.Target, d.Data = f.Method+" "+u.Path, u.Host, address(u)
	}
	i := g.bare(x)
	i.Time, i.Operation.ParentID, i.Body = f.Began, tracecontext.Span(x.TraceParent), d
	return i
}

// Trace is told of a line of the policy trace.
func (g *Gateway) Trace(x *policy.Exchange, source, severity, message string, metadata map[string]string) {
	level := item.Information
	switch severity {
	case "verbose":
		level = item.Verbose
	case "error":
		level = item.Error
	}
	i := g.line(x, metadata)
	i.Body = &item.Trace{Message: message, Severity: level}
	i.Properties = append(i.Properties, item.Property{Name: "Source", Value: source})
	g.put(i)
}

// Metric is told of a value of emit-metric.
func (g *Gateway) Metric(x *policy.Exchange, name, namespace string, value float64, dimensions map[string]string) {
	i := g.line(x, dimensions)
	i.Body = &item.Metric{Name: name, Sum: value, Count: 1, Min: value, Max: value}
	i.Properties = append(i.Properties, item.Property{Name: "_MS.MetricNamespace", Value: namespace})
	g.put(i)
}

// line is something that happened within a call.
func (g *Gateway) line(x *policy.Exchange, more map[string]string) *item.Item {
	i := g.base(x)
	i.Time, i.Operation.ParentID = time.Now(), tracecontext.Span(x.TraceParent)
	for name, value := range more {
		i.Properties = append(i.Properties, item.Property{Name: name, Value: value})
	}
	return i
}

// bare is what all items of a call have in common, but for their properties.
func (g *Gateway) bare(x *policy.Exchange) *item.Item {
	name := operationOf(x)
	return &item.Item{
		Operation: item.Operation{Name: name, ID: tracecontext.Trace(x.TraceParent)}, Client: item.Client{Type: "PC", IP: "0.0.0.0"},
		Role: x.About.Service + ".azure-api.net " + x.About.Region, RoleInstance: machine(), SDKVersion: gatewaySDK,
	}
}

// base is bare with properties: what the call has reached, and whose it is.
func (g *Gateway) base(x *policy.Exchange) *item.Item {
	i, about := g.bare(x), x.About
	i.Properties = append(make([]item.Property, 0, 8), item.Property{Name: "Service ID", Value: about.ServiceID}, item.Property{Name: "Service Type", Value: "API Management"},
		item.Property{Name: "Region", Value: about.Region}, item.Property{Name: "Request Id", Value: x.ID()})
	for _, p := range [...]item.Property{{Name: "API Name", Value: apiOf(x)}, {Name: "Operation Name", Value: about.Operation.ID}} {
		if p.Value != "" {
			i.Properties = append(i.Properties, p)
		}
	}
	if p := about.Product; p != nil {
		i.Properties = append(i.Properties, item.Property{Name: "Product Name", Value: p.ID})
	}
	if s := about.Subscription; s != nil {
		i.Properties = append(i.Properties, item.Property{Name: "Subscription Name", Value: s.ID})
	}
	return i
}

// apiOf is the API that a call has reached, with its revision; "" for none.
func apiOf(x *policy.Exchange) string {
	api := x.About.API
	if api.ID == "" || api.Revision == "" {
		return api.ID
	}
	return api.ID + ";rev=" + api.Revision
}

// operationOf is the name of what a call does, or its path where that leads nowhere.
func operationOf(x *policy.Exchange) string {
	api := apiOf(x)
	switch {
	case api == "":
		return x.Request.Original.Path
	case x.About.Operation.ID == "":
		return api
	}
	return api + " - " + x.About.Operation.ID
}

// address is one without its query.
func address(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// machine is the name of this one.
var machine = sync.OnceValue(func() string {
	name, _ := os.Hostname()
	return name
})
