package azcli

import (
	"strings"
)

// spoken is the az that the stand-in speaks as: tools ask `az version` before they
// ask for tokens, and refuse what is too old.
const spoken = "2.91.0"

// accountTable is what tables show of subscriptions.
const accountTable = "[].{Name:name,CloudName:cloudName,SubscriptionId:id,TenantId:tenantId,State:state,IsDefault:isDefault}"

func accountCommands() []command {
	return []command{
		{words: "version", run: func(*call) (any, error) {
			return map[string]any{"azure-cli": spoken, "azure-cli-core": spoken, "azure-cli-telemetry": "1.1.0", "extensions": map[string]any{}, "lazuli": "a stand-in for az"}, nil
		}},
		{
			words: "login", table: strings.ReplaceAll(accountTable, "cloudName", "environmentName"),
			flags: "service-principal? username/u password/p tenant/t identity/i? use-device-code? client-id object-id resource-id allow-no-subscriptions? federated-token certificate scope",
			run:   login,
		},
		{words: "logout", flags: "username", run: func(*call) (any, error) { return nil, nil }},
		{words: "account show", flags: "name/n", run: func(k *call) (any, error) { return account(k, "environmentName") }},
		{words: "account set", flags: "name/n", run: func(k *call) (any, error) { return nil, k.ours(k.given["name"]) }},
		{words: "account list", flags: "all? refresh?", table: accountTable, run: func(k *call) (any, error) {
			one, err := account(k, "cloudName")
			return []any{one}, err
		}},
		{words: "account get-access-token", flags: "resource resource-type scope+ tenant/t name/n", run: accessToken},
	}
}

// login signs nobody in: whoever runs the program is the developer. Other people and
// applications are real az's matter, since a script that means them would be answered
// as somebody else.
func login(k *call) (any, error) {
	if k.is("service-principal") || k.text("username") != "" || k.text("federated-token") != "" {
		return nil, failed("This stand-in for az is always the developer of the project. To sign in as an application or a person, install az (`pip install azure-cli`), or set AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID for the SDKs.")
	}
	one, err := account(k, "environmentName")
	return []any{one}, err
}

func account(k *call, cloud string) (map[string]any, error) {
	if err := k.ours(k.given["name"]); err != nil {
		return nil, err
	}
	a, err := k.to()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		cloud: "AzureCloud", "homeTenantId": a.Tenant, "id": a.Subscription, "isDefault": true, "managedByTenants": []any{}, "name": a.Name,
		"state": "Enabled", "tenantId": a.Tenant, "user": map[string]any{"assignedIdentityInfo": "MSI", "name": "systemAssignedIdentity", "type": "servicePrincipal"},
	}, nil
}

// resourceTypes are the short words for resources of get-access-token.
var resourceTypes = map[string]string{
	"arm": "https://management.core.windows.net/", "ms-graph": "https://graph.microsoft.com/", "aad-graph": "https://graph.windows.net/",
	"oss-rdbms": "https://ossrdbms-aad.database.windows.net", "batch": "https://batch.core.windows.net/", "media": "https://rest.media.azure.net",
	"data-lake": "https://datalake.azure.net/",
}

func accessToken(k *call) (any, error) {
	if err := k.ours(k.given["name"]); err != nil {
		return nil, err
	}
	a, err := k.to()
	if err != nil {
		return nil, err
	}
	if t := k.text("tenant"); t != "" && !strings.EqualFold(t, a.Tenant) {
		return nil, failed("The tenant '%s' is not this project's, which is %s.", t, a.Tenant)
	}
	resource := "https://management.core.windows.net/"
	switch {
	case k.text("scope") != "":
		resource = strings.TrimSuffix(k.text("scope"), "/.default")
	case k.text("resource") != "":
		resource = k.text("resource")
	case k.text("resource-type") != "":
		if resource = resourceTypes[k.text("resource-type")]; resource == "" {
			return nil, usage("argument --resource-type: invalid choice: '%s'", k.text("resource-type"))
		}
	}
	token, expires, err := a.Token(k.ctx, resource)
	if err != nil {
		return nil, failed("No token for %s: %s", resource, err)
	}
	out := map[string]any{
		"accessToken": token, "expiresOn": expires.Local().Format("2006-01-02 15:04:05") + ".000000", "expires_on": expires.Unix(),
		"tenant": a.Tenant, "tokenType": "Bearer",
	}
	if k.text("tenant") == "" {
		out["subscription"] = a.Subscription
	}
	return out, nil
}
