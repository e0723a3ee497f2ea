// Package gateways is the portal's page Gateway: APIs with what is called of them now,
// their policies, keys of subscriptions, and a console that calls an API and shows
// what each policy did.
package gateways

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Gateway is one of them, with what only the house knows of it.
type Gateway struct {
	*gateway.Service
	Name  string   // default is the one that localhost means
	Hosts []string // its names in Azure
}

// Config is what the page asks. All of it is required.
type Config struct {
	Gateways func() []Gateway
	Calls    *Calls
	// Address is host:port of the gateways on this machine; "" while it is not open.
	Address func() string
	// TraceToken has a call traced, in the header Lazuli-Trace.
	TraceToken string
	// Place is where the project file has a policy document. Where it has none but
	// declares the scope, Key says where it would stand: a document that is put there
	// is gone with the next start.
	Place func(gateway string, at gateway.Scope) Place
	// Given is the key of the project file that sets a key of a subscription, or "".
	Given func(gateway, subscription string, secondary bool) string
	Log   *slog.Logger
}

// Place is where the project file says something.
type Place struct {
	File string // path of a file; "": none
	Key  string // gateway.apis.weather.policy; "": the file does not know the scope
}

type page struct{ Config }

// Pages returns the page.
func Pages(c Config) []portal.Page {
	p := page{c}
	return []portal.Page{{
		Kind: "apis", Item: "api", Rows: p.rows, Detail: p.detail, Count: p.count, Failing: p.failing, Metrics: c.Calls.metrics,
		Routes: []portal.Route{
			{Pattern: "GET /api/gateways", Serve: p.list},
			{Pattern: "GET /api/gateways/{gateway}/apis/{api}", Serve: p.about},
			{Pattern: "GET /api/gateways/{gateway}/policy", Serve: p.getPolicy},
			{Pattern: "PUT /api/gateways/{gateway}/policy", Serve: p.putPolicy},
			{Pattern: "POST /api/gateways/{gateway}/policy/check", Serve: p.checkPolicy},
			{Pattern: "POST /api/gateways/{gateway}/test", Serve: p.test},
			{Pattern: "POST /api/gateways/{gateway}/subscriptions/{subscription}/reveal", Serve: p.reveal},
			{Pattern: "POST /api/gateways/{gateway}/subscriptions/{subscription}/regenerate", Serve: p.regenerate},
		},
	}}
}

