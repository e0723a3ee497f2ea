package app

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/instance"
	pageconnect "github.com/lazuli-dev/lazuli/internal/page/connect"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/page/logs"
	"github.com/lazuli-dev/lazuli/internal/page/overview"
	"github.com/lazuli-dev/lazuli/internal/page/resources"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// observation is what shows the whole rather than a kind of thing.
func observation(e *env) (parts, error) {
	return parts{Pages: slices.Concat(
		logs.Pages(e.Counts.Logs),
		overview.Pages(e.Given.Pages, e.emptyNamespaces),
		keys.Pages(e.keysPages()),
		resources.Pages(e.resourcePages()),
		pageconnect.Pages(pageconnect.Config{Facts: e.facts, Find: e.connectable, Log: e.Log.With("component", "portal")}),
	)}, nil
}

// facts are what clients of this process need.
func (e *env) facts(choice connect.Choice) (connect.Facts, error) {
	addresses, tokens := e.Doors.everything()
	info := instance.Info{
		Dir: e.Config.Dir, Addresses: addresses, Tokens: tokens, Accounts: e.publicAccounts(),
		CAFile: e.Doors.ca.Path(), CABundle: e.Doors.ca.BundlePath(),
	}
	if e.Config.ResourceManager() {
		info.Subscription, info.Tenant = e.Who.Subscription(), e.Who.Tenant()
	}
	return connect.Of(info, choice)
}

// publicAccounts are the accounts that have host names, with what opens them.
func (e *env) publicAccounts() (all []instance.Account) {
	for _, kind := range e.Given.Accounts {
		for _, a := range e.Exists.Accounts(kind.typ) {
			shown := e.publicAccount(a)
			names, services := e.twinsOf(a)
			shown.Hosts, shown.Services = append(shown.Hosts, names...), append(shown.Services, services...)
			shown.Rule, shown.Key = kind.owner(e.Exists.Properties(a))
			all = append(all, shown)
		}
	}
	for _, a := range e.Exists.Accounts(resource.Sites) {
		if e.Doors.address(instance.FunctionsPrefix+a.Name) != "" { // it is one that runs
			all = append(all, e.publicAccount(a))
		}
	}
	return all
}

func (e *env) publicAccount(a resource.Account) instance.Account {
	shown := instance.Account{Type: a.Type, Name: a.Name}
	shown.Hosts, shown.Services = e.hostsAt(a)
	return shown
}

// connectable finds what programs outside connect to, and the key to it.
func (e *env) connectable(kind, id string) (connect.Thing, string, error) {
	t := connect.Thing{Kind: kind}
	switch kind {
	case "hub":
		namespace, name, ok := strings.Cut(id, "/") // as in the list: NAMESPACE/HUB
		if !ok {
			namespace, name = "", id
		}
		t.In.Namespace = namespace
		in, err := e.findNamespace(namespace)
		if err != nil {
			return t, "", err
		}
		h, err := in.Hubs.Hub(name)
		if err != nil {
			return t, "", err
		}
		t.Hub = h.Name()
	case "container":
		if strings.Count(id, "/") > 1 { // ACCOUNT/DATABASE/CONTAINER
			t.In.Account, id, _ = strings.Cut(id, "/")
		}
		t.Database, t.Container, _ = strings.Cut(id, "/")
		in, err := e.findAccount(t.In.Account)
		if err != nil {
			return t, "", err
		}
		if _, err := in.Find(t.Database, t.Container); err != nil {
			return t, "", err
		}
	case "blobs", "queue", "table":
		return e.connectableStorage(t, id)
	case "function":
		return e.callable(t, id)
	case "gateway":
		return e.connectableAPI(t, id)
	case "manager":
		if f, err := e.facts(t.In); err != nil || f.Manager == "" {
			return t, "", cmp.Or(err, error(fault.New(fault.NotFound, "Resource Manager", "it is off: set arm: true in %s, or start with --arm", config.FileName)))
		}
		return t, "", nil
	case "portal":
		return t, e.Doors.tokens[instance.Portal], nil
	default:
		return t, "", fault.New(fault.Invalid, "kind", "%q is not one of hub, container, blobs, queue, table, function, gateway, manager and portal", kind)
	}
	f, err := e.facts(t.In)
	if kind == "hub" {
		return t, f.EventHubsKey, err
	}
	return t, f.CosmosKey, err
}

// callable is an HTTP function, by app/name.
func (e *env) callable(t connect.Thing, id string) (connect.Thing, string, error) {
	app, name, _ := strings.Cut(id, "/")
	for _, a := range e.apps() {
		if a.name != app {
			continue
		}
		for _, f := range a.host.Functions() {
			if f.Name != name || f.HTTP == nil {
				continue
			}
			t.Function, t.Method = name, http.MethodGet
			if len(f.HTTP.Methods) > 0 && !slices.Contains(f.HTTP.Methods, http.MethodGet) {
				t.Method = f.HTTP.Methods[0]
			}
			t.URL = "http://" + connect.Host(a.address, "") + "/" + strings.TrimPrefix(a.host.Config().HTTP.RoutePrefix+"/"+f.HTTP.Route, "/")
			key := ""
			if t.Keyed = a.keys != nil && f.HTTP.AuthLevel != "anonymous"; t.Keyed {
				key = a.keys.Host()
			}
			return t, key, nil
		}
	}
	return t, "", fault.New(fault.NotFound, "function "+id, "no HTTP function of this name runs")
}
