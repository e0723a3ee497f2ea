package report

import (
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
	// Put gives items to a component. It does not wait.
	Put func(items ...*item.Item)
}

const gatewaySDK = "apim:lazuli"

// Done is told of a call that is over.
func (g Gateway) Done(c gateway.Call) {
	x := c.Exchange
	r := g.base(x)
	r.Time, r.Operation.ParentID, r.Client.IP = x.Began, tracecontext.Span(x.Caller), c.Exchange.Request.ClientIP
	r.Body = &item.Request{
		ID: tracecontext.Span(x.TraceParent), Name: c.Method + " " + c.Path, URL: bare(x.Request.Original), ResultCode: strconv.Itoa(c.Status),
		Success: c.Status < 400, Duration: c.Took,
	}
	r.Properties = append(r.Properties, item.Property{Name: "HTTP Method", Value: c.Method})
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
	g.Put(all...)
}

func (g Gateway) forwarded(x *policy.Exchange, f *policy.Forwarded) *item.Item {
	d := &item.Dependency{
		ID: tracecontext.Span(f.TraceParent), Name: f.Method, Kind: "Backend", Success: f.Status > 0 && f.Status < 400,
		ResultCode: strconv.Itoa(f.Status), Duration: f.Took,
	}
	if u, err := url.Parse(f.URL); err == nil {
		d.Name, d.Target, d.Data = f.Method+" "+u.Path, u.Host, bare(u)
	}
	i := g.base(x)
	i.Time, i.Operation.ParentID, i.Body = f.Began, tracecontext.Span(x.TraceParent), d
	return i
}

// Trace is told of a line of the policy trace.
func (g Gateway) Trace(x *policy.Exchange, source, severity, message string, metadata map[string]string) {
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
	g.Put(i)
}

// Metric is told of a value of emit-metric.
func (g Gateway) Metric(x *policy.Exchange, name, namespace string, value float64, dimensions map[string]string) {
	i := g.line(x, dimensions)
	i.Body = &item.Metric{Name: name, Sum: value, Count: 1, Min: value, Max: value}
	i.Properties = append(i.Properties, item.Property{Name: "_MS.MetricNamespace", Value: namespace})
	g.Put(i)
}

// line is something that happened within a call.
func (g Gateway) line(x *policy.Exchange, more map[string]string) *item.Item {
	i := g.base(x)
	i.Time, i.Operation.ParentID = time.Now(), tracecontext.Span(x.TraceParent)
	for name, value := range more {
		i.Properties = append(i.Properties, item.Property{Name: name, Value: value})
	}
	return i
}

// base is what all items of a call have in common.
func (g Gateway) base(x *policy.Exchange) *item.Item {
	about := x.About
	api := about.API.ID
	if about.API.Revision != "" {
		api += ";rev=" + about.API.Revision
	}
	i := &item.Item{
		Operation: item.Operation{Name: x.Request.Original.Path, ID: tracecontext.Trace(x.TraceParent)},
		Client:    item.Client{Type: "PC", IP: "0.0.0.0"}, Role: about.Service + ".azure-api.net " + about.Region, RoleInstance: machine(), SDKVersion: gatewaySDK,
	}
	i.Properties = append(make([]item.Property, 0, 10), item.Property{Name: "Service ID", Value: about.ServiceID}, item.Property{Name: "Service Type", Value: "API Management"},
		item.Property{Name: "Region", Value: about.Region}, item.Property{Name: "Request Id", Value: x.ID()})
	if api == "" {
		return i
	}
	i.Operation.Name = api
	i.Properties = append(i.Properties, item.Property{Name: "API Name", Value: api})
	if op := about.Operation.ID; op != "" {
		i.Operation.Name += " - " + op
		i.Properties = append(i.Properties, item.Property{Name: "Operation Name", Value: op})
	}
	if p := about.Product; p != nil {
		i.Properties = append(i.Properties, item.Property{Name: "Product Name", Value: p.ID})
	}
	if s := about.Subscription; s != nil {
		i.Properties = append(i.Properties, item.Property{Name: "Subscription Name", Value: s.ID})
	}
	return i
}

// bare is an address without its query.
func bare(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// machine is the name of this one.
var machine = sync.OnceValue(func() string {
	name, _ := os.Hostname()
	return name
})
