package connect

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// Identity are the variables by which DefaultAzureCredential of every SDK gets
// its tokens from the instance, as a managed identity in App Service does; none
// where the instance has no identity service.
func Identity(info instance.Info) []Variable {
	address := info.Addresses[instance.Identity]
	if address == "" {
		return nil
	}
	const note = "tokens of the signed-in developer, as a managed identity's"
	return []Variable{
		{"IDENTITY_ENDPOINT", "http://" + strings.Replace(Host(address, ""), "localhost", "127.0.0.1", 1) + "/msi/token", note},
		{"IDENTITY_HEADER", info.Tokens[instance.Identity], note},
	}
}

// Manage are the variables by which OpenTofu and Terraform reach Resource Manager, as
// who runs the project: their provider asks for tokens as on a virtual machine. None
// where it is off.
func Manage(info instance.Info) []Variable {
	address := info.Addresses[instance.Identity]
	if address == "" || info.Subscription == "" {
		return nil
	}
	const note = "for OpenTofu and Terraform: this project's Resource Manager"
	local := strings.Replace(Host(address, ""), "localhost", "127.0.0.1", 1)
	all := []Variable{
		{"ARM_METADATA_HOSTNAME", Host(address, ""), note},
		{"ARM_SUBSCRIPTION_ID", info.Subscription, note},
		{"ARM_TENANT_ID", info.Tenant, note},
		{"AZURE_SUBSCRIPTION_ID", info.Subscription, "for the management SDKs, as their samples read it"},
	}
	if strings.HasPrefix(local, "127.0.0.1:") { // others are given no tokens without a secret
		all = append(all, Variable{"ARM_USE_MSI", "true", note}, Variable{"ARM_MSI_ENDPOINT", "http://" + local + "/metadata/identity/oauth2/token", note})
	}
	return all
}

// Stray are the variables of an environment (get is os.Getenv) that would lead
// DefaultAzureCredential past the identity that Identity names: it asks for
// credentials of an application or a workload first. tenantOurs says that
// AZURE_TENANT_ID is the instance's: those credentials are for it.
func Stray(get func(string) string, tenantOurs bool) []string {
	var stray []string
	add := func(names ...string) {
		for _, name := range names {
			if get(name) != "" {
				stray = append(stray, name)
			}
		}
	}
	add("IDENTITY_SERVER_THUMBPRINT") // of Service Fabric
	if chosen := get("AZURE_TOKEN_CREDENTIALS"); chosen != "" && !strings.EqualFold(chosen, "prod") && !strings.EqualFold(chosen, "ManagedIdentityCredential") {
		add("AZURE_TOKEN_CREDENTIALS")
	}
	if tenantOurs || get("AZURE_AUTHORITY_HOST") != "" {
		return stray // they are for an issuer that was named
	}
	proofs := len(stray)
	add("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD", "AZURE_FEDERATED_TOKEN_FILE")
	if len(stray) > proofs {
		add("AZURE_CLIENT_ID") // the application's; alone it names a user-assigned identity
	}
	return stray
}