// Row is an API in the list.
type Row struct {
	ID      string `json:"id"` // GATEWAY/API
	Gateway string `json:"gateway"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Path    string `json:"path"` // below the gateway, with a slash before it
	State   string `json:"state"`
	Rate
	// Changes grows whenever something of the gateway is another.
	Changes int64 `json:"changes"`
}

// rows are the APIs in their current revisions.
func (p page) rows(*portal.Rates) (all []portal.Row) {
	for _, g := range p.Gateways() {
		for _, a := range g.APIs().List() {
			if a.Value.IsCurrent {
				row := p.row(g, a)
				all = append(all, portal.Row{ID: row.ID, Value: row})
			}
		}
	}
	return all
}

func (p page) row(g Gateway, a gateway.Named[gateway.API]) Row {
	name, _ := gateway.SplitRevision(a.Name)
	r := Row{
		ID: g.Name + "/" + name, Gateway: g.Name, Name: name, Title: cmp.Or(a.Value.DisplayName, name), Path: "/" + a.Value.Path,
		State: "ok", Rate: p.Calls.rate(g.Name, name), Changes: int64(g.Changes()),
	}
	switch {
	case a.Value.IsOffline:
		r.State = "off"
	case r.Failed > 0:
		r.State = "bad"
	case r.Refused > 0:
		r.State = "warn"
	}
	return r
}

func (p page) count() (n int) {
	for _, g := range p.Gateways() {
		for _, a := range g.APIs().List() {
			if a.Value.IsCurrent {
				n++
			}
		}
	}
	return n
}

func (p page) failing() (n int) {
	for _, r := range p.rows(nil) {
		if row, ok := r.Value.(Row); ok && row.State == "bad" {
			n++
		}
	}
	return n
}

// Detail is an API as it is called now.
type Detail struct {
	Row
	From     int64     `json:"from"`   // of the first count, unix seconds
	Counts   []Count   `json:"counts"` // a second each, the last minute
	Failures []Failure `json:"failures"`
}

func (p page) detail(id string, _ *portal.Rates) (any, error) {
	in, name, _ := strings.Cut(id, "/")
	g, err := p.gateway(in)
	if err != nil {
		return nil, err
	}
	a, err := current(g, name)
	if err != nil {
		return nil, err
	}
	d := Detail{Row: p.row(g, a), Failures: p.Calls.lately(g.Name, name)}
	d.From, d.Counts = p.Calls.past(g.Name, name)
	return d, nil
}

func (p page) gateway(name string) (Gateway, error) {
	for _, g := range p.Gateways() {
		if strings.EqualFold(g.Name, name) {
			return g, nil
		}
	}
	return Gateway{}, fault.New(fault.NotFound, "gateway "+name, "there is none")
}

func current(g Gateway, name string) (gateway.Named[gateway.API], error) {
	full, a, err := g.APIs().Find(name)
	return gateway.Named[gateway.API]{Name: full, Value: a}, err
}

// List is the answer to GET /api/gateways.
type List struct {
	Gateways []About `json:"gateways"`
}

// About is a gateway.
type About struct {
	Name          string         `json:"name"`
	URL           string         `json:"url"` // on this machine; "" while nothing answers there
	Hosts         []string       `json:"hosts"`
	Subscriptions []Subscription `json:"subscriptions"`
	Products      []string       `json:"products"`
}

// Subscription is two keys, which are not shown.
type Subscription struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Product   string `json:"product"` // what it opens; product and api are "": all APIs
	API       string `json:"api"`
	State     string `json:"state"`
	Primary   string `json:"primary"`   // the key of the project file that sets the key, or ""
	Secondary string `json:"secondary"` // as well
}

func (p page) list(w http.ResponseWriter, _ *http.Request) error {
	out := List{Gateways: []About{}}
	for _, g := range p.Gateways() {
		out.Gateways = append(out.Gateways, p.aboutGateway(g))
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func (p page) aboutGateway(g Gateway) About {
	a := About{Name: g.Name, Hosts: append([]string{}, g.Hosts...), Subscriptions: []Subscription{}, Products: []string{}}
	if at := p.Address(); at != "" {
		a.URL = "http://" + at
	}
	for _, s := range g.Subscriptions().List() {
		a.Subscriptions = append(a.Subscriptions, Subscription{
			Name: s.Name, Title: cmp.Or(s.Value.DisplayName, s.Name), Product: s.Value.Product, API: s.Value.API, State: s.Value.State,
			Primary: p.Given(g.Name, s.Name, false), Secondary: p.Given(g.Name, s.Name, true),
		})
	}
	for _, product := range g.Products().List() {
		a.Products = append(a.Products, product.Name)
	}
	return a
}

// API is the answer to GET /api/gateways/{gateway}/apis/{api}.
type API struct {
	Name       string      `json:"name"`
	Revision   string      `json:"revision"` // the current one
	Revisions  int         `json:"revisions"`
	Version    string      `json:"version"`
	Backend    string      `json:"backend"`
	Keyed      bool        `json:"keyed"` // it asks for a subscription key
	KeyHeader  string      `json:"keyHeader"`
	Policy     bool        `json:"policy"` // it has a document of its own
	Products   []string    `json:"products"`
	Operations []Operation `json:"operations"`
}

// Operation is a method and a template of an API.
type Operation struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Method string `json:"method"`
	URL    string `json:"url"`
	Policy bool   `json:"policy"`
}

func (p page) about(w http.ResponseWriter, r *http.Request) error {
	g, err := p.gateway(r.PathValue("gateway"))
	if err != nil {
		return err
	}
	a, err := current(g, r.PathValue("api"))
	if err != nil {
		return err
	}
	name, revision := gateway.SplitRevision(a.Name)
	out := API{
		Name: name, Revision: revision, Version: a.Value.Version, Backend: a.Value.ServiceURL, Keyed: a.Value.SubscriptionRequired,
		KeyHeader: a.Value.KeyHeader, Policy: hasPolicy(g, gateway.Scope{API: name}), Products: []string{}, Operations: []Operation{},
	}
	for _, other := range g.APIs().List() {
		if base, _ := gateway.SplitRevision(other.Name); strings.EqualFold(base, name) {
			out.Revisions++
		}
	}
	for _, product := range g.Products().List() {
		if _, err := g.ProductAPIs(product.Name).Get(name); err == nil {
			out.Products = append(out.Products, product.Name)
		}
	}
	for _, o := range g.Operations(a.Name).List() {
		out.Operations = append(out.Operations, Operation{
			o.Name, cmp.Or(o.Value.DisplayName, o.Name), o.Value.Method, o.Value.URLTemplate, hasPolicy(g, gateway.Scope{API: a.Name, Operation: o.Name}),
		})
	}
	slices.SortFunc(out.Operations, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.URL, b.URL), strings.Compare(a.Method, b.Method))
	})
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func hasPolicy(g Gateway, at gateway.Scope) bool {
	_, err := g.Policies(at).Get(gateway.PolicyName)
	return err == nil
}
