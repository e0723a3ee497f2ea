// Package apim is Microsoft.ApiManagement in Resource Manager: services with their
// APIs, operations, policies, products, subscriptions, named values, backends,
// fragments and loggers. They are the gateway engine's: what is put answers calls at
// once, and what lazuli.yaml declares is shown as well.
//
// Left out, and refused by name: APIs that are no HTTP APIs, documents that are
// fetched from elsewhere, values and certificates from a key vault, virtual networks and
// host names of one's own. Groups, tags and the settings of the developer portal are
// records: there is no developer portal.
package apim

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config configures New.
type Config struct {
	Accounts arm.Accounts
	Engine   *gateway.Engine
	People   arm.People
	// Opened is called before a service is answered for: its port is open then.
	Opened func() error
}

type provider struct{ Config }

// New is the provider.
func New(c Config) arm.Provider {
	p := provider{c}
	return arm.Provider{
		Types: slices.Concat([]arm.Type{p.service()}, p.apis(), p.products(), p.around(), []arm.Type{p.certificate(), p.schema()}, p.policies(), settings()),
		Routes: []arm.Route{
			{Method: http.MethodPost, Path: "Microsoft.ApiManagement/checkNameAvailability", Do: p.Accounts.Free(resource.Gateways, "service")},
			{Method: http.MethodGet, Path: "Microsoft.ApiManagement/deletedservices", Do: p.listDeleted},
			{Method: http.MethodGet, Path: deletedPath, Do: p.getDeleted},
			{Method: http.MethodDelete, Path: deletedPath, Do: p.purge},
		},
	}
}

var serviceNames = regexp.MustCompile(`^[a-zA-Z]([-a-zA-Z0-9]{0,48}[a-zA-Z0-9])?$`)

func serviceName(name string) error {
	if serviceNames.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "BadRequest", "The service name '%s' is invalid: it has 1 to 50 letters, digits and hyphens, begins with a letter and does not end with a hyphen.", name)
}

const consumption = "Consumption"

// tiers are the names of skus; those with a capacity of none are Consumption alone.
var tiers = []string{consumption, "Developer", "Basic", "Standard", "Premium", "BasicV2", "StandardV2", "PremiumV2", "Isolated"}

func (p provider) service() arm.Type {
	return arm.Type{
		Name: resource.Gateways, Tracked: true, Long: true, Named: serviceName,
		Put: p.putService, Get: p.getService, Delete: p.deleteService,
		List: func(_ context.Context, c *arm.Call) ([]arm.ID, error) {
			return p.Accounts.List(c, resource.Gateways), nil
		},
		Refuse: []arm.Refusal{
			{Path: "properties.virtualNetworkType", Unless: []any{"None"}, Why: "gateways are in no virtual network here"},
			{Path: "properties.additionalLocations", Unless: []any{[]any{}}, Why: "there is one region here"},
			{Path: "properties.disableGateway", Unless: []any{false}, Why: "a gateway that is made answers here"},
			{Path: "properties.publicNetworkAccess", Unless: []any{"Enabled"}, Why: "gateways have no access rules here; use the policy ip-filter"},
		},
		Actions: map[string]arm.Action{"getssotoken": noPortal},
	}
}

func noPortal(context.Context, *arm.Call) (arm.Answer, error) {
	return arm.Answer{}, arm.Fail(http.StatusNotImplemented, "NotSupported", "There is no developer portal in Lazuli; its own portal has the page Gateway.")
}

