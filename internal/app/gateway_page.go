package app

import (
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/instance"
	pagegateways "github.com/lazuli-dev/lazuli/internal/page/gateways"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// newCalls counts what comes to the gateways.
func newCalls() *pagegateways.Calls { return pagegateways.NewCalls(time.Now) }

// gatewayPages is gateways as the portal shows them.
func (e *env) gatewayPages(engine *gateway.Engine, calls *pagegateways.Calls, token string) []portal.Page {
	return pagegateways.Pages(pagegateways.Config{
		Gateways: func() (all []pagegateways.Gateway) {
			for _, a := range e.Exists.Accounts(resource.Gateways) {
				if s, err := engine.Service(a.ID, a.Name); err == nil {
					all = append(all, pagegateways.Gateway{Service: s, Name: a.Name, Hosts: e.hosts(a)})
				}
			}
			return all
		},
		Calls:      calls,
		Address:    e.gatewayHost,
		TraceToken: token,
		Place:      e.gatewayPlace,
		Given:      e.gatewayKeyGiven,
		Log:        e.Log.With("component", "portal"),
	})
}

// gatewayHost is where gateways answer on this machine, or "".
func (e *env) gatewayHost() string {
	at := e.Doors.address(instance.Gateway)
	if at == "" {
		return ""
	}
	return connect.Host(at, "")
}

func (e *env) gatewayInFile(name string) (config.NamedGateway, bool) {
	for _, g := range e.Config.Gateway.All() {
		if g.Name == name {
			return g, true
		}
	}
	return config.NamedGateway{}, false
}

// gatewayPlace is where the project file has the policy of a scope, or would have it.
func (e *env) gatewayPlace(name string, at gateway.Scope) pagegateways.Place {
	g, declared := e.gatewayInFile(name)
	if !declared {
		return pagegateways.Place{}
	}
	api, _ := gateway.SplitRevision(at.API)
	file, key := g.Policy, g.Path+".policy"
	switch {
	case at.Product != "":
		p, ok := g.Products[at.Product]
		if !ok {
			return pagegateways.Place{}
		}
		file, key = p.Policy, g.Path+".products."+at.Product+".policy"
	case at.Operation != "":
		a, ok := g.APIs[api]
		if !ok || a.OpenAPI != "" {
			return pagegateways.Place{}
		}
		file, key = a.Operations[at.Operation].Policy, g.Path+".apis."+api+".operations."+at.Operation+".policy"
	case at.API != "":
		a, ok := g.APIs[api]
		if !ok {
			return pagegateways.Place{}
		}
		file, key = a.Policy, g.Path+".apis."+api+".policy"
	}
	if file != "" {
		file = e.Config.File(file)
	}
	return pagegateways.Place{File: file, Key: key}
}

// gatewayKeyGiven is the key of the project file that sets a key of a subscription.
func (e *env) gatewayKeyGiven(name, subscription string, secondary bool) string {
	g, _ := e.gatewayInFile(name)
	s := g.Subscriptions[subscription]
	switch at := g.Path + ".subscriptions." + subscription; {
	case !secondary && s.Key != "":
		return at + ".key"
	case secondary && s.SecondaryKey != "":
		return at + ".secondaryKey"
	}
	return ""
}

// connectableAPI is an API behind a gateway, GATEWAY/API, by its first operation, and
// the key that opens everything.
func (e *env) connectableAPI(t connect.Thing, id string) (connect.Thing, string, error) {
	in, name, _ := strings.Cut(id, "/")
	a, err := e.Exists.Account(resource.Gateways, in)
	if err != nil {
		return t, "", err
	}
	s, err := e.gateways.Service(a.ID, a.Name)
	if err != nil {
		return t, "", err
	}
	api, err := s.APIs().Get(name)
	if err != nil {
		return t, "", err
	}
	t.Gateway, t.Method, t.Path = notDefault(a), http.MethodGet, strings.TrimSuffix("/"+api.Path, "/")
	if all := s.Operations(name).List(); len(all) > 0 {
		t.Path += strings.TrimSuffix(all[0].Value.URLTemplate, "*")
		if all[0].Value.Method != "*" {
			t.Method = all[0].Value.Method
		}
	}
	t.URL = "http://" + e.gatewayHost() + t.Path
	if t.Gateway != "" { // localhost means another one
		t.URL = "https://" + e.hosts(a)[0] + t.Path
	}
	if t.Keyed, t.KeyHeader = api.SubscriptionRequired, api.KeyHeader; !t.Keyed {
		return t, "", nil
	}
	sub, err := s.Subscriptions().Get(gateway.MasterSubscription)
	return t, sub.PrimaryKey, err
}
