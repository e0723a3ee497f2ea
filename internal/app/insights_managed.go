package app

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Components that Resource Manager made are its records: here they are read, and what
// they were given works as on Azure: keys, ids, and the host names of their connection
// strings.

// workspaces are where components of Resource Manager keep what they have, by name.
const workspaces = "Microsoft.OperationalInsights/workspaces"

// managed adds the components of Resource Manager.
func (t *telemetryStores) managed(b *componentBook) error {
	if t.e.Manager == nil {
		return nil // the house is being built
	}
	all, err := t.e.Manager.All(resource.Components)
	if err != nil || len(all) == 0 {
		return err
	}
	spaces, err := t.e.Manager.All(workspaces)
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for _, w := range spaces {
		ids[strings.ToLower(w.ID.String())] = w.Body.Text("properties", "customerId")
	}
	usual := config.Component{}
	for _, c := range all {
		p := c.Body
		f := componentFacts{name: c.ID.Name(), id: c.ID.String(), age: usual.Kept(), size: usual.Size()}
		f.AppID, f.Key = p.Text("properties", "AppId"), p.Text("properties", "InstrumentationKey")
		f.DisableLocalAuth, _ = p.Get("properties", "DisableLocalAuth").(bool)
		f.place = strings.ToLower(strings.ReplaceAll(p.Text("location"), " ", ""))
		f.workspace = ids[strings.ToLower(p.Text("properties", "WorkspaceResourceId"))]
		if days, err := strconv.Atoi(number(p.Get("properties", "RetentionInDays"))); err == nil && days > 0 {
			f.age = time.Duration(days) * 24 * time.Hour
		}
		b.add(f)
	}
	return nil
}

// queryHosts are where all components are asked, and where telemetry goes that says no
// place.
var queryHosts = []string{
	"api.applicationinsights.io", "api.loganalytics.io", "api.loganalytics.azure.com", "dc.services.visualstudio.com", "rt.services.visualstudio.com",
}

// The host names in connection strings of Resource Manager, around a location.
const (
	ingestionDomain = "-0.in.applicationinsights.azure.com"
	liveDomain      = ".livediagnostics.monitor.azure.com"
)

// hosts are Azure's own names that mean this service under lazuli exec.
func (t *telemetryStores) hosts() []string {
	if t == nil {
		return nil
	}
	all := slices.Clone(queryHosts)
	places := []string{armLocation}
	if b, err := t.book(); err == nil {
		for _, f := range b.facts {
			if f.place != "" && !slices.Contains(places, f.place) {
				places = append(places, f.place)
			}
		}
	}
	for _, place := range places {
		all = append(all, place+ingestionDomain, place+liveDomain)
	}
	return all
}

// has reports whether a host name is one of Application Insights, in whatever location.
func (t *telemetryStores) has(name string) bool {
	return t != nil && (strings.HasSuffix(name, ingestionDomain) || strings.HasSuffix(name, liveDomain) || slices.Contains(queryHosts, name))
}

// number is a JSON number's text.
func number(v any) string {
	if n, ok := v.(interface{ String() string }); ok {
		return n.String()
	}
	return ""
}