func (p provider) putService(ctx context.Context, c *arm.Call) error {
	b := c.Body
	if err := p.restore(c); err != nil {
		return err
	}
	tier := b.Text("sku", "name")
	if !slices.Contains(tiers, tier) {
		return invalid("sku", "The sku '%s' is not one of %s.", tier, strings.Join(tiers, ", "))
	}
	if tier == consumption {
		b.Set(0, "sku", "capacity")
	} else {
		b.Default(1, "sku", "capacity")
	}
	for _, needed := range []string{"publisherName", "publisherEmail"} {
		if b.Text("properties", needed) == "" {
			return invalid(needed, "The property '%s' must not be empty.", needed)
		}
	}
	account, err := p.Accounts.Declare(c.ID, resource.Gateways, "ServiceAlreadyExists", func(old json.RawMessage) (json.RawMessage, error) {
		return old, nil
	})
	if err != nil {
		return err
	}
	own := false
	for _, h := range b.Objects("properties", "hostnameConfigurations") {
		own = own || !strings.EqualFold(h.Text("hostName"), p.host(account))
	}
	if own {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The property 'properties.hostnameConfigurations' is not served by Lazuli: a gateway has the host name %s and no other.", p.host(account))
	}
	s, err := p.Engine.Service(account.ID, account.Name)
	if err != nil {
		return err
	}
	if err := p.putClientTLS(ctx, c, s); err != nil {
		return err
	}
	if p.Opened != nil {
		if err := p.Opened(); err != nil {
			return err
		}
	}
	if _, err := arm.Assign(c, p.People, identity.Resource, PrincipalName(account)); err != nil {
		return err
	}
	c.Keep(arm.Now, "properties", "createdAtUtc")
	return c.Manager.Drop(p.deletedID(c))
}

// PrincipalName is what the principal of a service's own identity is called.
func PrincipalName(a resource.Account) string { return resource.Gateways + "/" + a.Name }

func (p provider) host(a resource.Account) string {
	return strings.ToLower(a.Name) + ".azure-api.net"
}

func (p provider) getService(_ context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	b, name := c.Body, strings.ToLower(account.Name)
	var callers gateway.ClientTLS
	if s, err := p.Engine.Service(account.ID, account.Name); err == nil {
		callers, _ = s.ClientTLS().Get(gateway.ClientTLSName)
	}
	b.Default("Consumption", "sku", "name")
	b.Default(0, "sku", "capacity")
	for path, v := range map[string]any{
		"publisherName": "Lazuli", "publisherEmail": "lazuli@localhost", "notificationSenderEmail": "apimgmt-noreply@mail.windowsazure.com",
		"customProperties": map[string]any{}, "createdAtUtc": "2026-01-01T00:00:00Z",
	} {
		b.Default(v, "properties", path)
	}
	for path, v := range map[string]any{
		"gatewayUrl": "https://" + p.host(account), "gatewayRegionalUrl": "", "portalUrl": "https://" + name + ".portal.azure-api.net",
		"developerPortalUrl": "https://" + name + ".developer.azure-api.net", "managementApiUrl": "https://" + name + ".management.azure-api.net",
		"scmUrl": "https://" + name + ".scm.azure-api.net", "virtualNetworkType": "None", "publicNetworkAccess": "Enabled", "targetProvisioningState": "",
		"hostnameConfigurations": []any{map[string]any{
			"type": "Proxy", "hostName": p.host(account), "defaultSslBinding": true, "negotiateClientCertificate": callers.Negotiate, "certificateSource": "BuiltIn",
		}},
	} {
		b.Set(v, "properties", path)
	}
	return nil
}

func (p provider) deleteService(ctx context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	if p.Accounts.MayGo != nil {
		if err := p.Accounts.MayGo(account); err != nil {
			return err
		}
	}
	if err := p.Engine.DeleteService(ctx, account.ID); err != nil {
		return err
	}
	if err := p.People.Forget(identity.Resource, PrincipalName(account)); err != nil {
		return err
	}
	if err := p.Accounts.Remove(ctx, c.ID); err != nil {
		return err
	}
	return p.remember(c)
}

// of is the gateway that an id is in.
func (p provider) of(id arm.ID) (*gateway.Service, error) {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return nil, err
	}
	return p.Engine.Service(account.ID, account.Name)
}

// invalid is a refusal as the service words it: which property, and why.
func invalid(target, format string, args ...any) error {
	f := arm.Fail(http.StatusBadRequest, "ValidationError", "One or more fields contain incorrect values:")
	f.Details = []arm.Detail{{Code: "ValidationError", Target: target, Message: arm.Fail(0, "", format, args...).Message}}
	return f
}
