package arm

import (
	"net/http"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
)

func notAllowed(method string) error {
	return engine.Fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The HTTP method '%s' is not supported at this location.", method)
}

func noSuchPlace(e *exchange) error {
	return engine.Fail(http.StatusNotFound, "NotFound", "Nothing is served at '%s %s'.", e.r.Method, e.r.URL.Path)
}

// is reports whether the path has the form: words are compared without case, {} is
// any segment.
func (e *exchange) is(form string) bool {
	want := strings.Split(strings.Trim(form, "/"), "/")
	if len(want) != len(e.path) {
		return false
	}
	for n, w := range want {
		if w != "{}" && !strings.EqualFold(w, e.path[n]) {
			return false
		}
	}
	return true
}

// fixed answers what is no resource: tenants, subscriptions, providers, groups.
func (e *exchange) fixed() (done bool, err error) {
	if strings.EqualFold(e.path[0], "subscriptions") && len(e.path) > 1 && !strings.EqualFold(e.path[1], e.s.Manager.Subscription()) {
		return true, engine.Fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found. This project's is %s.", e.path[1], e.s.Manager.Subscription())
	}
	for _, f := range []struct {
		form string
		do   func() error
	}{
		{"tenants", e.tenants},
		{"subscriptions", e.subscriptions},
		{"subscriptions/{}", e.subscription},
		{"subscriptions/{}/locations", e.locations},
		{"subscriptions/{}/providers", e.providers},
		{"providers", e.providers},
		{"subscriptions/{}/providers/{}", e.provider},
		{"providers/{}", e.provider},
		{"subscriptions/{}/providers/{}/register", e.register},
		{"subscriptions/{}/providers/{}/unregister", e.register},
		{"subscriptions/{}/resourceGroups", e.groups},
		{"subscriptions/{}/resourceGroups/{}", e.group},
		{"subscriptions/{}/resources", e.resources},
		{"subscriptions/{}/tagNames", e.tagNames},
		{"subscriptions/{}/resourceGroups/{}/resources", e.resources},
		{"subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values", e.activity},
		{"subscriptions/{}/providers/{}/locations/{}/operations/{}", e.operation},
		{"subscriptions/{}/providers/{}/locations/{}/operationresults/{}", e.operationResult},
	} {
		if e.is(f.form) {
			return true, f.do()
		}
	}
	if scope, is := e.tagsOf(); is {
		return true, e.tags(scope)
	}
	if strings.EqualFold(e.path[0], "tenants") || strings.EqualFold(e.path[0], "batch") {
		return true, noSuchPlace(e)
	}
	return false, nil
}

func (e *exchange) onlyGet() error {
	if e.r.Method == http.MethodGet || e.r.Method == http.MethodHead {
		return nil
	}
	return notAllowed(e.r.Method)
}

// list answers with a list on one page.
func (e *exchange) list(all []engine.Body) error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	return e.page(all)
}

func (e *exchange) tenants() error {
	t := e.s.Manager.Tenant()
	return e.list([]engine.Body{{
		"id": "/tenants/" + t, "tenantId": t, "countryCode": "", "displayName": e.s.Manager.SubscriptionName(),
		"domains": []string{"lazuli.localhost"}, "defaultDomain": "lazuli.localhost", "tenantCategory": "Home", "tenantType": "AAD",
	}})
}

func (e *exchange) subscriptionBody() engine.Body {
	m := e.s.Manager
	return engine.Body{
		"id": "/subscriptions/" + m.Subscription(), "subscriptionId": m.Subscription(), "tenantId": m.Tenant(),
		"displayName": m.SubscriptionName(), "state": "Enabled", "authorizationSource": "RoleBased", "managedByTenants": []any{},
		"subscriptionPolicies": map[string]any{"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
	}
}

func (e *exchange) subscriptions() error { return e.list([]engine.Body{e.subscriptionBody()}) }

func (e *exchange) subscription() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	return e.write(http.StatusOK, e.subscriptionBody())
}

