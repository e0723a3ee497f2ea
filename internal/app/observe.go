package app

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/instance"
	pageconnect "github.com/lazuli-dev/lazuli/internal/page/connect"
	"github.com/lazuli-dev/lazuli/internal/page/logs"
	"github.com/lazuli-dev/lazuli/internal/page/overview"
)

// observation is what shows the whole rather than a kind of thing.
func observation(e *env) (parts, error) {
	return parts{Pages: slices.Concat(
		logs.Pages(e.Counts.Logs),
		overview.Pages(e.Given.Pages),
		pageconnect.Pages(pageconnect.Config{Facts: e.facts, Find: e.connectable, Log: e.Log.With("component", "portal")}),
	)}, nil
}

// facts are what clients of this process need.
func (e *env) facts() connect.Facts {
	return connect.Of(e.Config, instance.Info{
		Dir: e.Config.Dir, Addresses: e.Doors.addresses, Tokens: e.Doors.tokens, CAFile: e.Doors.ca.Path(), CABundle: e.Doors.ca.BundlePath(),
	})
}

// connectable finds what programs outside connect to, and the key to it.
func (e *env) connectable(kind, id string) (connect.Thing, string, error) {
	t := connect.Thing{Kind: kind}
	f := e.facts()
	switch kind {
	case "hub":
		_, name, ok := strings.Cut(id, "/") // as in the list: NAMESPACE/HUB
		if !ok {
			name = id
		}
		h, err := e.Storage.hubs.Hub(name)
		if err != nil {
			return t, "", err
		}
		t.Hub = h.Name()
		return t, f.EventHubsKey, nil
	case "container":
		t.Database, t.Container, _ = strings.Cut(id, "/")
		_, err := e.findContainer(t.Database, t.Container)
		return t, f.CosmosKey, err
	case "function":
		return e.callable(t, id)
	case "portal":
		return t, e.Doors.tokens[instance.Portal], nil
	}
	return t, "", fault.New(fault.Invalid, "kind", "%q is not one of hub, container, function and portal", kind)
}

// callable is an HTTP function, by app/name.
func (e *env) callable(t connect.Thing, id string) (connect.Thing, string, error) {
	app, name, _ := strings.Cut(id, "/")
	for _, a := range e.Given.Apps {
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
