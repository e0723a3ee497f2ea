package cli

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// TestByName: port 443 leads to who answers for a name, or nowhere.
func TestByName(t *testing.T) {
	info := instance.Info{
		Addresses: map[string]string{instance.Cosmos: "c", instance.Identity: "i", instance.FunctionsPrefix + "Shop": "f"},
		Accounts: []instance.Account{
			{Type: instance.Sites, Name: "Shop", Hosts: []string{"shop.azurewebsites.net"}, Services: []string{instance.FunctionsPrefix + "Shop"}},
			{Type: instance.CosmosAccounts, Name: "contoso", Hosts: []string{"contoso.documents.azure.com"}, Services: []string{instance.Cosmos}},
			{Type: instance.Namespaces, Name: "contoso", Hosts: []string{"contoso.servicebus.windows.net"}, Services: []string{instance.AMQPS}},
		},
	}
	for name, want := range map[string]string{
		"": "c", "contoso.documents.azure.com": "c", "login.microsoftonline.com": "i", "management.azure.com": "i", "Graph.microsoft.com": "i", "shop.azurewebsites.net": "f",
		"other.azurewebsites.net": "", "contoso.servicebus.windows.net": "", "example.org": "",
	} {
		if got := byName(info, name); got != want {
			t.Errorf("%q leads to %q, want %q", name, got, want)
		}
	}
}