// someLocations are Azure's that clients may want to show; any other is taken as well.
var someLocations = [][2]string{
	{"koreacentral", "Korea Central"},
	{"koreasouth", "Korea South"},
	{"eastus", "East US"},
	{"eastus2", "East US 2"},
	{"westus2", "West US 2"},
	{"northeurope", "North Europe"},
	{"westeurope", "West Europe"},
	{"japaneast", "Japan East"},
	{"southeastasia", "Southeast Asia"},
}

func (e *exchange) locations() error {
	var all []engine.Body
	for _, l := range someLocations {
		all = append(all, engine.Body{
			"id": "/subscriptions/" + e.s.Manager.Subscription() + "/locations/" + l[0], "name": l[0], "type": "Region", "displayName": l[1],
			"regionalDisplayName": l[1], "metadata": map[string]any{"regionType": "Physical", "regionCategory": "Recommended"},
		})
	}
	return e.list(all)
}

// unserved are namespaces that azurerm registers by default and that have nothing
// here: they count as registered, since it would wait for them.
var unserved = strings.Fields(`Microsoft.AVS Microsoft.ApiManagement Microsoft.App Microsoft.AppConfiguration Microsoft.AppPlatform
Microsoft.Authorization Microsoft.Automation Microsoft.Blueprint Microsoft.BotService Microsoft.Cache Microsoft.Cdn Microsoft.CognitiveServices
Microsoft.Compute Microsoft.ContainerInstance Microsoft.ContainerRegistry Microsoft.ContainerService Microsoft.CostManagement
Microsoft.CustomProviders Microsoft.DBforMariaDB Microsoft.DBforMySQL Microsoft.DBforPostgreSQL Microsoft.DataFactory Microsoft.DataLakeAnalytics
Microsoft.DataLakeStore Microsoft.DataMigration Microsoft.DataProtection Microsoft.Databricks Microsoft.DesktopVirtualization
Microsoft.DevTestLab Microsoft.Devices Microsoft.DocumentDB Microsoft.EventGrid Microsoft.EventHub Microsoft.GuestConfiguration
Microsoft.HDInsight Microsoft.HealthcareApis Microsoft.Insights Microsoft.KeyVault Microsoft.Kusto Microsoft.Logic
Microsoft.MachineLearningServices Microsoft.Maintenance Microsoft.ManagedIdentity Microsoft.ManagedServices Microsoft.Management
Microsoft.Maps Microsoft.MarketplaceOrdering Microsoft.MixedReality Microsoft.Network Microsoft.NotificationHubs
Microsoft.OperationalInsights Microsoft.OperationsManagement Microsoft.PolicyInsights Microsoft.PowerBIDedicated Microsoft.RecoveryServices
Microsoft.Relay Microsoft.Resources Microsoft.Search Microsoft.Security Microsoft.SecurityInsights Microsoft.ServiceBus
Microsoft.ServiceFabric Microsoft.SignalRService Microsoft.Sql Microsoft.Storage Microsoft.StreamAnalytics Microsoft.Web`)

func (e *exchange) providerBody(namespace string) engine.Body {
	var types []any
	for _, t := range e.s.Manager.Types() {
		if p, rest, _ := strings.Cut(t.Name, "/"); strings.EqualFold(p, namespace) {
			namespace = p
			types = append(types, map[string]any{"resourceType": rest, "locations": []any{}, "apiVersions": []string{"2025-01-01"}})
		}
	}
	if types == nil {
		types = []any{}
	}
	return engine.Body{
		"id": "/subscriptions/" + e.s.Manager.Subscription() + "/providers/" + namespace, "namespace": namespace,
		"registrationState": "Registered", "registrationPolicy": "RegistrationRequired", "resourceTypes": types,
	}
}

func (e *exchange) providers() error {
	seen := map[string]bool{}
	var all []engine.Body
	for _, n := range append(e.s.Manager.Namespaces(), unserved...) {
		if !seen[strings.ToLower(n)] {
			seen[strings.ToLower(n)] = true
			all = append(all, e.providerBody(n))
		}
	}
	return e.list(all)
}

func (e *exchange) provider() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	return e.write(http.StatusOK, e.providerBody(e.path[len(e.path)-1]))
}

func (e *exchange) register() error {
	if e.r.Method != http.MethodPost {
		return notAllowed(e.r.Method)
	}
	return e.write(http.StatusOK, e.providerBody(e.path[3]))
}
