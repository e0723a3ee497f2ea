package app

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

const keyComponent = "shop-insights"

// insightsKeys are those of Application Insights.
func insightsKeys() map[string]keyCase {
	section := func(body string) string { return "applicationInsights: {" + body + "}" }
	all := map[string]keyCase{
		"applicationInsights.retention": {yaml: section("retention: 12h"), want: "12h0m0s", probe: func(r *rig) string { return fmt.Sprint(r.component().age) }},
		"applicationInsights.sizeMiB":   {yaml: section("sizeMiB: 7"), want: "7340032", probe: func(r *rig) string { return fmt.Sprint(r.component().size) }},
		"applicationInsights.disableLocalAuth": {yaml: section("disableLocalAuth: true"), want: "401", probe: func(r *rig) string {
			code, _ := r.call(http.MethodPost, r.url(instance.Insights)+"/v2.1/track", envelopeFor(r.component().Key, "EventData", `"name":"x"`))
			return fmt.Sprint(code)
		}},
	}
	for k, c := range named(all, "applicationInsights", "components", keyComponent, "retention", "sizeMiB", "disableLocalAuth") {
		all[k] = c
	}
	all["applicationInsights.port"] = keyCase{yaml: section("port: PORT"), want: "true", probe: func(r *rig) string {
		return fmt.Sprint(strings.HasSuffix(r.url(instance.Insights), fmt.Sprint(":", r.port)))
	}}
	return all
}

// envelopeFor is telemetry of now, as a client sends it.
func envelopeFor(key, kind, data string) string {
	return fmt.Sprintf(`{"time":%q,"iKey":%q,"data":{"baseType":%q,"baseData":{%s}}}`, time.Now().UTC().Format(time.RFC3339Nano), key, kind, data)
}

// component is the case's component, and what its store was told.
func (r *rig) component() componentFacts {
	name := r.in
	if name == "" {
		name = resource.Default
	}
	b, err := r.app.house.telemetry.look()
	if err != nil {
		r.t.Error(err)
		return componentFacts{}
	}
	for _, f := range b.facts {
		if f.name == name {
			return f
		}
	}
	return componentFacts{}
}
