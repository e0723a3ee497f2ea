package records

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
)

const (
	environmentType = "Microsoft.App/managedEnvironments"
	appType         = "Microsoft.App/containerApps"
)

// containers is Microsoft.App. No container runs.
func containers() arm.Provider {
	secrets := arm.Action(func(_ context.Context, c *arm.Call) (arm.Answer, error) {
		b, _ := c.Manager.Body(c.ID)
		all := []any{}
		for _, s := range b.Objects("properties", "configuration", "secrets") {
			shown := maps.Clone(map[string]any(s))
			// A secret with a key vault's address, be it empty, has no value for the provider.
			maps.DeleteFunc(shown, func(_ string, v any) bool { return v == "" })
			all = append(all, shown)
		}
		return arm.Answer{Body: map[string]any{"value": all}}, nil
	})
	return arm.Provider{Types: []arm.Type{
		{
			Name: environmentType, Tracked: true, Long: true,
			Put: defaults([]value{
				{"properties.zoneRedundant", false},
				{"properties.staticIp", "10.0.0.10"},
				{"properties.peerAuthentication.mtls.enabled", false},
				{"properties.peerTrafficConfiguration.encryption.enabled", false},
				{"properties.publicNetworkAccess", "Enabled"},
			}, func(c *arm.Call) {
				c.Body.Default(map[string]any{}, "properties", "customDomainConfiguration")
				c.Body.Default(fmt.Sprintf("%s.%s.azurecontainerapps.io", strings.ToLower(c.ID.Name()), strings.ToLower(c.Body.Text("location"))), "properties", "defaultDomain")
			}),
		},
		{Name: appType, Tracked: true, Long: true, Put: putApp, Actions: map[string]arm.Action{"listSecrets": secrets}},
		{Name: "Microsoft.App/jobs", Tracked: true, Long: true, Put: putJob, Actions: map[string]arm.Action{"listSecrets": secrets}},
	}}
}

// putApp keeps a container app with the addresses that it would have.
func putApp(_ context.Context, c *arm.Call) error {
	b := c.Body
	environment, err := environmentOf(c)
	if err != nil {
		return err
	}
	host := strings.ToLower(c.ID.Name()) + "." + environment.Text("properties", "defaultDomain")
	b.Default(strings.ToLower(c.ID.Name())+"--0000001", "properties", "latestRevisionName")
	b.Default(b.Text("properties", "latestRevisionName"), "properties", "latestReadyRevisionName")
	if ingress := b.Object("properties", "configuration", "ingress"); len(ingress) > 0 {
		b.Set(host, "properties", "configuration", "ingress", "fqdn")
		b.Set(host, "properties", "latestRevisionFqdn")
	}
	b.Set(b.Text("properties", "managedEnvironmentId"), "properties", "environmentId")
	b.Default([]any{}, "properties", "outboundIpAddresses")
	b.Default("Running", "properties", "runningStatus")
	return nil
}

func putJob(_ context.Context, c *arm.Call) error {
	if _, err := environmentOf(c); err != nil {
		return err
	}
	c.Body.Default([]any{}, "properties", "outboundIpAddresses")
	return nil
}

// environmentOf is the environment that an app or job is to run in.
func environmentOf(c *arm.Call) (arm.Body, error) {
	text := c.Body.Text("properties", "managedEnvironmentId")
	if text == "" {
		text = c.Body.Text("properties", "environmentId")
	}
	id, err := arm.ParseID(text)
	if err != nil {
		return nil, arm.Fail(http.StatusBadRequest, "InvalidParameterValueInContainerTemplate", "properties.managedEnvironmentId %q is no id of an environment.", text)
	}
	b, found := c.Manager.Body(id)
	if !found {
		return nil, arm.Fail(http.StatusBadRequest, "ManagedEnvironmentNotFound", "The environment '%s' is not found.", id)
	}
	return b, nil
}
